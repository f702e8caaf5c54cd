/* SPDX-License-Identifier: MIT */
#include "journey_json_known.h"

static const char *const words[] = {
	[CONSENT_WITHDRAWN] = "withdrawn",
	[CONSENT_SOFT] = "soft",
	[CONSENT_GIVEN] = "given",
};

static const char *const reaches[] = {
	[REACH_OK] = "ok",
	[REACH_NO_ADDRESS] = "no_address",
	[REACH_BOUNCED] = "bounced",
	[REACH_COMPLAINED] = "complained",
	[REACH_NOT_ACTIVE] = "not_active",
};

static const char *const profile_texts[PROFILE_TEXT_COUNT] = {
#define X(ID, NAME) [PROFILE_##ID] = (NAME),
	PROFILE_TEXTS(X)
#undef X
};

static const char *const profile_numbers[PROFILE_NUMBER_COUNT] = {
#define X(ID, NAME) [PROFILE_##ID] = (NAME),
	PROFILE_NUMBERS(X)
#undef X
};

static const char *const profile_times[PROFILE_TIME_COUNT] = {
#define X(ID, NAME) [PROFILE_##ID] = (NAME),
	PROFILE_TIMES(X)
#undef X
};

static const char *const profile_flags[PROFILE_FLAG_COUNT] = {
#define X(ID, NAME) [PROFILE_##ID] = (NAME),
	PROFILE_FLAGS(X)
#undef X
};

static void out_text(struct json_out *o, const char *key, struct text t)
{
	if (t.len)
		json_out_text(o, key, text_span(t));
	else
		json_out_null(o, key);
}

static void out_amount(struct json_out *o, const char *key, const struct amount *a)
{
	if (a && a->at != INT64_MIN)
		json_out_decimal(o, key, a->value);
	else
		json_out_null(o, key);
}

/* ---- baskets and things ------------------------------------------------------------------ */

void json_out_basket(struct json_out *o, const struct basket *b, int64_t emptied_at)
{
	json_out_open(o, "products", '[');
	for (uint32_t i = 0; b && i < b->n_lines; i++) {
		const struct line *l = &b->lines[i];

		if (!line_is_in(l, b, emptied_at))
			continue;
		json_out_open(o, NULL, '{');
		json_out_text(o, "key", text_span(l->key));
		json_out_decimal(o, "quantity", l->quantity);
		json_out_decimal(o, "price", l->price);
		json_out_close(o, '}');
	}
	json_out_close(o, ']');
	out_amount(o, "value", b ? &b->value : NULL);
}

static void out_thing(struct json_out *o, const struct thing *t)
{
	json_out_open(o, NULL, '{');
	json_out_text(o, "kind", thing_kind_name(t->kind));
	json_out_text(o, "id", text_span(t->id));
	json_out_bool(o, "open", thing_is_open(t));
	out_text(o, "about", t->about);
	out_text(o, "status", t->word.text);
	out_amount(o, "value", &t->number);
	json_out_instant(o, "due_at", t->due_at);
	json_out_instant(o, "touched_at", t->touched_at);
	json_out_open(o, "marks", '{');
	for (unsigned i = 0; i < THING_MARKS_MAX; i++) {
		struct span name = thing_mark_name(t->kind, i);
		char key[32];

		if (t->at[i] == TIME_NEVER || name.len == 0 || name.len >= sizeof(key))
			continue;
		memcpy(key, name.ptr, name.len);
		key[name.len] = '\0';
		json_out_instant(o, key, t->at[i]);
	}
	json_out_close(o, '}');
	json_out_close(o, '}');
}

/* ---- what is known ----------------------------------------------------------------------- */

static void out_minutes(struct json_out *o, const char *key, const struct amount *a)
{
	char text[8];
	int64_t n;

	if (a->at == INT64_MIN || decimal_to_int(a->value, &n) != 0 || n < 0 ||
		n >= INT64_C(24) * 60) {
		json_out_null(o, key);
		return;
	}
	(void)snprintf(text, sizeof(text), "%02d:%02d", (int)(n / 60 % 24), (int)(n % 60));
	json_out_text(o, key, span_str(text));
}

