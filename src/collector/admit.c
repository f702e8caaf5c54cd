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

/*
 * What an event names beside its customer is linked to him only where the source may do that; from
 * others it is left unlinked, whatever the sender meant by it. That is counted: many of them are a
 * mistake in a page, or somebody who tries doors.
 */
static void count_links(struct call *c, const struct envelope_item *item)
{
	const struct identity *id = c->in->identity;
	unsigned rights = write_key_link_rights(c->key);
	uint32_t others = item->named & ~(1U << identity_kind_of(id, item->customer));

	if (rights & LINK_TRUSTED)
		return;
	if (rights & LINK_BROWSER)
		others &= ~id->browser_from;
	if (others)
		reasons_count(&c->in->reasons, REASONS_LINKS, c->key->name, "identifiers");
	else if (item->type == EVENT_ALIAS && !(rights & LINK_BROWSER))
		reasons_count(&c->in->reasons, REASONS_LINKS, c->key->name, "alias");
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
		count_links(c, item);
		if (!trusted && (vocab_flags(kind_of(item)) & VOCAB_PRIVILEGED))
			refuse(c, e, item, ENVELOPE_NOT_ALLOWED, SPAN_EMPTY);
		else if (c->in->plan)
			r = check_plan(c, e, item);
	}
	return r;
}
