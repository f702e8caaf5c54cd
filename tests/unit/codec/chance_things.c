/* SPDX-License-Identifier: MIT */
#include "chance_things.h"

#include "core/rule.h"

#include "differs.h"
#include "journey_chance.h"

static struct decimal chance_decimal(struct chance *c)
{
	static const struct decimal some[] = {{0, 0}, {1, 0}, {1999, -2}, {-5, -1},
		{INT64_C(999999999999999999), 400}, {-1, -400}};

	return some[chance_below(c, ARRAY_SIZE(some))];
}

static void set(struct chance *c, struct text *t, size_t max)
{
	int r = text_set(t, chance_text(c, max));

	assert(r == 0);
}

static struct span some_name(struct chance *c, size_t max)
{
	struct span s = chance_text(c, max);

	return s.len ? s : SPAN_LIT("x");
}

static struct basket *chance_basket(struct chance *c)
{
	struct basket *b = calloc(1, sizeof(*b));
	size_t n = chance_below(c, 8) ? chance_below(c, 4) : BASKET_LINES_MAX;
	int r;

	assert(b);
	b->lost = chance_below(c, 20) == 0;
	b->listed_at = chance_instant(c);
	b->value = (struct amount){chance_decimal(c), chance_instant(c)};
	set(c, &b->currency, 16);
	b->lines = n ? calloc(n, sizeof(*b->lines)) : NULL;
	for (size_t i = 0; i < n; i++) {
		struct line *l = &b->lines[b->n_lines++];
		char key[3] = {'k', (char)('a' + i / 26), (char)('a' + i % 26)};

		r = text_set(&l->key, span_of(key, sizeof(key)));
		assert(r == 0);
		set(c, &l->id, ENTITY_MAX);
		l->quantity = chance_decimal(c);
		l->price = chance_decimal(c);
		l->said_at = chance_instant(c);
		l->removed_at = chance_instant(c);
	}
	return b;
}

static void fill_said(struct chance *c, struct thing *t)
{
	set(c, &t->about, ENTITY_MAX);
	set(c, &t->word.text, THING_WORD_MAX);
	t->word.at = chance_instant(c);
	t->number = (struct amount){chance_decimal(c), chance_instant(c)};
	for (unsigned i = 0; i < THING_MARKS_MAX; i++)
		t->at[i] = chance_below(c, 3) ? TIME_NEVER : chance_instant(c);
	t->due_at = chance_instant(c);
	t->due_said_at = chance_instant(c);
	t->touched_at = chance_instant(c);
}

static void fill_thing(struct chance *c, struct journey *j)
{
	struct thing *t = journey_add_thing(
		j, (enum thing_kind)chance_below(c, THING_KIND_COUNT), some_name(c, THING_ID_MAX));

	fill_said(c, t);
	if (t->before || chance_below(c, 5) > 0)
		return;
	t->before = calloc(1, sizeof(*t->before));
	assert(t->before);
	t->before->kind = t->kind;
	fill_said(c, t->before);
}

/* Whatever its side is, it stands in its place. */
static bool is_last_of_name(const struct journey *j, const struct consent *c)
{
	return c + 1 == j->consents + j->n_consents || c[1].channel != c->channel ||
	       !span_equal(text_span(c[1].topic), text_span(c->topic));
}

