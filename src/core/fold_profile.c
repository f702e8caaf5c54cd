/* SPDX-License-Identifier: MIT */
/* News of what a customer tells of themselves: preferences, dates, ratings; of loyalty and of
 * purchases. */
#include "base/instant.h"

#include "fold.h"

int fold_time(struct journey *j, const struct event *e, enum profile_time n)
{
	struct profile *p = journey_add_profile(j);
	int64_t *at;

	if (!p)
		return -ENOMEM;
	at = &p->times[n];
	if (*at == TIME_NEVER)
		*at = e->occurred_at;
	else if (n == PROFILE_FIRST_ORDER_AT)
		*at = int64_min(*at, e->occurred_at);
	else
		*at = int64_max(*at, e->occurred_at);
	if (n == PROFILE_REFERRED_AT)
		past_say(&j->past, PAST_REFERRED, PAST_GOOD, e->occurred_at);
	return 0;
}

/* ---- purchases --------------------------------------------------------------------------- */

static int32_t day_of(int64_t at)
{
	return (int32_t)(at >= 0 ? at / MS_DAY : -((-at + MS_DAY - 1) / MS_DAY));
}

static int add_day(struct profile *p, int32_t day)
{
	uint32_t n = p->n_days;
	int32_t *list;

	while (n > 0 && p->days[n - 1] > day)
		n--;
	if (n > 0 && p->days[n - 1] == day)
		return 0;
	if (p->n_days == PROFILE_DAYS_MAX) {
		if (n == 0)
			return 0;
		memmove(&p->days[0], &p->days[1], (n - 1) * sizeof(*p->days));
		p->days[n - 1] = day;
		return 0;
	}
	list = realloc(p->days, (p->n_days + 1) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	p->days = list;
	memmove(&list[n + 1], &list[n], (p->n_days - n) * sizeof(*list));
	list[n] = day;
	p->n_days++;
	return 0;
}

int fold_bought(struct journey *j, const struct event *e)
{
	struct span currency = value_id(event_field(e, FIELD_CURRENCY), PROFILE_TEXT_MAX);
	struct span country = value_id(event_detail(e, DETAIL_SHIP_COUNTRY), PROFILE_TEXT_MAX);
	int r = fold_time(j, e, PROFILE_FIRST_ORDER_AT);

	if (r == 0)
		r = fold_time(j, e, PROFILE_LAST_ORDER_AT);
	if (r == 0)
		r = add_day(j->profile, day_of(e->occurred_at));
	if (r == 0 && currency.len > 0)
		r = said_set(&j->profile->texts[PROFILE_CURRENCY], currency, PROFILE_TEXT_MAX,
			e->occurred_at);
	if (country.len != 2)
		country = value_id(event_detail(e, DETAIL_SHIP_COUNTRY_TOO), PROFILE_TEXT_MAX);
	if (r == 0 && country.len == 2)
		r = said_set(&j->profile->texts[PROFILE_SHIP_COUNTRY], country, PROFILE_TEXT_MAX,
			e->occurred_at);
	return r;
}

/* ---- ratings ----------------------------------------------------------------------------- */

/* In order of time, then of percent; when full the earliest goes. */
static int add_rating(struct profile *p, int64_t at, uint32_t percent)
{
	uint32_t n = p->n_ratings;
	struct rating *list = p->ratings;

	while (n > 0 &&
		(list[n - 1].at > at || (list[n - 1].at == at && list[n - 1].percent > percent)))
		n--;
	if (p->n_ratings == PROFILE_RATINGS_MAX) {
		if (n == 0)
			return 0;
		memmove(&list[0], &list[1], (n - 1) * sizeof(*list));
		list[n - 1] = (struct rating){at, percent};
		return 0;
	}
	list = realloc(list, (p->n_ratings + 1) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	p->ratings = list;
	memmove(&list[n + 1], &list[n], (p->n_ratings - n) * sizeof(*list));
	list[n] = (struct rating){at, percent};
	p->n_ratings++;
	return 0;
}

/* The share of the way from LOW to HIGH, in percent; false if D is outside. */
static bool share(struct decimal d, int64_t low, int64_t high, uint32_t *ret_percent)
{
	struct decimal over, hundred;
	int64_t whole;

	if (decimal_compare(d, decimal_from_int(low)) < 0 ||
		decimal_compare(d, decimal_from_int(high)) > 0)
		return false;
	if (decimal_subtract(d, decimal_from_int(low), &over) != 0 ||
		decimal_multiply(over, decimal_from_int(100), &hundred) != 0)
		return false;
	/* Down to a whole number: a rating has a digit or two. */
	while (decimal_to_int(hundred, &whole) != 0) {
		if (hundred.exponent >= 0)
			return false;
		hundred.mantissa /= 10;
		hundred.exponent++;
	}
	*ret_percent = (uint32_t)(whole / (high - low));
	return true;
}

/* A rating on one of the scales; the score where the survey's type says which scale that is. */
static bool scale_value(
	const struct event *e, enum detail n, const char *const *types, struct decimal *ret_d)
{
	const struct value *v = event_detail(e, n);

	if (n == DETAIL_RECOMMEND && (v->type == VALUE_TRUE || v->type == VALUE_FALSE)) {
		*ret_d = decimal_from_int(v->type == VALUE_TRUE);
		return true;
	}
	if (value_decimal(v, ret_d))
		return true;
	return word_in(value_words(event_detail(e, DETAIL_TYPE)), types) &&
	       value_decimal(event_detail(e, DETAIL_SCORE), ret_d);
}

int fold_feedback(struct journey *j, const struct event *e)
{
	static const struct {
		enum detail detail;
		enum past_about about;
		int64_t low, high;
		const char *types[3];
	} scales[] = {
		{DETAIL_NPS, PAST_NPS, 0, 10, {"nps", NULL}},
		{DETAIL_CSAT, PAST_CSAT, 1, 5, {"csat", NULL}},
		{DETAIL_RECOMMEND, PAST_RECOMMEND, 0, 1, {"yesno", NULL}},
		{DETAIL_RATING, PAST_STARS, 1, 5, {"stars", NULL}},
	};
	struct profile *p = journey_add_profile(j);
	bool rated = false;
	struct decimal d;
	uint32_t percent;
	int r = 0;

	if (!p)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(scales) && r == 0; i++) {
		if (!scale_value(e, scales[i].detail, scales[i].types, &d) ||
			!share(d, scales[i].low, scales[i].high, &percent))
			continue;
		amount_set(&p->numbers[journey_judged(scales[i].about)], d, e->occurred_at, true);
		past_say(&j->past, scales[i].about, journey_judge(scales[i].about, d),
			e->occurred_at);
		/* Of one answer the first scale stands for it. */
		if (!rated)
			r = add_rating(p, e->occurred_at, percent);
		rated = true;
	}
	if (value_decimal(event_detail(e, DETAIL_SENTIMENT), &d) && share(d, -1, 1, &percent)) {
		amount_set(&p->numbers[PROFILE_SENTIMENT], d, e->occurred_at, true);
		past_say(&j->past, PAST_TEXT, journey_judge(PAST_TEXT, d), e->occurred_at);
	}
	return r;
}

/* ---- loyalty ----------------------------------------------------------------------------- */

int fold_loyalty(struct journey *j, const struct event *e)
{
	struct profile *p = journey_add_profile(j);
	struct span tier = value_id(event_detail(e, DETAIL_TIER), PROFILE_TEXT_MAX);
	struct decimal d;
	int64_t at;
	int r = 0;

	if (!p)
		return -ENOMEM;
	if (tier.len > 0)
		r = said_set(&p->texts[PROFILE_TIER], tier, PROFILE_TEXT_MAX, e->occurred_at);
	if (value_decimal(event_detail(e, DETAIL_RANK), &d))
		amount_set(&p->numbers[PROFILE_TIER_RANK], d, e->occurred_at, true);
	if (value_decimal(event_detail(e, DETAIL_BALANCE), &d))
		amount_set(&p->numbers[PROFILE_POINTS], d, e->occurred_at, true);
	if (value_instant(event_detail(e, DETAIL_EXPIRES_AT), &at))
		amount_set(&p->numbers[PROFILE_POINTS_EXPIRE], decimal_from_int(at), e->occurred_at,
			true);
	return r;
}

/* ---- dates ------------------------------------------------------------------------------- */

static bool digits(const char *s, size_t n, unsigned *ret)
{
	unsigned v = 0;

	for (size_t i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		v = v * 10 + (unsigned)(s[i] - '0');
	}
	*ret = v;
	return true;
}

/* `1990-05-17`, with whatever time behind it, or `--05-17`. */
static bool parse_day(struct span s, struct date *ret)
{
	unsigned year = 0, month, day;
	const char *rest = s.ptr;

	if (s.len == 7 && s.ptr[0] == '-' && s.ptr[1] == '-') {
		rest += 2;
	} else {
		if (s.len < 10 || !digits(s.ptr, 4, &year) || s.ptr[4] != '-' ||
			(s.len > 10 && s.ptr[10] != 'T' && s.ptr[10] != ' '))
			return false;
		rest += 5;
	}
	if (!digits(rest, 2, &month) || rest[2] != '-' || !digits(rest + 3, 2, &day))
		return false;
	if (month < 1 || month > 12 || day < 1 ||
		day > (unsigned)civil_days_in_month(year ? (int32_t)year : 2000, (int32_t)month))
		return false;
	ret->year = (uint16_t)year;
	ret->month = (uint8_t)month;
	ret->day = (uint8_t)day;
	return true;
}

/* The day as a number that compares; a day that was taken back is the greatest. */
static uint32_t date_rank(const struct date *d)
{
	return (uint32_t)d->removed << 31 | (uint32_t)d->year << 9 | (uint32_t)d->month << 5 |
	       d->day;
}

static int set_date(struct journey *j, struct span name, struct date word)
{
	struct date *d;

	if (name.len == 0 || name.len > DATE_NAME_MAX)
		return 0;
	d = journey_add_date(j, name);
	if (!d)
		return -ENOMEM;
	if (word.said_at < d->said_at ||
		(word.said_at == d->said_at && date_rank(&word) <= date_rank(d)))
		return 0;
	word.name = d->name;
	*d = word;
	return 0;
}

/* Whose the days of E are. */
enum whose { WHOSE_OWN, WHOSE_PARTNER, WHOSE_OTHER };

static enum whose whose_day(struct span recipient)
{
	static const char *const own[] = {"self", "me", "myself", NULL};
	static const char *const partner[] = {"partner", "spouse", "wife", "husband", "fiance",
		"fiancee", "girlfriend", "boyfriend", NULL};

	if (recipient.len == 0 || word_in(recipient, own))
		return WHOSE_OWN;
	return word_in(recipient, partner) ? WHOSE_PARTNER : WHOSE_OTHER;
}

/* The day NAME of E's recipient: `partner_birthday`, `birthday_of_mother`; a wedding is of both. It
 * may be longer than any name. The end of what was written to BUF. */
#define WHOSE_SIZE (2 * DATE_NAME_MAX + 16)

static struct span name_of_day(const struct event *e, struct span name, char *buf)
{
	static const char *const shared[] = {"engagement", "wedding", "anniversary", NULL};
	struct span recipient = value_words(event_detail(e, DETAIL_RECIPIENT));
	enum whose whose = whose_day(recipient);
	size_t len;

	if (whose == WHOSE_OWN || (whose == WHOSE_PARTNER && word_in(name, shared)))
		return name;
	if (name.len > DATE_NAME_MAX || recipient.len > DATE_NAME_MAX)
		return SPAN_EMPTY;
	if (whose == WHOSE_PARTNER)
		len = (size_t)snprintf(buf, WHOSE_SIZE, "partner_%.*s", (int)name.len, name.ptr);
	else
		len = (size_t)snprintf(buf, WHOSE_SIZE, "%.*s" DATE_OF "%.*s", (int)name.len,
			name.ptr, (int)recipient.len, recipient.ptr);
	for (size_t i = 0; i < len; i++)
		buf[i] = (char)(buf[i] >= 'A' && buf[i] <= 'Z' ? buf[i] - 'A' + 'a'
				: buf[i] == ' '		       ? '_'
							       : buf[i]);
	return span_of(buf, len);
}

/*
 * What an order is for is a day that comes round: the wedding that the rings are for, the birthday
 * of whom they are given to. A birthday without a recipient is nobody's, for who gives a present
 * does not have it. The year of a birthday or an anniversary is that in which it is kept.
 */
static int fold_order_date(struct journey *j, const struct event *e)
{
	static const struct {
		const char *words[3], *name;
		bool recipient, yearly;
	} occasions[] = {
		{{"engagement", NULL}, "engagement", false, false},
		{{"wedding", NULL}, "wedding", false, false},
		{{"anniversary", "weddinganniversary", NULL}, "anniversary", false, true},
		{{"birthday", NULL}, "birthday", true, true},
		{{"birth", NULL}, "birthday", true, false},
		{{"graduation", NULL}, "graduation", false, false},
	};
	struct span occasion = value_words(event_detail(e, DETAIL_OCCASION));
	struct date word = {.said_at = e->occurred_at};
	char buf[WHOSE_SIZE];

	if (!parse_day(value_words(event_detail(e, DETAIL_OCCASION_AT)), &word))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(occasions); i++) {
		if (!word_in(occasion, occasions[i].words))
			continue;
		if (occasions[i].recipient &&
			event_detail(e, DETAIL_RECIPIENT)->type != VALUE_STRING)
			return 0;
		if (occasions[i].yearly)
			word.year = 0;
		return set_date(j, name_of_day(e, span_str(occasions[i].name), buf), word);
	}
	return 0;
}

