/* SPDX-License-Identifier: MIT */
/*
 * What a job carries under `data`. Some of it is kept from the moment in which the instance was
 * armed, since the event is gone when the job is made: values of the event, and facts as they were
 * (`ctx.s.NAME`). The rest is asked when the job is made, anew for each step: facts as they are now
 * (`s.NAME`) and what the rule says itself. All of it together has INSTANCE_DATA_MAX bytes; what
 * does not fit is left out, and what is kept comes first.
 */
#include "base/instant.h"

#include "absence_parts.h"

static void add_text(struct buf *out, struct span text)
{
	buf_add_char(out, '"');
	for (size_t n = 0; n < text.len; n++) {
		unsigned char c = (unsigned char)text.ptr[n];

		if (c < 0x20 || c == 0x7f)
			buf_printf(out, "\\u%04x", c);
		else if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else
			buf_add_char(out, (char)c);
	}
	buf_add_char(out, '"');
}

void absence_add_value(struct buf *out, const struct value *v)
{
	char instant[INSTANT_SIZE];

	switch (v->type) {
	case VALUE_FALSE:
	case VALUE_TRUE:
		buf_add_str(out, v->type == VALUE_TRUE ? "true" : "false");
		return;
	case VALUE_NUMBER:
		buf_add_decimal(out, v->number);
		return;
	case VALUE_STRING:
		add_text(out, v->text);
		return;
	case VALUE_INSTANT:
		instant_format(v->at, instant);
		add_text(out, span_str(instant));
		return;
	case VALUE_MISSING:
	case VALUE_NULL:
	case VALUE_OTHER:
	case VALUE_ARRAY:
	case VALUE_OBJECT:
		return;
	}
}

static void add_member(struct buf *out, struct span name, struct span json)
{
	size_t before = out->len ? 1 : 0;

	if (json.len == 0 || out->len + before + name.len + json.len + 3 > INSTANCE_DATA_MAX)
		return;
	if (before)
		buf_add_char(out, ',');
	buf_add_char(out, '"');
	buf_add_span(out, name);
	buf_add_str(out, "\":");
	buf_add_span(out, json);
}

static int add_fact(struct buf *out, const struct rule_data *d, const struct cond_scope *scope)
{
	_cleanup_(buf_release) struct buf json = BUF_INIT;
	struct value v = fact_value(d->field, scope);

	/* JSON already. */
	if (d->field == FACT_RECOMMENDATIONS)
		buf_add_span(&json, v.text);
	else
		absence_add_value(&json, &v);
	add_member(out, d->name, buf_span(&json));
	return buf_failed(&json);
}

int absence_snapshot(const struct turn *t, const struct rule *rule, struct instance *i)
{
	struct cond_scope scope = absence_scope(t, i, SPAN_EMPTY);
	_cleanup_(buf_release) struct buf kept = BUF_INIT;
	int r = 0;

	for (size_t n = 0; n < rule->n_data && r == 0; n++) {
		const struct rule_data *d = &rule->data[n];

		if (d->from == DATA_EVENT)
			add_member(&kept, d->name, event_field(t->event, d->field)->raw);
		else if (d->from == DATA_ARMED)
			r = add_fact(&kept, d, &scope);
	}
	if (r < 0 || buf_failed(&kept) < 0 || text_set(&i->by, absence_by(t)) < 0)
		return -ENOMEM;
	return text_set(&i->data, buf_span(&kept));
}

static void add_number(struct buf *out, struct span name, uint32_t number)
{
	char digits[16];
	int len = snprintf(digits, sizeof(digits), "%u", number);

	add_member(out, name, span_of(digits, (size_t)len));
}

/* What ended the episode before, or was its job, has settled all that was counted until then. */
static size_t counted(const struct turn *t, const struct rule *rule, const struct instance *i)
{
	int64_t after = absence_cancelled_at(t, rule, text_span(i->key));

	for (size_t n = 0; n <= i->n_earlier; n++) {
		struct emission m = absence_emission(i, n);

		if (m.episode != i->episode || m.epoch != i->epoch)
			after = int64_max(after, m.deadline_at);
	}
	return absence_list_counted(rule, i, after);
}

static void add_count(const struct turn *t, const struct rule *rule, const struct instance *i,
	struct span name, struct buf *out)
{
	size_t n = counted(t, rule, i);

	if (n > 0)
		add_number(out, name, (uint32_t)n);
}

int absence_payload(
	const struct turn *t, const struct rule *rule, const struct instance *i, struct decision *d)
{
	struct cond_scope scope = absence_scope(t, i, SPAN_EMPTY);
	_cleanup_(buf_release) struct buf all = BUF_INIT;
	size_t kept = i->data.len;
	int r = 0;

	buf_add_span(&all, text_span(i->data));
	for (size_t n = 0; n < rule->n_data && r == 0; n++) {
		const struct rule_data *one = &rule->data[n];

		if (one->from == DATA_NOW)
			r = add_fact(&all, one, &scope);
		else if (one->from == DATA_GIVEN)
			add_member(&all, one->name, one->given);
		else if (one->from == DATA_COUNT)
			add_count(t, rule, i, one->name, &all);
	}
	if (rule->once_number.len > 0)
		add_number(&all, rule->once_number, absence_told(t, rule, i));
	if (r < 0 || buf_failed(&all) < 0)
		return -ENOMEM;
	if (all.len == kept)
		return 0;
	d->data = absence_keep(t, buf_span(&all));
	return d->data.ptr ? 0 : -ENOMEM;
}