static void fill_known(struct chance *c, struct journey *j)
{
	struct consent *consent = journey_add_consent(j, chance_text(c, CONSENT_TOPIC_MAX),
		(uint32_t)chance_below(c, JOB_CHANNEL_COUNT + 1));
	struct address *a = journey_add_address(j,
		(enum job_channel)chance_below(c, JOB_CHANNEL_COUNT), chance_text(c, ADDRESS_MAX));
	struct date *d = journey_add_date(j, some_name(c, DATE_NAME_MAX));
	struct past *past = &j->past;
	struct send send = {.rule = chance_u64(c),
		.at = chance_instant(c),
		.class = (uint32_t)chance_below(c, 3),
		.channel = (uint32_t)chance_below(c, JOB_CHANNEL_COUNT),
		.state = (enum send_state)chance_below(c, SEND_RELEASED + 1)};

	past->named_at = chance_instant(c);
	past_engage(past, (int64_t)chance_below(c, 900) * MS_DAY);
	past_say(past, (enum past_about)chance_below(c, PAST_ABOUT_COUNT),
		(enum past_verdict)chance_below(c, PAST_VERDICT_COUNT),
		(int64_t)chance_below(c, 9) * MS_DAY);
	past_drop(past, (enum past_open)chance_below(c, PAST_OPEN_COUNT),
		(struct period){(int64_t)chance_below(c, 9), (int64_t)chance_below(c, 9)});
	if (consent) {
		consent->word = (enum consent_word)chance_below(c, CONSENT_GIVEN + 1);
		consent->at = chance_instant(c);
		set(c, &consent->source, CONSENT_SOURCE_MAX);
		if (chance_below(c, 3) == 0 && is_last_of_name(j, consent))
			set(c, &consent->side, CUSTOMER_MAX);
	}
	a->hard_at = chance_instant(c);
	a->delivered_at = chance_instant(c);
	a->complained_at = chance_instant(c);
	for (unsigned i = 0; i < ADDRESS_SOFT_MAX; i++)
		a->soft[i] = chance_instant(c);
	d->said_at = chance_instant(c);
	d->year = (uint16_t)chance_below(c, 10000);
	d->month = (uint8_t)chance_below(c, 13);
	d->day = (uint8_t)chance_below(c, 32);
	d->removed = (uint8_t)chance_below(c, 2);
	for (size_t i = 0; i < sizeof(send.job_id); i++)
		send.job_id[i] = (unsigned char)chance_u64(c);
	(void)journey_add_send(j, &send);
}

static void fill_naming(struct chance *c, struct journey *j)
{
	struct customer_naming *naming = journey_add_naming(
		j, some_name(c, CUSTOMER_MAX), chance_below(c, 2) ? chance_instant(c) : 0);

	assert(naming);
	naming->asked = chance_below(c, 2);
	naming->n_wanted = (uint32_t)chance_below(c, 3);
	naming->n_asked = (uint32_t)chance_below(c, NAMING_ASKED_MAX + 1);
	naming->n_open = (uint32_t)chance_below(c, naming->n_asked + 1);
	if (chance_below(c, 2))
		set(c, &naming->via, 300);
	if (chance_below(c, 2))
		set(c, &naming->said, 300);
}

static void fill_ids(struct chance *c, struct journey *j)
{
	struct customer_id *id = journey_add_id(j, some_name(c, CUSTOMER_MAX));
	struct customer_part *part = journey_add_part(j, some_name(c, CUSTOMER_MAX));

	if (id) {
		id->first_at = chance_instant(c);
		id->place_at = chance_below(c, 3) ? chance_instant(c) : 0;
		id->state = (enum id_state)chance_below(c, ID_LINKED + 1);
		if (chance_below(c, 3) == 0)
			set(c, &id->under, CUSTOMER_MAX);
	}
	if (chance_below(c, 3) == 0) {
		struct span key = some_name(c, CUSTOMER_MAX);
		int r = journey_add_apart(j, key, chance_instant(c));

		assert(r == 0);
	}
	if (chance_below(c, 3) == 0)
		fill_naming(c, j);
	assert(part);
	part->n_chunks = (uint32_t)chance_u64(c);
	part->sealed_n = chance_u64(c) >> chance_below(c, 64);
	part->reach_at = chance_instant(c);
	part->from_at = chance_below(c, 2) ? chance_instant(c) : INT64_MIN;
	part->n_more = chance_below(c, 2) ? 1 + (chance_u64(c) >> 1) : 0;
	part->more_at = part->n_more ? chance_instant(c) : INT64_MIN;
	j->n_more = chance_below(c, 2) ? 1 + chance_below(c, 1000) : 0;
	j->more_at = j->n_more ? chance_instant(c) : INT64_MIN;
	for (uint64_t n = chance_below(c, 4); n > 0; n--) {
		struct span key = some_name(c, CUSTOMER_MAX);
		enum id_state state = chance_below(c, 2) ? ID_LINKED : ID_CLAIMED;
		int r = journey_id(j, key) ? 0 : journey_mark_id(j, key, state);

		assert(r == 0);
	}
}

