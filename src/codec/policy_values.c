/* SPDX-License-Identifier: MIT */
/* The values of a policy: hours of the day, shares, money, days of the year, lists of words. */
#include "policy_reader.h"

#define HOURS_FORM "\"21:00-08:00\""

bool policy_is_empty(struct rule_reader *r, const struct file_place *p, enum json_type type)
{
	struct file_walk walk;
	struct file_place item;

	file_walk_init(&walk, p);
	return p->value.type == type && !rule_walk_next(r, &walk, &item);
}

bool policy_each(struct rule_reader *r, const struct file_place *p, const struct policy_form *form,
	void *target)
{
	struct file_walk walk;
	struct file_place item;

	file_walk_init(&walk, p);
	while (p->value.type == form->type && rule_walk_next(r, &walk, &item)) {
		if (walk.index > form->max) {
			rule_problem_add(r, p, "these may be at most %zu", form->max);
			return false;
		}
		form->read(r, &item, target);
	}
	if (p->value.type == form->type && walk.index > 0)
		return !r->oom;
	rule_problem_add(r, p, "this is %s of at least one, such as %s",
		form->type == JSON_TYPE_ARRAY ? "a list" : "an object", form->what);
	return false;
}

/* `08:00` at AT; 24:00 is the end of a day. */
static bool minutes_at(struct span s, size_t at, int16_t *ret)
{
	uint64_t hour, minute;

	if (s.ptr[at + 2] != ':' || span_to_u64(span_of(s.ptr + at, 2), 24, &hour) != 0 ||
		span_to_u64(span_of(s.ptr + at + 3, 2), 59, &minute) != 0 ||
		(hour == 24 && minute > 0))
		return false;
	*ret = (int16_t)(hour * 60 + minute);
	return true;
}

bool policy_read_hours(struct rule_reader *r, const struct file_place *p, struct day_hours *ret)
{
	struct span s = p->value.type == JSON_TYPE_STRING ? json_content(&p->value) : SPAN_EMPTY;
	struct day_hours h;

	if (s.len != 11 || s.ptr[5] != '-' || !minutes_at(s, 0, &h.from) ||
		!minutes_at(s, 6, &h.to) || h.from == POLICY_MINUTES_DAY) {
		rule_problem_add(r, p,
			"these are hours of a local day from 00:00 to 24:00, in "
			"quotes: " HOURS_FORM);
		return false;
	}
	if (h.from == h.to || (h.from == 0 && h.to == POLICY_MINUTES_DAY)) {
		rule_problem_add(r, p,
			"these hours are %s; leave them out or write others, such as " HOURS_FORM,
			h.from == h.to ? "empty" : "the whole day");
		return false;
	}
	*ret = h;
	return true;
}

bool policy_read_share(struct rule_reader *r, const struct file_place *p, uint32_t *ret_share)
{
	struct decimal d;
	int64_t n;

	if (p->value.type == JSON_TYPE_NUMBER && decimal_parse(p->value.raw, &d) == 0) {
		d.exponent += d.mantissa ? 4 : 0;
		if (decimal_to_int(d, &n) == 0 && n >= 0 && n <= SHARE_WHOLE) {
			*ret_share = (uint32_t)n;
			return true;
		}
	}
	rule_problem_add(
		r, p, "this must be a share from 0 to 1 with at most 4 places, such as 0.05");
	return false;
}

bool policy_read_money(struct rule_reader *r, const struct file_place *p, struct decimal *ret)
{
	struct decimal d;

	if (p->value.type != JSON_TYPE_NUMBER || decimal_parse(p->value.raw, &d) != 0 ||
		d.mantissa < 0) {
		rule_problem_add(
			r, p, "this must be a number not below 0, without quotes, such as 2000");
		return false;
	}
	*ret = d;
	return true;
}

/* ---- lists of words -------------------------------------------------------------------- */

struct words {
	const char *const *list;
	unsigned mask;
	bool bad;
};

static void read_word(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct words *w = target;
	size_t choice;

	if (!rule_read_choice(r, p, w->list, &choice)) {
		w->bad = true;
		return;
	}
	if (w->mask & 1U << choice) {
		rule_problem_add(r, p, "this stands in the list before");
		w->bad = true;
	}
	w->mask |= 1U << choice;
}

