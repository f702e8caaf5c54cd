/* SPDX-License-Identifier: MIT */
/* One walk over a job's JSON; each member by a table. */
#include "codec/job_view.h"

#include "base/instant.h"
#include "codec/json_scan.h"

/* Each takes what the walk has passed; what is of another type changes nothing. 0 or -ENOMEM. */
typedef int member_fn(
	struct job_view *v, size_t offset, const struct json_value *value, struct arena *a);

struct member {
	struct span name;
	member_fn *take;
	size_t offset;
};

static int take_text(
	struct job_view *v, size_t offset, const struct json_value *value, struct arena *a)
{
	struct span *text = (struct span *)(void *)((char *)v + offset);

	if (value->type != JSON_TYPE_STRING)
		return 0;
	*text = json_text(value, a);
	return text->ptr ? 0 : -ENOMEM;
}

static int take_number(
	struct job_view *v, size_t offset, const struct json_value *value, struct arena *a)
{
	uint64_t *n = (uint64_t *)(void *)((char *)v + offset);

	(void)a;
	if (value->type == JSON_TYPE_NUMBER)
		(void)span_to_u64(value->raw, UINT32_MAX, n);
	return 0;
}

static int take_instant(
	struct job_view *v, size_t offset, const struct json_value *value, struct arena *a)
{
	int64_t *at = (int64_t *)(void *)((char *)v + offset);

	(void)a;
	if (value->type == JSON_TYPE_STRING && !value->escaped)
		(void)instant_parse(json_content(value), at);
	return 0;
}

/* Money is often sent as a string of digits. */
static bool amount_of(const struct json_value *value, struct decimal *ret_d)
{
	if (value->type == JSON_TYPE_NUMBER)
		return decimal_parse(value->raw, ret_d) == 0;
	return value->type == JSON_TYPE_STRING && !value->escaped &&
	       decimal_parse(json_content(value), ret_d) == 0;
}

static int take_priority(
	struct job_view *v, size_t offset, const struct json_value *value, struct arena *a)
{
	struct json_value key, member;
	struct json_cursor c;

	(void)offset;
	(void)a;
	json_cursor_init(&c, value->raw);
	if (json_object_open(&c) != 0)
		return 0;
	while (json_object_key(&c, &key) == 0 && json_value(&c, &member) == 0) {
		if (json_is(&key, SPAN_LIT("likelihood")))
			(void)amount_of(&member, &v->likelihood);
		else if (json_is(&key, SPAN_LIT("impact")))
			(void)amount_of(&member, &v->impact);
		else if (!json_is(&key, SPAN_LIT("class")) || member.type != JSON_TYPE_STRING)
			continue;
		else if (json_is(&member, SPAN_LIT("high")))
			v->priority = PRIORITY_HIGH;
		else if (json_is(&member, SPAN_LIT("medium")))
			v->priority = PRIORITY_MEDIUM;
	}
	return 0;
}

static int take_fallback(
	struct job_view *v, size_t offset, const struct json_value *value, struct arena *a)
{
	struct json_value key, list, name;
	struct json_cursor c;

	(void)offset;
	(void)a;
	json_cursor_init(&c, value->raw);
	if (json_object_open(&c) != 0 || json_object_key(&c, &key) != 0 ||
		!json_is(&key, SPAN_LIT("tried")) || json_value(&c, &list) != 0)
		return 0;
	json_cursor_init(&c, list.raw);
	if (json_array_open(&c) != 0)
		return 0;
	while (json_array_next(&c) == 0 && json_value(&c, &name) == 0) {
		enum job_channel way = name.type == JSON_TYPE_STRING
					       ? job_channel_of(json_content(&name))
					       : JOB_CHANNEL_COUNT;

		if (way < JOB_CHANNEL_COUNT)
			v->tried |= 1U << way;
	}
	return 0;
}

static int take_data(
	struct job_view *v, size_t offset, const struct json_value *value, struct arena *a)
{
	struct json_value key, member;
	struct json_cursor c;
	bool total = false;

	(void)offset;
	(void)a;
	if (value->type != JSON_TYPE_OBJECT)
		return 0;
	v->data = value->raw;
	json_cursor_init(&c, value->raw);
	if (json_object_open(&c) != 0)
		return 0;
	while (json_object_key(&c, &key) == 0 && json_value(&c, &member) == 0) {
		if (json_is(&key, SPAN_LIT("total")))
			total = amount_of(&member, &v->value) || total;
		else if (json_is(&key, SPAN_LIT("value")) && !total)
			(void)amount_of(&member, &v->value);
	}
	return 0;
}