static void fill_lists(struct chance *c, struct profile *p)
{
	p->n_days = (uint32_t)chance_below(c, PROFILE_DAYS_MAX + 1);
	p->n_ratings = (uint32_t)chance_below(c, PROFILE_RATINGS_MAX + 1);
	p->n_ranked = (uint32_t)chance_below(c, JOB_CHANNEL_COUNT + 1);
	for (uint32_t i = 0; i < p->n_ranked; i++)
		p->ranked[i] = (unsigned char)(JOB_CHANNEL_COUNT - 1 - i);
	p->days = p->n_days ? calloc(p->n_days, sizeof(*p->days)) : NULL;
	for (uint32_t i = 0; i < p->n_days; i++)
		p->days[i] = (i ? p->days[i - 1] : -30) + 1 + (int32_t)chance_below(c, 1000);
	p->ratings = p->n_ratings ? calloc(p->n_ratings, sizeof(*p->ratings)) : NULL;
	for (uint32_t i = 0; i < p->n_ratings; i++)
		p->ratings[i] = (struct rating){chance_instant(c), (uint32_t)chance_below(c, 101)};
}

static void fill_profile(struct chance *c, struct profile *p)
{
	for (unsigned i = 0; i < PROFILE_TEXT_COUNT; i++) {
		set(c, &p->texts[i].text, PROFILE_TEXT_MAX);
		p->texts[i].at = chance_instant(c);
	}
	for (unsigned i = 0; i < PROFILE_NUMBER_COUNT; i++)
		if (chance_below(c, 2))
			p->numbers[i] = (struct amount){chance_decimal(c), chance_instant(c)};
	for (unsigned i = 0; i < PROFILE_TIME_COUNT; i++)
		p->times[i] = chance_below(c, 2) ? TIME_NEVER : chance_instant(c);
	for (unsigned i = 0; i < PROFILE_FLAG_COUNT; i++) {
		p->flag_at[i] = chance_instant(c);
		if (p->flag_at[i] != INT64_MIN && chance_below(c, 2))
			p->flags |= 1u << i;
	}
	p->ranked_at = chance_instant(c);
	fill_lists(c, p);
}

static void fill_fallback(struct chance *c, struct instance *i)
{
	struct fallback *f = i->fallback = calloc(1, sizeof(*f));

	assert(f);
	i->last_way = (uint32_t)chance_below(c, JOB_CHANNEL_COUNT + 1);
	for (size_t k = 0; k < i->n_earlier; k++)
		i->earlier[k].way = (uint32_t)chance_below(c, JOB_CHANNEL_COUNT + 1);
	f->tried = (uint32_t)chance_below(c, 1U << JOB_CHANNEL_COUNT);
	f->way = (uint32_t)chance_below(c, JOB_CHANNEL_COUNT);
	f->over = chance_below(c, 2) == 0;
	f->lost = chance_below(c, 2) == 0;
	f->due_at = chance_instant(c);
	f->armed_at = chance_instant(c);
	f->made_at = chance_instant(c);
	f->sent_at = chance_below(c, 2) ? chance_instant(c) : TIME_NEVER;
	f->fall_at = chance_below(c, 2) ? chance_instant(c) : TIME_NEVER;
	f->gate = (uint32_t)chance_below(c, 9);
	f->reason = (uint32_t)chance_below(c, 20);
	set(c, &f->by, INSTANCE_BY_MAX);
	set(c, &f->data, INSTANCE_DATA_MAX);
}

