/* SPDX-License-Identifier: MIT */
#include "admit.h"

/* The canonical name that the worker will give the item. */
static enum event_kind kind_of(const struct envelope_item *item)
{
	static const enum event_kind kinds[] = {
		[EVENT_TRACK] = EVENT_CUSTOM,
		[EVENT_IDENTIFY] = EVENT_CUSTOMER_IDENTIFIED,
		[EVENT_PAGE] = EVENT_PAGE_VIEWED,
		[EVENT_SCREEN] = EVENT_SCREEN_VIEWED,
		[EVENT_GROUP] = EVENT_CUSTOMER_GROUPED,
		[EVENT_ALIAS] = EVENT_CUSTOMER_ALIASED,
	};

	return item->type == EVENT_TRACK ? vocab_kind(item->event) : kinds[item->type];
}

static void refuse(const struct call *c, struct envelope *e, struct envelope_item *item,
	enum envelope_code code, struct span words)
{
	const char *at = item->raw.ptr, *body = c->body.ptr;

	item->fault =
		(struct envelope_fault){.code = code, .field = ENVELOPE_EVENT, .words = words};
	if (body && at >= body && at < body + c->body.len)
		item->fault.offset = (size_t)(at - body);
	e->n_refused++;
}

static int check_plan(struct call *c, struct envelope *e, struct envelope_item *item)
{
	bool traits = item->type == EVENT_IDENTIFY || item->type == EVENT_GROUP;
	struct span name = item->type == EVENT_TRACK ? item->event : vocab_name(kind_of(item));
	struct intake *in = c->in;
	enum tracking_verdict verdict;
	struct json_schema_fault fault;
	char words[512];
	int r = tracking_plan_check(
		in->plan, name, traits ? item->traits : item->properties, &fault, &verdict);

	if (r < 0 || verdict == TRACKING_VERDICT_NONE)
		return r;
	if (verdict == TRACKING_VERDICT_WARN) {
		reasons_count(&in->reasons, REASONS_PLAN, c->key->name, "warned");
		return 0;
	}
	reasons_count(&in->reasons, REASONS_PLAN, c->key->name, "refused");
	(void)snprintf(words, sizeof(words), "the event breaks the tracking plan: %s%s %s",
		traits ? "traits" : "properties", fault.instance, fault.message);
	refuse(c, e, item, ENVELOPE_SCHEMA, arena_copy(&in->arena, span_str(words)));
	return item->fault.words.ptr ? 0 : -ENOMEM;
}

int admit(struct call *c, struct envelope *e)
{
	bool trusted = c->key->rights & WRITE_KEY_PRIVILEGED;
	int r = 0;

	if (trusted && !c->in->plan)
		return 0;
	for (size_t i = 0; i < e->n_items && r == 0; i++) {
		struct envelope_item *item = &e->items[i];

		if (item->fault.code != ENVELOPE_ACCEPTED || item->is_watermark)
			continue;
		if (!trusted && (vocab_flags(kind_of(item)) & VOCAB_PRIVILEGED))
			refuse(c, e, item, ENVELOPE_NOT_ALLOWED, SPAN_EMPTY);
		else if (c->in->plan)
			r = check_plan(c, e, item);
	}
	return r;
}