/* Numbers that are not numbers to people. */
static void out_number(struct json_out *o, const struct profile *p, unsigned n)
{
	const struct amount *a = &p->numbers[n];
	int64_t ms = TIME_NEVER;

	if (n == PROFILE_QUIET_FROM || n == PROFILE_QUIET_TO) {
		out_minutes(o, profile_numbers[n], a);
	} else if (n == PROFILE_POINTS_EXPIRE) {
		if (a->at == INT64_MIN || decimal_to_int(a->value, &ms) != 0)
			ms = TIME_NEVER;
		json_out_instant(o, profile_numbers[n], ms);
	} else if (n == PROFILE_RECOMMEND && a->at != INT64_MIN) {
		json_out_bool(o, profile_numbers[n], a->value.mantissa > 0);
	} else {
		out_amount(o, profile_numbers[n], a);
	}
}

static void out_profile(struct json_out *o, const struct profile *p)
{
	if (!p) {
		json_out_null(o, "profile");
		return;
	}
	json_out_open(o, "profile", '{');
	for (unsigned i = 0; i < PROFILE_TEXT_COUNT; i++)
		out_text(o, profile_texts[i], p->texts[i].text);
	for (unsigned i = 0; i < PROFILE_NUMBER_COUNT; i++)
		out_number(o, p, i);
	for (unsigned i = 0; i < PROFILE_TIME_COUNT; i++)
		json_out_instant(o, profile_times[i], p->times[i]);
	for (unsigned i = 0; i < PROFILE_FLAG_COUNT; i++)
		json_out_bool(o, profile_flags[i], p->flags >> i & 1);
	json_out_open(o, "channels", '[');
	for (uint32_t i = 0; i < p->n_ranked; i++)
		json_out_text(o, NULL, job_channel_name((enum job_channel)p->ranked[i]));
	json_out_close(o, ']');
	json_out_number(o, "purchase_days", p->n_days);
	json_out_close(o, '}');
}

static void out_date(struct json_out *o, const struct date *d)
{
	json_out_open(o, NULL, '{');
	json_out_text(o, "name", text_span(d->name));
	json_out_number(o, "month", d->month);
	json_out_number(o, "day", d->day);
	if (d->year)
		json_out_number(o, "year", d->year);
	else
		json_out_null(o, "year");
	json_out_instant(o, "said_at", d->said_at);
	json_out_close(o, '}');
}

static void out_consent(struct json_out *o, const struct consent *c)
{
	json_out_open(o, NULL, '{');
	out_text(o, "topic", c->topic);
	if (c->channel < JOB_CHANNEL_COUNT)
		json_out_text(o, "channel", job_channel_name((enum job_channel)c->channel));
	else
		json_out_null(o, "channel");
	json_out_text(o, "word", span_str(words[c->word]));
	json_out_instant(o, "at", c->at);
	out_text(o, "source", c->source);
	if (c->side.len > 0)
		out_text(o, "as", c->side);
	json_out_close(o, '}');
}

/* The reach is that of the channel, and so of the address that is in use. */
static void out_address(
	struct json_out *o, const struct journey *j, const struct address *a, int64_t now)
{
	json_out_open(o, NULL, '{');
	json_out_text(o, "channel", job_channel_name(a->channel));
	out_text(o, "address", a->which);
	json_out_text(o, "reach", span_str(reaches[journey_reach(j, a->channel, now)]));
	json_out_instant(o, "delivered_at", a->delivered_at);
	json_out_instant(o, "hard_bounce_at", a->hard_at);
	json_out_number(o, "soft_bounces", address_soft_row(a, NULL));
	json_out_instant(o, "complained_at", a->complained_at);
	json_out_close(o, '}');
}

void json_out_known(struct json_out *o, const struct journey *j, int64_t now)
{
	json_out_open(o, "things", '[');
	for (size_t i = 0; i < j->n_things; i++)
		out_thing(o, &j->things[i]);
	json_out_close(o, ']');
	out_profile(o, j->profile);
	json_out_open(o, "dates", '[');
	for (size_t i = 0; i < j->n_dates; i++)
		if (!j->dates[i].removed)
			out_date(o, &j->dates[i]);
	json_out_close(o, ']');
	json_out_open(o, "consents", '[');
	for (size_t i = 0; i < j->n_consents; i++)
		out_consent(o, &j->consents[i]);
	json_out_close(o, ']');
	json_out_open(o, "addresses", '[');
	for (size_t i = 0; i < j->n_addresses; i++)
		out_address(o, j, &j->addresses[i], now);
	json_out_close(o, ']');
}