static void fill_spent(struct chance *c, struct instance *i)
{
	i->number = (uint32_t)chance_u64(c);
	i->last_number = (uint32_t)chance_u64(c);
	for (size_t k = 0; k < i->n_earlier; k++)
		i->earlier[k].number = (uint32_t)chance_u64(c);
	for (size_t n = chance_below(c, INSTANCE_NAMES_MAX + 2); n > 0; n--) {
		int r = spent_raise(
			i, chance_text(c, CUSTOMER_MAX), i->epoch, (uint32_t)chance_u64(c));

		assert(r == 0);
		(void)r;
	}
}

/* In an epoch of its own, or in I's. */
static uint32_t chance_epoch(struct chance *c, const struct instance *i)
{
	return chance_below(c, 4) ? i->epoch : (uint32_t)chance_u64(c);
}

static void fill_epochs(struct chance *c, struct instance *i)
{
	if (i->last_deadline_at != INT64_MIN) {
		i->last_epoch = chance_epoch(c, i);
		i->last_settled = chance_below(c, 8) == 0;
	}
	for (size_t k = 0; k < i->n_earlier; k++) {
		i->earlier[k].epoch = chance_epoch(c, i);
		i->earlier[k].settled = chance_below(c, 8) == 0;
	}
}

void chance_jobs(struct chance *c, struct instance *i)
{
	if (chance_below(c, 4) == 0)
		fill_fallback(c, i);
	if (chance_below(c, 4) == 0)
		fill_spent(c, i);
	fill_epochs(c, i);
}

void chance_things(struct chance *c, struct journey *j, size_t size)
{
	for (size_t n = chance_below(c, size + 1); n > 0; n--)
		fill_thing(c, j);
	for (size_t i = 0; i < j->n_carts; i++)
		if (chance_below(c, 4) == 0)
			j->carts[i].basket = chance_basket(c);
	for (size_t i = 0; i < j->n_orders_kept; i++)
		if (chance_below(c, 4) == 0)
			j->orders[i].basket = chance_basket(c);
	for (size_t n = chance_below(c, size + 1); n > 0; n--)
		fill_known(c, j);
	for (size_t n = chance_below(c, 2) ? 0 : chance_below(c, 2 * size + 1); n > 0; n--)
		fill_ids(c, j);
	for (size_t n = chance_below(c, 3) ? 0 : 1 + chance_below(c, 9); n > 0; n--) {
		int64_t at = (int64_t)chance_below(c, 9) * 10 * MS_MINUTE;

		at += (int64_t)chance_below(c, 3) * MS_DAY;
		j->web_active_at = int64_max(j->web_active_at, at);
		past_visit(&j->past, at);
	}
	if (j->anonymous_id.len > 0)
		j->anonymous_at = chance_below(c, 2) ? j->last_at : chance_instant(c);
	if (size > 0 && chance_below(c, 3) == 0) {
		struct profile *p = journey_add_profile(j);

		assert(p);
		fill_profile(c, p);
	}
}

/* ---- comparing ------------------------------------------------------------------------- */

#define BYTES_DIFFER(NAME)                                                                         \
	if (memcmp(a->NAME, b->NAME, sizeof(a->NAME)) != 0)                                        \
	return #NAME

static const char *amount_differs(const struct amount *a, const struct amount *b)
{
	DIFFERS(value.mantissa);
	DIFFERS(value.exponent);
	DIFFERS(at);
	return NULL;
}

static const char *line_differs(const struct line *a, const struct line *b)
{
	TEXT_DIFFERS(key);
	TEXT_DIFFERS(id);
	DIFFERS(quantity.mantissa);
	DIFFERS(quantity.exponent);
	DIFFERS(price.mantissa);
	DIFFERS(price.exponent);
	DIFFERS(said_at);
	DIFFERS(removed_at);
	return NULL;
}