int fold_date(struct journey *j, const struct event *e)
{
	struct date word = {.said_at = e->occurred_at};
	char buf[WHOSE_SIZE];

	if (e->kind != EVENT_DATE_REMOVED && e->kind != EVENT_DATE_SET)
		return fold_order_date(j, e);
	if (e->kind == EVENT_DATE_REMOVED)
		word.removed = 1;
	else if (!parse_day(value_words(event_detail(e, DETAIL_DATE)), &word))
		return 0;
	return set_date(
		j, name_of_day(e, value_words(event_detail(e, DETAIL_DATE_NAME)), buf), word);
}

/* A trait that is a day: null or nothing takes it back. */
static int fold_trait_date(
	struct journey *j, const struct event *e, enum detail n, struct span name)
{
	const struct value *v = event_detail(e, n);
	struct date word = {.said_at = e->occurred_at};

	if (v->type == VALUE_NULL || (v->type == VALUE_STRING && v->text.len == 0))
		word.removed = 1;
	else if (!parse_day(value_words(v), &word))
		return 0;
	return set_date(j, name, word);
}

/* ---- preferences ------------------------------------------------------------------------- */

static int set_text(struct profile *p, const struct event *e, enum detail n, enum profile_text to)
{
	struct span s = value_words(event_detail(e, n));

	if (s.len == 0 || s.len > PROFILE_TEXT_MAX || (to == PROFILE_COUNTRY && s.len != 2))
		return 0;
	return said_set(&p->texts[to], s, PROFILE_TEXT_MAX, e->occurred_at);
}

