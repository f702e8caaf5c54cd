/* SPDX-License-Identifier: MIT */
/*
 * The lists of a journey that few customers fill: things, consents, addresses, dates, sends. Their
 * memory, their order, and what makes room when one is full. (Identifiers and parts:
 * journey_links.c.)
 */
#include "core/journey.h"

#include "consent_sides.h"
#include "list.h"
#include "stage_view.h"

struct basket *basket_free(struct basket *b)
{
	if (!b)
		return NULL;
	for (size_t i = 0; i < b->n_lines; i++) {
		text_release(&b->lines[i].key);
		text_release(&b->lines[i].id);
	}
	text_release(&b->currency);
	free(b->lines);
	free(b);
	return NULL;
}

void thing_release(struct thing *t)
{
	text_release(&t->id);
	text_release(&t->about);
	text_release(&t->word.text);
	if (t->before)
		thing_release(t->before);
	free(t->before);
	t->before = NULL;
}

void thing_init(struct thing *t, enum thing_kind kind)
{
	*t = (struct thing){.kind = kind, .due_at = TIME_NEVER};
	for (unsigned i = 0; i < THING_MARKS_MAX; i++)
		t->at[i] = TIME_NEVER;
	t->due_said_at = t->word.at = t->number.at = t->touched_at = INT64_MIN;
}

static void consent_release(struct consent *c)
{
	text_release(&c->topic);
	text_release(&c->source);
	text_release(&c->side);
}

static void profile_release(struct profile *p)
{
	if (!p)
		return;
	for (unsigned i = 0; i < PROFILE_TEXT_COUNT; i++)
		text_release(&p->texts[i].text);
	free(p->days);
	free(p->ratings);
	free(p);
}

void journey_lists_release(struct journey *j)
{
	for (size_t i = 0; i < j->n_things; i++)
		thing_release(&j->things[i]);
	for (size_t i = 0; i < j->n_consents; i++)
		consent_release(&j->consents[i]);
	for (size_t i = 0; i < j->n_addresses; i++)
		text_release(&j->addresses[i].which);
	for (size_t i = 0; i < j->n_dates; i++)
		text_release(&j->dates[i].name);
	for (size_t i = 0; i < j->n_ids; i++) {
		text_release(&j->ids[i].key);
		text_release(&j->ids[i].under);
	}
	for (size_t i = 0; i < j->n_parts; i++)
		text_release(&j->parts[i].key);
	for (size_t i = 0; i < j->n_id_groups; i++)
		id_group_release(&j->id_groups[i]);
	free(j->id_groups);
	journey_aparts_release(j);
	while (j->n_named > 0)
		journey_remove_naming(j, j->n_named - 1);
	free(j->named);
	journey_clear_shed(j);
	free(j->shed);
	free(j->ids);
	free(j->parts);
	free(j->things);
	free(j->consents);
	free(j->addresses);
	free(j->dates);
	free(j->sends);
	profile_release(j->profile);
}

/* ---- things ------------------------------------------------------------------------------ */

static int thing_compare(const struct thing *t, enum thing_kind kind, struct span id)
{
	if (t->kind != kind)
		return t->kind < kind ? -1 : 1;
	return span_compare(text_span(t->id), id);
}