const char *basket_differs(const struct basket *a, const struct basket *b)
{
	const char *what = NULL;

	if (!a || !b)
		return a == b ? NULL : "basket";
	DIFFERS(n_lines);
	DIFFERS(lost);
	DIFFERS(listed_at);
	TEXT_DIFFERS(currency);
	for (uint32_t i = 0; i < a->n_lines && !what; i++)
		what = line_differs(&a->lines[i], &b->lines[i]);
	return what ? what : amount_differs(&a->value, &b->value);
}

static const char *thing_differs(const struct thing *a, const struct thing *b)
{
	const char *what;

	DIFFERS(kind);
	TEXT_DIFFERS(id);
	TEXT_DIFFERS(about);
	TEXT_DIFFERS(word.text);
	DIFFERS(word.at);
	BYTES_DIFFER(at);
	DIFFERS(due_at);
	DIFFERS(due_said_at);
	DIFFERS(touched_at);
	if (!a->before != !b->before)
		return "before";
	what = amount_differs(&a->number, &b->number);
	return what || !a->before ? what : thing_differs(a->before, b->before);
}

static const char *consent_differs(const struct consent *a, const struct consent *b)
{
	TEXT_DIFFERS(topic);
	TEXT_DIFFERS(source);
	TEXT_DIFFERS(side);
	DIFFERS(at);
	DIFFERS(channel);
	DIFFERS(word);
	return NULL;
}

static const char *address_differs(const struct address *a, const struct address *b)
{
	DIFFERS(channel);
	TEXT_DIFFERS(which);
	DIFFERS(hard_at);
	DIFFERS(delivered_at);
	DIFFERS(complained_at);
	BYTES_DIFFER(soft);
	return NULL;
}

static const char *past_differs(const struct past *a, const struct past *b)
{
	DIFFERS(named_at);
	DIFFERS(n_words);
	DIFFERS(n_runs);
	for (uint32_t i = 0; i < a->n_words; i++) {
		DIFFERS(words[i].at);
		DIFFERS(words[i].about);
		DIFFERS(words[i].verdict);
	}
	for (uint32_t i = 0; i < a->n_runs; i++) {
		DIFFERS(runs[i].from);
		DIFFERS(runs[i].to);
	}
	DIFFERS(n_visits);
	for (uint32_t i = 0; i < a->n_visits; i++) {
		DIFFERS(visits[i].from);
		DIFFERS(visits[i].to);
	}
	BYTES_DIFFER(dropped);
	return NULL;
}

static const char *date_differs(const struct date *a, const struct date *b)
{
	TEXT_DIFFERS(name);
	DIFFERS(said_at);
	DIFFERS(year);
	DIFFERS(month);
	DIFFERS(day);
	DIFFERS(removed);
	return NULL;
}

static const char *send_differs(const struct send *a, const struct send *b)
{
	BYTES_DIFFER(job_id);
	DIFFERS(rule);
	DIFFERS(at);
	DIFFERS(class);
	DIFFERS(channel);
	DIFFERS(state);
	return NULL;
}

static const char *id_differs(const struct customer_id *a, const struct customer_id *b)
{
	TEXT_DIFFERS(key);
	TEXT_DIFFERS(under);
	DIFFERS(first_at);
	DIFFERS(place_at);
	DIFFERS(state);
	return NULL;
}

static const char *part_differs(const struct customer_part *a, const struct customer_part *b)
{
	TEXT_DIFFERS(key);
	DIFFERS(n_chunks);
	DIFFERS(sealed_n);
	DIFFERS(reach_at);
	DIFFERS(from_at);
	DIFFERS(n_more);
	DIFFERS(more_at);
	return NULL;
}