/* `de` is a language and `C` is not: BCP 47, as far as it matters here. */
static bool is_language(struct span s)
{
	return s.len >= 2 && s.len <= PROFILE_TEXT_MAX && s.ptr[0] >= 'a' && s.ptr[0] <= 'z' &&
	       s.ptr[1] >= 'a' && s.ptr[1] <= 'z';
}

/* `Europe/Berlin`, not `+02:00`: an offset says nothing of the other half of the year. */
static bool is_zone(struct span s)
{
	return s.len > 0 && s.len <= PROFILE_TEXT_MAX && memchr(s.ptr, '/', s.len);
}

int fold_device(struct journey *j, const struct event *e)
{
	struct span zone = value_words(event_field(e, FIELD_CONTEXT_TIMEZONE));
	struct span language = value_words(event_field(e, FIELD_CONTEXT_LOCALE));
	struct profile *p;
	int r = 0;

	if (!is_zone(zone) && !is_language(language))
		return 0;
	p = journey_add_profile(j);
	if (!p)
		return -ENOMEM;
	if (is_zone(zone))
		r = said_set(&p->texts[PROFILE_SEEN_ZONE], zone, PROFILE_TEXT_MAX, e->occurred_at);
	if (r == 0 && is_language(language))
		r = said_set(&p->texts[PROFILE_SEEN_LANGUAGE], language, PROFILE_TEXT_MAX,
			e->occurred_at);
	return r;
}