#define AT(MEMBER) offsetof(struct job_view, MEMBER)
#define NAME(LIT)                                                                                  \
	{                                                                                          \
		(LIT), sizeof(LIT) - 1                                                             \
	}

static const struct member members[] = {
	{NAME("id"), take_text, AT(id)},
	{NAME("rule"), take_text, AT(rule)},
	{NAME("epoch"), take_number, AT(epoch)},
	{NAME("customer"), take_text, AT(customer)},
	{NAME("canonical"), take_text, AT(whose)},
	{NAME("key"), take_text, AT(key)},
	{NAME("episode"), take_number, AT(episode)},
	{NAME("step"), take_text, AT(step)},
	{NAME("class"), take_text, AT(kind)},
	{NAME("channel"), take_text, AT(channel)},
	{NAME("fallback"), take_fallback, 0},
	{NAME("priority"), take_priority, 0},
	{NAME("reason"), take_text, AT(reason)},
	{NAME("armed_at"), take_instant, AT(armed_at)},
	{NAME("deadline"), take_instant, AT(deadline_at)},
	{NAME("fire_at"), take_instant, AT(fire_at)},
	{NAME("not_before"), take_instant, AT(not_before)},
	{NAME("valid_until"), take_instant, AT(valid_until)},
	{NAME("data"), take_data, 0},
};

/* NULL: none of ours. A worker reads every job that it makes, so most names are told by their
 * length alone. */
static const struct member *member_of(const struct json_value *key)
{
	size_t len = json_content(key).len;

	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		if ((members[i].name.len == len || key->escaped) && json_is(key, members[i].name))
			return &members[i];
	return NULL;
}

int job_view_read(struct span json, struct arena *a, struct job_view *ret_view)
{
	struct job_view v = JOB_VIEW_NONE;
	struct json_value key, value;
	struct json_cursor c;
	int r, stored = 0;

	*ret_view = v;
	json_cursor_init(&c, json);
	r = json_object_open(&c);
	while (r == 0 && (r = json_object_key(&c, &key)) == 0) {
		const struct member *m = member_of(&key);

		r = json_value(&c, &value);
		if (m && r == 0 && stored == 0)
			stored = m->take(&v, m->offset, &value, a);
	}
	if (stored < 0)
		return stored;
	if (r != JSON_END || json_finish(&c) != 0)
		return JOB_VIEW_BAD;
	if (v.whose.len == 0)
		v.whose = v.customer;
	*ret_view = v;
	return 0;
}

/* ---- the rank ---------------------------------------------------------------------------- */

#define MILLION	  INT64_C(1000000)
#define VALUE_MAX INT64_C(1000000000000) /* hundredths */

/* D × UNIT, cut to a whole number within 0..MAX. */
static int64_t units_of(struct decimal d, int64_t unit, int64_t max)
{
	__extension__ typedef __int128 wide;
	wide n = (wide)d.mantissa * unit;

	if (d.mantissa <= 0)
		return 0;
	for (int32_t e = d.exponent; e > 0 && n < max; e--)
		n *= 10;
	for (int32_t e = d.exponent; e < 0 && n > 0; e++)
		n /= 10;
	return n > max ? max : (int64_t)n;
}

void job_rank(const struct job_view *v, char out[JOB_RANK_SIZE])
{
	static const char classes[] = {
		[PRIORITY_LOW] = '2', [PRIORITY_MEDIUM] = '1', [PRIORITY_HIGH] = '0'};
	int64_t odds = units_of(v->likelihood, MILLION, MILLION) *
		       units_of(v->impact, MILLION, MILLION) / MILLION;
	/* At most 10^6 × 10^12: thousandths of a hundredth, once divided. */
	int64_t loss = odds * units_of(v->value, 100, VALUE_MAX) / 1000;

	uint64_t behind = (uint64_t)(MILLION * MILLION * 1000 - loss);

	out[0] = classes[v->priority];
	for (size_t i = JOB_RANK_LEN - 1; i > 0; i--, behind /= 10)
		out[i] = (char)('0' + behind % 10);
	out[JOB_RANK_LEN] = '\0';
}