static const char *profile_lists_differ(const struct profile *a, const struct profile *b)
{
	DIFFERS(n_ranked);
	BYTES_DIFFER(ranked);
	DIFFERS(ranked_at);
	DIFFERS(n_days);
	DIFFERS(n_ratings);
	for (uint32_t i = 0; i < a->n_days; i++)
		DIFFERS(days[i]);
	for (uint32_t i = 0; i < a->n_ratings; i++) {
		DIFFERS(ratings[i].at);
		DIFFERS(ratings[i].percent);
	}
	return NULL;
}

static const char *profile_differs(const struct profile *a, const struct profile *b)
{
	const char *what = NULL;

	if (!a || !b)
		return a == b ? NULL : "profile";
	for (unsigned i = 0; i < PROFILE_TEXT_COUNT; i++) {
		TEXT_DIFFERS(texts[i].text);
		DIFFERS(texts[i].at);
	}
	for (unsigned i = 0; i < PROFILE_NUMBER_COUNT && !what; i++)
		what = amount_differs(&a->numbers[i], &b->numbers[i]);
	BYTES_DIFFER(times);
	BYTES_DIFFER(flag_at);
	DIFFERS(flags);
	return what ? what : profile_lists_differ(a, b);
}

static const char *group_differs(const struct id_group *a, const struct id_group *b)
{
	TEXT_DIFFERS(kind);
	DIFFERS(n);
	for (size_t i = 0; i < a->n; i++)
		DIFFERS(marks[i]);
	return NULL;
}

#define EACH(LIST, N, DIFFER)                                                                      \
	DIFFERS(N);                                                                                \
	for (size_t i = 0; i < a->N && !what; i++)                                                 \
	what = DIFFER(&a->LIST[i], &b->LIST[i])

const char *fallback_differs(const struct instance *a, const struct instance *b)
{
	DIFFERS(last_way);
	for (size_t k = 0; k < a->n_earlier; k++)
		DIFFERS(earlier[k].way);
	if (!a->fallback || !b->fallback)
		return a->fallback == b->fallback ? NULL : "fallback";
	DIFFERS(fallback->tried);
	DIFFERS(fallback->way);
	DIFFERS(fallback->over);
	DIFFERS(fallback->lost);
	DIFFERS(fallback->due_at);
	DIFFERS(fallback->armed_at);
	DIFFERS(fallback->made_at);
	DIFFERS(fallback->sent_at);
	DIFFERS(fallback->fall_at);
	DIFFERS(fallback->gate);
	DIFFERS(fallback->reason);
	TEXT_DIFFERS(fallback->by);
	TEXT_DIFFERS(fallback->data);
	return NULL;
}

const char *spent_differs(const struct instance *a, const struct instance *b)
{
	DIFFERS(number);
	DIFFERS(last_number);
	DIFFERS(last_epoch);
	DIFFERS(last_settled);
	for (size_t k = 0; k < a->n_earlier; k++) {
		DIFFERS(earlier[k].epoch);
		DIFFERS(earlier[k].settled);
	}
	for (size_t k = 0; k < a->n_earlier; k++)
		DIFFERS(earlier[k].number);
	DIFFERS(n_spent);
	for (size_t k = 0; k < a->n_spent; k++) {
		TEXT_DIFFERS(spent[k].name);
		DIFFERS(spent[k].epoch);
		DIFFERS(spent[k].number);
	}
	return fallback_differs(a, b);
}

const char *things_differ(const struct journey *a, const struct journey *b)
{
	const char *what = profile_differs(a->profile, b->profile);

	DIFFERS(web_active_at);
	DIFFERS(anonymous_at);
	EACH(things, n_things, thing_differs);
	EACH(consents, n_consents, consent_differs);
	EACH(addresses, n_addresses, address_differs);
	EACH(dates, n_dates, date_differs);
	EACH(sends, n_sends, send_differs);
	EACH(ids, n_ids, id_differs);
	EACH(parts, n_parts, part_differs);
	DIFFERS(n_more);
	DIFFERS(more_at);
	EACH(id_groups, n_id_groups, group_differs);
	return what ? what : past_differs(&a->past, &b->past);
}