/* HH:MM as minutes. */
static void set_minutes(
	struct profile *p, const struct event *e, enum detail n, enum profile_number to)
{
	struct span s = value_words(event_detail(e, n));
	unsigned hour, minute;

	if (s.len != 5 || s.ptr[2] != ':' || !digits(s.ptr, 2, &hour) ||
		!digits(s.ptr + 3, 2, &minute) || hour > 23 || minute > 59)
		return;
	amount_set(&p->numbers[to], decimal_from_int((int64_t)hour * 60 + minute), e->occurred_at,
		true);
}

static void add_ranked(struct span word, unsigned char *ranked, uint32_t *n)
{
	enum job_channel channel;

	while (word.len > 0 && word.ptr[0] == ' ')
		word = span_of(word.ptr + 1, word.len - 1);
	while (word.len > 0 && word.ptr[word.len - 1] == ' ')
		word.len--;
	channel = job_channel_of(word);
	if (channel == JOB_CHANNEL_COUNT || memchr(ranked, (int)channel, *n))
		return;
	ranked[(*n)++] = (unsigned char)channel;
}

/* The channels that E names, the best one first. */
static uint32_t read_ranking(const struct event *e, unsigned char ranked[JOB_CHANNEL_COUNT])
{
	static const enum detail places[] = {
		DETAIL_CHANNEL_1, DETAIL_CHANNEL_2, DETAIL_CHANNEL_3, DETAIL_CHANNEL_4};
	struct span list = value_words(event_detail(e, DETAIL_CHANNELS));
	uint32_t n = 0;

	while (list.len > 0) {
		const char *comma = memchr(list.ptr, ',', list.len);
		size_t len = comma ? (size_t)(comma - list.ptr) : list.len;
		size_t gone = comma ? len + 1 : len;

		add_ranked(span_of(list.ptr, len), ranked, &n);
		list = span_of(list.ptr + gone, list.len - gone);
	}
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		add_ranked(value_words(event_detail(e, places[i])), ranked, &n);
	return n;
}