/* The first that is not before KIND and ID. */
static size_t thing_place(const struct journey *j, enum thing_kind kind, struct span id)
{
	size_t low = 0, high = j->n_things;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (thing_compare(&j->things[middle], kind, id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct thing *journey_thing(const struct journey *j, enum thing_kind kind, struct span id)
{
	size_t at = thing_place(j, kind, id);

	if (at == j->n_things || thing_compare(&j->things[at], kind, id) != 0)
		return NULL;
	return &j->things[at];
}

void journey_leave_thing(struct journey *j, const struct thing *t)
{
	past_drop(
		&j->past, t->kind == THING_CASE ? PAST_RISK : PAST_SHOPPED, stage_thing_period(t));
}

void journey_remove_thing(struct journey *j, size_t index)
{
	journey_leave_thing(j, &j->things[index]);
	thing_release(&j->things[index]);
	j->n_things--;
	list_remove(j->things, j->n_things, sizeof(*j->things), index);
}

/* Closed before open, then the one that was not heard of for longest; of KIND alone if it is not
 * THING_KIND_COUNT. */
void journey_drop_thing(struct journey *j, enum thing_kind kind)
{
	size_t victim = j->n_things;
	bool victim_open = true;

	for (size_t i = 0; i < j->n_things; i++) {
		const struct thing *t = &j->things[i];
		bool open = thing_is_open(t);

		if (kind != THING_KIND_COUNT && t->kind != kind)
			continue;
		if (victim == j->n_things ||
			(open == victim_open ? t->touched_at < j->things[victim].touched_at
					     : !open)) {
			victim = i;
			victim_open = open;
		}
	}
	if (victim < j->n_things)
		journey_remove_thing(j, victim);
}

size_t journey_count_things(const struct journey *j, enum thing_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < j->n_things; i++)
		n += j->things[i].kind == kind;
	return n;
}

bool journey_has_room(const struct journey *j, enum thing_kind kind, struct span id, int64_t at)
{
	const struct thing *oldest = NULL;
	size_t n = 0;

	for (size_t i = j->n_things; kind == THING_VIEW && i-- > 0 && j->things[i].kind >= kind;) {
		const struct thing *t = &j->things[i];

		if (t->kind != kind)
			continue;
		if (span_equal(text_span(t->id), id))
			return true;
		if (!oldest || t->touched_at <= oldest->touched_at)
			oldest = t;
		n++;
	}
	return n < VIEWS_MAX || at > oldest->touched_at ||
	       (at == oldest->touched_at && span_compare(id, text_span(oldest->id)) > 0);
}

struct thing *journey_add_thing(struct journey *j, enum thing_kind kind, struct span id)
{
	struct thing *t = journey_thing(j, kind, id);

	if (t)
		return t;
	if ((kind == THING_WISH && journey_count_things(j, kind) >= WISHES_MAX) ||
		(kind == THING_VIEW && journey_count_things(j, kind) >= VIEWS_MAX))
		journey_drop_thing(j, kind);
	if (j->n_things >= JOURNEY_THINGS_MAX)
		journey_drop_thing(j, THING_KIND_COUNT);
	return journey_insert_thing(j, kind, id);
}

struct thing *journey_insert_thing(struct journey *j, enum thing_kind kind, struct span id)
{
	struct text copy = {.ptr = NULL};
	struct thing *t;

	if (text_set(&copy, id) < 0)
		return NULL;
	t = list_insert((void **)&j->things, j->n_things, &j->cap_things, sizeof(*t),
		thing_place(j, kind, id));
	if (!t) {
		text_release(&copy);
		return NULL;
	}
	thing_init(t, kind);
	t->id = copy;
	j->n_things++;
	return t;
}

/* ---- consents ---------------------------------------------------------------------------- */

void journey_remove_consent(struct journey *j, size_t index)
{
	consent_release(&j->consents[index]);
	j->n_consents--;
	list_remove(j->consents, j->n_consents, sizeof(*j->consents), index);
}

/* The oldest that is no withdrawal, and not the customer's of all topics. False if there is none.
 */
bool journey_drop_consent(struct journey *j)
{
	size_t victim = j->n_consents;

	for (size_t i = 0; i < j->n_consents; i++) {
		const struct consent *c = &j->consents[i];

		if (c->word == CONSENT_WITHDRAWN || c->topic.len + c->side.len == 0)
			continue;
		if (victim == j->n_consents || c->at < j->consents[victim].at)
			victim = i;
	}
	if (victim == j->n_consents)
		return false;
	journey_remove_consent(j, victim);
	return true;
}

struct consent *journey_add_consent(struct journey *j, struct span topic, uint32_t channel)
{
	return consent_add(j, (struct consent_name){.topic = topic, .channel = channel});
}

/* ---- addresses --------------------------------------------------------------------------- */

static int address_compare(const struct address *a, enum job_channel channel, struct span which)
{
	if (a->channel != channel)
		return a->channel < channel ? -1 : 1;
	return span_compare(text_span(a->which), which);
}

static size_t address_place(const struct journey *j, enum job_channel channel, struct span which)
{
	size_t at = j->n_addresses;

	while (at > 0 && address_compare(&j->addresses[at - 1], channel, which) >= 0)
		at--;
	return at;
}

struct address *journey_address(
	const struct journey *j, enum job_channel channel, struct span which)
{
	size_t at = address_place(j, channel, which);

	if (at == j->n_addresses || address_compare(&j->addresses[at], channel, which) != 0)
		return NULL;
	return &j->addresses[at];
}

static int64_t address_heard_at(const struct address *a)
{
	return int64_max(
		int64_max(a->hard_at, a->complained_at), int64_max(a->delivered_at, a->soft[0]));
}

void journey_remove_address(struct journey *j, size_t index)
{
	text_release(&j->addresses[index].which);
	j->n_addresses--;
	list_remove(j->addresses, j->n_addresses, sizeof(*j->addresses), index);
}

/* One where all was well, before one that is not to be written to; then the one not heard of for
 * longest. */
void journey_drop_address(struct journey *j)
{
	size_t victim = 0;

	for (size_t i = 1; i < j->n_addresses; i++) {
		const struct address *a = &j->addresses[i], *v = &j->addresses[victim];
		bool well = a->hard_at == INT64_MIN && a->complained_at == INT64_MIN;
		bool victim_well = v->hard_at == INT64_MIN && v->complained_at == INT64_MIN;

		if (well == victim_well ? address_heard_at(a) < address_heard_at(v) : well)
			victim = i;
	}
	journey_remove_address(j, victim);
}

struct address *journey_insert_address(
	struct journey *j, enum job_channel channel, struct span which)
{
	struct text copy = {.ptr = NULL};
	struct address *a;

	if (text_set(&copy, which) < 0)
		return NULL;
	a = list_insert((void **)&j->addresses, j->n_addresses, &j->cap_addresses, sizeof(*a),
		address_place(j, channel, which));
	if (!a) {
		text_release(&copy);
		return NULL;
	}
	a->channel = channel;
	a->which = copy;
	a->hard_at = a->delivered_at = a->complained_at = INT64_MIN;
	for (unsigned i = 0; i < ADDRESS_SOFT_MAX; i++)
		a->soft[i] = INT64_MIN;
	j->n_addresses++;
	return a;
}

struct address *journey_add_address(struct journey *j, enum job_channel channel, struct span which)
{
	struct address *a = journey_address(j, channel, which);

	if (a)
		return a;
	if (j->n_addresses >= JOURNEY_ADDRESSES_MAX)
		journey_drop_address(j);
	return journey_insert_address(j, channel, which);
}

/* ---- dates ------------------------------------------------------------------------------- */

static size_t date_place(const struct journey *j, struct span name)
{
	size_t at = j->n_dates;

	while (at > 0 && span_compare(text_span(j->dates[at - 1].name), name) >= 0)
		at--;
	return at;
}

struct date *journey_date(const struct journey *j, struct span name)
{
	size_t at = date_place(j, name);

	if (at == j->n_dates || !span_equal(text_span(j->dates[at].name), name))
		return NULL;
	return &j->dates[at];
}

void journey_remove_date(struct journey *j, size_t index)
{
	text_release(&j->dates[index].name);
	j->n_dates--;
	list_remove(j->dates, j->n_dates, sizeof(*j->dates), index);
}

/* Taken back before in force, then the oldest word. */
void journey_drop_date(struct journey *j)
{
	size_t victim = 0;

	for (size_t i = 1; i < j->n_dates; i++) {
		const struct date *a = &j->dates[i], *b = &j->dates[victim];

		if (a->removed == b->removed ? a->said_at < b->said_at : a->removed)
			victim = i;
	}
	journey_remove_date(j, victim);
}

struct date *journey_add_date(struct journey *j, struct span name)
{
	struct date *d = journey_date(j, name);

	if (d)
		return d;
	if (j->n_dates >= JOURNEY_DATES_MAX)
		journey_drop_date(j);
	return journey_insert_date(j, name);
}

struct date *journey_insert_date(struct journey *j, struct span name)
{
	struct text copy = {.ptr = NULL};
	struct date *d;

	if (text_set(&copy, name) < 0)
		return NULL;
	d = list_insert(
		(void **)&j->dates, j->n_dates, &j->cap_dates, sizeof(*d), date_place(j, name));
	if (!d) {
		text_release(&copy);
		return NULL;
	}
	d->name = copy;
	d->said_at = INT64_MIN;
	j->n_dates++;
	return d;
}

/* ---- sends ------------------------------------------------------------------------------- */

struct send *journey_send(const struct journey *j, const unsigned char job_id[16])
{
	for (size_t i = 0; i < j->n_sends; i++)
		if (memcmp(j->sends[i].job_id, job_id, sizeof(j->sends[i].job_id)) == 0)
			return &j->sends[i];
	return NULL;
}

void journey_remove_send(struct journey *j, size_t index)
{
	j->n_sends--;
	list_remove(j->sends, j->n_sends, sizeof(*j->sends), index);
}

/* What was released counts for nothing; else the oldest of the rule that has sent most, so that
 * the two of a rule that may send two in a year outlast a year of newsletters. */
static size_t least_send(const struct journey *j)
{
	size_t victim = 0, most = 0;

	for (size_t i = 0; i < j->n_sends; i++) {
		size_t n = 0;

		if (j->sends[i].state == SEND_RELEASED)
			return i;
		for (size_t k = i; k < j->n_sends; k++)
			n += j->sends[k].rule == j->sends[i].rule;
		if (n > most) {
			most = n;
			victim = i;
		}
	}
	return victim;
}

bool journey_add_send(struct journey *j, const struct send *send)
{
	size_t at = j->n_sends;
	struct send *s;

	while (at > 0 && (j->sends[at - 1].at > send->at ||
				 (j->sends[at - 1].at == send->at &&
					 memcmp(j->sends[at - 1].job_id, send->job_id,
						 sizeof(send->job_id)) > 0)))
		at--;
	s = list_insert((void **)&j->sends, j->n_sends, &j->cap_sends, sizeof(*s), at);
	if (!s)
		return false;
	*s = *send;
	j->n_sends++;
	if (j->n_sends > JOURNEY_SENDS_MAX)
		journey_remove_send(j, least_send(j));
	return true;
}

/* ---- profile ----------------------------------------------------------------------------- */

struct profile *journey_add_profile(struct journey *j)
{
	struct profile *p = j->profile;

	if (p)
		return p;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	for (unsigned i = 0; i < PROFILE_TEXT_COUNT; i++)
		p->texts[i].at = INT64_MIN;
	for (unsigned i = 0; i < PROFILE_NUMBER_COUNT; i++)
		p->numbers[i].at = INT64_MIN;
	for (unsigned i = 0; i < PROFILE_TIME_COUNT; i++)
		p->times[i] = TIME_NEVER;
	for (unsigned i = 0; i < PROFILE_FLAG_COUNT; i++)
		p->flag_at[i] = INT64_MIN;
	p->ranked_at = INT64_MIN;
	j->profile = p;
	return p;
}