static bool read_words(struct rule_reader *r, const struct file_place *p, const char *const *list,
	const char *what, unsigned *ret_mask)
{
	struct words w = {.list = list};

	if (!policy_each(
		    r, p, &(const struct policy_form){JSON_TYPE_ARRAY, 32, what, read_word}, &w) ||
		w.bad)
		return false;
	*ret_mask = w.mask;
	return true;
}

bool policy_read_channels(struct rule_reader *r, const struct file_place *p, unsigned *ret_mask)
{
	static const char *const words[] = {
#define X(ID, NAME) [JOB_CHANNEL_##ID] = (NAME),
		JOB_CHANNELS(X)
#undef X
			NULL};

	return read_words(r, p, words, "[\"sms\", \"call\"]", ret_mask);
}

bool policy_read_classes(struct rule_reader *r, const struct file_place *p, unsigned *ret_mask)
{
	static const char *const words[] = {[RULE_MARKETING] = "marketing",
		[RULE_SERVICE] = "service",
		[RULE_TASK] = "task",
		NULL};

	return read_words(r, p, words, "[\"marketing\"]", ret_mask);
}

/* ---- days ------------------------------------------------------------------------------ */

static bool number_at(struct span s, size_t at, size_t len, int64_t max, int64_t *ret)
{
	uint64_t n;

	if (at + len > s.len || span_to_u64(span_of(s.ptr + at, len), (uint64_t)max, &n) != 0)
		return false;
	*ret = (int64_t)n;
	return true;
}

static bool easter_of(struct span s, struct holiday *ret)
{
	struct span word = SPAN_LIT("easter");
	bool minus;
	int64_t n = 0;

	if (!span_starts(s, word))
		return false;
	assert(s.ptr);
	s = span_of(s.ptr + word.len, s.len - word.len);
	minus = s.len > 0 && s.ptr[0] == '-';
	if (s.len > 0 && ((!minus && s.ptr[0] != '+') || !number_at(s, 1, s.len - 1, 100, &n)))
		return false;
	*ret = (struct holiday){.easter = (int16_t)(minus ? -n : n)};
	return true;
}

/* `12-25`, `2026-12-24`. */
static bool date_of(struct span s, struct holiday *ret)
{
	int64_t year = 0, month, day;

	if (s.len == 10) {
		if (s.ptr[4] != '-' || !number_at(s, 0, 4, 9999, &year) || year == 0)
			return false;
		s = span_of(s.ptr + 5, 5);
	}
	if (s.len != 5 || s.ptr[2] != '-' || !number_at(s, 0, 2, 12, &month) ||
		!number_at(s, 3, 2, 31, &day) || month == 0 || day == 0 ||
		day > civil_days_in_month(year ? (int32_t)year : 2000, (int32_t)month))
		return false;
	*ret = (struct holiday){(int16_t)year, (int8_t)month, (int8_t)day, 0};
	return true;
}

struct days {
	struct holiday list[POLICY_DAYS_MAX];
	size_t n;
};

static void read_day(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct span s = p->value.type == JSON_TYPE_STRING ? json_content(&p->value) : SPAN_EMPTY;
	struct days *days = target;

	if (easter_of(s, &days->list[days->n]) || date_of(s, &days->list[days->n]))
		days->n++;
	else
		rule_problem_add(r, p,
			"this is a day of every year such as \"12-25\", of one year such as "
			"\"2026-12-24\", or one that moves with Easter, such as \"easter+1\"");
}

bool policy_read_holidays(struct rule_reader *r, const struct file_place *p, struct holidays *ret)
{
	struct days days = {.n = 0};

	if (!policy_each(r, p,
		    &(const struct policy_form){JSON_TYPE_ARRAY, POLICY_DAYS_MAX,
			    "[\"12-25\", \"easter+1\"]", read_day},
		    &days))
		return false;
	ret->list = rule_copy_array(r, days.list, days.n, sizeof(days.list[0]));
	ret->n = days.n;
	return !r->oom;
}

void policy_read_description(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct span text;

	(void)target;
	(void)rule_read_text(r, p, RULE_DESCRIPTION_MAX, &text);
}