static void set_ranking(struct profile *p, const struct event *e)
{
	unsigned char ranked[JOB_CHANNEL_COUNT] = {0};
	uint32_t n = read_ranking(e, ranked);

	if (n == 0 || e->occurred_at < p->ranked_at)
		return;
	if (e->occurred_at == p->ranked_at &&
		span_compare(span_of((const char *)ranked, n),
			span_of((const char *)p->ranked, p->n_ranked)) <= 0)
		return;
	memcpy(p->ranked, ranked, sizeof(p->ranked));
	p->n_ranked = n;
	p->ranked_at = e->occurred_at;
}

/* Of two words at one instant yes counts. */
static void set_flag(struct profile *p, enum profile_flag n, bool yes, int64_t at)
{
	uint32_t bit = 1u << n;

	if (at < p->flag_at[n] || (at == p->flag_at[n] && !yes))
		return;
	p->flags = yes ? p->flags | bit : p->flags & ~bit;
	p->flag_at[n] = at;
}

static void set_trait_flags(struct journey *j, const struct event *e)
{
	struct profile *p = j->profile;
	static const struct {
		enum detail detail;
		enum profile_flag flag;
	} table[] = {
		{DETAIL_TRAIT_BLOCKED, PROFILE_BLOCKED},
		{DETAIL_TRAIT_MINOR, PROFILE_MINOR},
		{DETAIL_TRAIT_DECEASED, PROFILE_DECEASED},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct value *v = event_detail(e, table[i].detail);

		if (v->type != VALUE_TRUE && v->type != VALUE_FALSE)
			continue;
		set_flag(p, table[i].flag, v->type == VALUE_TRUE, e->occurred_at);
		if (table[i].flag == PROFILE_BLOCKED)
			past_say(&j->past, PAST_BLOCKED,
				v->type == VALUE_TRUE ? PAST_BAD : PAST_FINE, e->occurred_at);
	}
}

/* Is there anything in E's details for a profile? */
static bool says_any(const struct event *e)
{
	for (unsigned i = DETAIL_TIMEZONE; e->details && i < DETAIL_COUNT; i++)
		if (i != DETAIL_PRODUCTS && event_detail(e, (enum detail)i)->type != VALUE_MISSING)
			return true;
	return e->kind == EVENT_PRIVACY_REQUESTED;
}

/* What a recommender suggests, a list; null or an empty one takes it back. Longer than there is
 * room for, it is not taken. */
static int set_recommendations(struct profile *p, const struct event *e)
{
	const struct value *v = event_detail(e, DETAIL_TRAIT_RECOMMENDATIONS);
	struct span list = v->type == VALUE_OTHER ? v->raw : SPAN_EMPTY;
	size_t n = 1;

	if (v->type != VALUE_NULL && (list.len < 2 || list.ptr[0] != '['))
		return 0;
	while (n < list.len && (list.ptr[n] == ' ' || list.ptr[n] == '\n'))
		n++;
	if (n < list.len && list.ptr[n] == ']')
		list = SPAN_EMPTY;
	if (list.len > PROFILE_RECOMMENDATIONS_MAX)
		return 0;
	return said_set(&p->texts[PROFILE_RECOMMENDATIONS], list, PROFILE_RECOMMENDATIONS_MAX,
		e->occurred_at);
}

int fold_wishes(struct journey *j, const struct event *e)
{
	static const struct {
		enum detail detail;
		enum profile_text text;
	} texts[] = {
		{DETAIL_TIMEZONE, PROFILE_ZONE},
		{DETAIL_TRAIT_TIMEZONE, PROFILE_ZONE},
		{DETAIL_LANGUAGE, PROFILE_LANGUAGE},
		{DETAIL_TRAIT_LANGUAGE, PROFILE_LANGUAGE},
		{DETAIL_COUNTRY, PROFILE_COUNTRY},
		{DETAIL_TRAIT_COUNTRY, PROFILE_COUNTRY},
		{DETAIL_TRAIT_ADDRESS_COUNTRY, PROFILE_COUNTRY},
	};
	static const char *const erase[] = {"erase", "erasure", "delete", "redact", NULL};
	struct profile *p;
	int r = 0;

	if (!says_any(e))
		return 0;
	p = journey_add_profile(j);
	if (!p)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(texts) && r == 0; i++)
		r = set_text(p, e, texts[i].detail, texts[i].text);
	if (r == 0 && event_detail(e, DETAIL_TRAIT_LANGUAGE)->type == VALUE_MISSING)
		r = set_text(p, e, DETAIL_TRAIT_LOCALE, PROFILE_LANGUAGE);
	set_minutes(p, e, DETAIL_QUIET_FROM, PROFILE_QUIET_FROM);
	set_minutes(p, e, DETAIL_QUIET_TO, PROFILE_QUIET_TO);
	set_ranking(p, e);
	set_trait_flags(j, e);
	if (e->kind == EVENT_PRIVACY_REQUESTED &&
		word_in(value_words(event_detail(e, DETAIL_REQUEST)), erase)) {
		set_flag(p, PROFILE_ERASED, true, e->occurred_at);
		past_say(&j->past, PAST_ERASED, PAST_BAD, e->occurred_at);
	}
	if (r == 0)
		r = set_recommendations(p, e);
	if (r == 0)
		r = fold_trait_date(j, e, DETAIL_TRAIT_BIRTHDAY, SPAN_LIT("birthday"));
	if (r == 0)
		r = fold_trait_date(j, e, DETAIL_TRAIT_ANNIVERSARY, SPAN_LIT("anniversary"));
	return r;
}
