/* SPDX-License-Identifier: MIT */
/*
 * The list is in order of names, then epochs. An empty one says that all jobs so far were in the
 * journey's own name, as the count of episodes has them; it is filled in when the first job in
 * another one is made, or when a merge brings one.
 */
#include "core/spent.h"

#include "core/rule.h"

#include "absence_parts.h"
#include "list.h"

#define YEARS UINT32_C(10000) /* beyond any */

/* ---- the list ---------------------------------------------------------------------------- */

static int compare(const struct spent *s, struct span name, uint32_t epoch)
{
	int c = span_compare(text_span(s->name), name);

	return c ? c : s->epoch < epoch ? -1 : s->epoch > epoch;
}

int spent_compare(const struct spent *a, const struct spent *b)
{
	return compare(a, text_span(b->name), b->epoch);
}

static struct spent *find(const struct instance *i, struct span name, uint32_t epoch)
{
	for (uint32_t n = 0; n < i->n_spent; n++)
		if (compare(&i->spent[n], name, epoch) == 0)
			return &i->spent[n];
	return NULL;
}

static uint32_t greatest(const struct instance *i)
{
	uint32_t most = 0;

	for (uint32_t n = 0; n < i->n_spent; n++)
		if (i->spent[n].epoch == i->epoch && i->spent[n].number > most)
			most = i->spent[n].number;
	return most;
}

static void drop(struct instance *i, uint32_t n)
{
	text_release(&i->spent[n].name);
	i->n_spent--;
	list_remove(i->spent, i->n_spent, sizeof(*i->spent), n);
	if (i->n_spent > 0)
		return;
	free(i->spent);
	i->spent = NULL;
}

void spent_release(struct instance *i)
{
	while (i->n_spent > 0)
		drop(i, i->n_spent - 1);
}

static int add(struct instance *i, struct span name, uint32_t epoch, uint32_t number)
{
	struct spent one = {.epoch = epoch, .number = number};
	uint32_t at = 0;
	struct spent *more;

	if (text_set(&one.name, name) < 0)
		return -ENOMEM;
	more = realloc(i->spent, (i->n_spent + 1) * sizeof(*i->spent));
	if (!more) {
		text_release(&one.name);
		return -ENOMEM;
	}
	i->spent = more;
	while (at < i->n_spent && compare(&more[at], name, epoch) < 0)
		at++;
	memmove(more + at + 1, more + at, (i->n_spent - at) * sizeof(*more));
	more[at] = one;
	i->n_spent++;
	return 0;
}

/* Who has no place counts on from the greatest, which is then at least as great. */
static void keep_bound(struct instance *i)
{
	uint32_t most = greatest(i);

	if (i->n_spent <= INSTANCE_NAMES_MAX)
		return;
	while (i->n_spent > INSTANCE_NAMES_MAX)
		drop(i, i->n_spent - 1);
	if (greatest(i) < most) {
		i->spent[0].epoch = i->epoch;
		i->spent[0].number = most;
	}
}

static int put(struct instance *i, struct span name, uint32_t epoch, uint32_t number)
{
	struct spent *known = find(i, name, epoch);

	if (number == 0 || (known && known->number >= number))
		return 0;
	if (known)
		known->number = number;
	else if (add(i, name, epoch, number) < 0)
		return -ENOMEM;
	keep_bound(i);
	return 0;
}

/* ---- what it says ------------------------------------------------------------------------ */

/* All are of one name: the latest with a job. */
static uint32_t counted(const struct instance *i)
{
	return i->episode == 0 || absence_made(i) ? i->episode : i->episode - 1;
}

/* A job of I's epoch is known that was in NAME. */
static bool was_in(const struct instance *i, struct span name)
{
	for (uint32_t n = 0; n <= i->n_earlier; n++) {
		struct emission m = absence_emission(i, n);

		if (m.epoch == i->epoch && span_equal(text_span(m.subject), name))
			return true;
	}
	return false;
}

/* The latest with a job in NAME. */
static uint32_t latest(const struct instance *i, struct span name)
{
	const struct spent *known = find(i, name, i->epoch);

	if (i->n_spent == 0)
		return name.len == 0 || was_in(i, name) ? counted(i) : 0;
	if (known)
		return known->number;
	return i->n_spent == INSTANCE_NAMES_MAX ? greatest(i) : 0;
}

/* Says what an empty list means. Records from before there were lists may know jobs in other
 * names, which had the same count. */
static int say_all(struct instance *i)
{
	uint32_t number = counted(i);

	if (i->n_spent > 0 || number == 0)
		return 0;
	if (put(i, SPAN_EMPTY, i->epoch, number) < 0)
		return -ENOMEM;
	for (uint32_t n = 0; n <= i->n_earlier; n++) {
		struct emission m = absence_emission(i, n);

		if (m.epoch == i->epoch && put(i, text_span(m.subject), i->epoch, number) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* A yearly rule's number is the year, or one that ends in it (spent_note_year). */
static uint32_t of_year(const struct instance *i)
{
	const struct spent *known = find(i, text_span(i->subject), i->epoch);

	return known && known->number > YEARS && known->number % YEARS == i->episode ? known->number
										     : i->episode;
}

uint32_t spent_number(const struct rule *rule, const struct instance *i)
{
	if (i->number > 0)
		return i->number;
	if (rule && rule->calendar)
		return of_year(i);
	if (!rule || i->episode == 0 || absence_made(i))
		return i->episode;
	return latest(i, text_span(i->subject)) + 1;
}

uint32_t spent_by(const struct emission *m)
{
	return m->number > 0 ? m->number : m->episode;
}

/* ---- what changes it --------------------------------------------------------------------- */

static void drop_before(struct instance *i, uint32_t epoch)
{
	for (uint32_t n = i->n_spent; n > 0; n--)
		if (i->spent[n - 1].epoch < epoch)
			drop(i, n - 1);
}

void spent_begin(const struct rule *rule, struct instance *i)
{
	if (rule->epoch > i->epoch) {
		absence_past_settle(i);
		i->epoch = rule->epoch;
		i->episode = 0;
		drop_before(i, i->epoch);
	}
	if (i->episode == 0 || absence_made(i))
		i->episode++;
	i->number = 0;
}

static void set_number(struct instance *i, uint32_t number)
{
	i->number = number == i->episode ? 0 : number;
}

int spent_give(const struct rule *rule, struct instance *i)
{
	uint32_t number = spent_number(rule, i);

	if (rule->calendar)
		set_number(i, number);
	if (rule->calendar || absence_made(i) || (i->n_spent == 0 && i->subject.len == 0))
		return 0;
	if (say_all(i) < 0 || put(i, text_span(i->subject), i->epoch, number) < 0)
		return -ENOMEM;
	set_number(i, number);
	return 0;
}

uint32_t spent_way(const struct instance *i)
{
	struct emission m = absence_emission(i, 0);

	return i->fallback->number > 0 ? i->fallback->number : spent_by(&m);
}

/* What was noted for the year (spent_note_year), if that is behind NUMBER. */
static uint32_t next_of_year(const struct instance *i, struct span name, uint32_t number)
{
	const struct spent *known = find(i, name, i->epoch);

	return known && known->number > number && known->number % YEARS == number % YEARS
		       ? known->number
		       : number + YEARS;
}

int spent_again_way(const struct rule *rule, struct instance *i)
{
	struct span name = text_span(i->last_subject);
	uint32_t number;

	if (rule->calendar) {
		i->fallback->number = next_of_year(i, name, spent_way(i));
		return 0;
	}
	if (say_all(i) < 0)
		return -ENOMEM;
	number = latest(i, name) + 1;
	i->fallback->number = number;
	return put(i, name, i->epoch, number);
}

int spent_raise(struct instance *i, struct span name, uint32_t epoch, uint32_t number)
{
	if (epoch < i->epoch || (epoch == i->epoch && latest(i, name) >= number))
		return 0;
	return say_all(i) < 0 ? -ENOMEM : put(i, name, epoch, number);
}

int spent_again(struct instance *i)
{
	uint32_t number;

	if (say_all(i) < 0)
		return -ENOMEM;
	number = latest(i, text_span(i->subject)) + 1;
	if (put(i, text_span(i->subject), i->epoch, number) < 0)
		return -ENOMEM;
	set_number(i, number);
	return 0;
}

/* That of RULE for KEY; where there is none one that remembers nothing else. 0, -ENOMEM, or
 * -ENOSPC: so much waits that nothing is remembered. */
static int place(struct journey *j, const struct spent_key *k, struct instance **ret_instance)
{
	struct instance *i = journey_instance(j, k->rule, k->key);

	if (!i) {
		i = journey_add_instance(j, k->rule, k->key);
		if (!i)
			return errno == ENOSPC ? -ENOSPC : -ENOMEM;
		i->epoch = k->epoch;
		i->touched_at = k->at;
	}
	*ret_instance = i;
	return 0;
}

int spent_note(struct journey *j, const struct spent_key *k, struct span name, uint32_t number)
{
	struct instance *i;
	int r = place(j, k, &i);

	if (r == 0)
		r = spent_raise(i, name, k->epoch, number);
	return r == -ENOSPC ? 0 : r;
}

/* The same of a yearly rule: a year's number may be greater than one of a later year. */
static int note_year(
	struct journey *j, const struct spent_key *k, struct span name, uint32_t number)
{
	struct instance *i = journey_instance(j, k->rule, k->key);
	const struct spent *known = i ? find(i, name, k->epoch) : NULL;

	if (known && known->number % YEARS > number % YEARS)
		return 0;
	if (known && known->number % YEARS < number % YEARS)
		drop(i, (uint32_t)(known - i->spent));
	return spent_note(j, k, name, number);
}

int spent_note_year(struct journey *j, const struct spent_key *k, uint32_t number)
{
	return note_year(j, k, SPAN_EMPTY, number + YEARS);
}

bool spent_only(const struct instance *i)
{
	return i->n_spent > 0 && i->episode == 0 && i->n_armings == 0 && i->n_moments == 0 &&
	       i->cancelled_at == INT64_MIN && i->touch_at == INT64_MIN && !i->paused;
}

static bool is_between_steps(const struct instance *i)
{
	return i->state == INSTANCE_ARMED && i->emitted > 0;
}

/* What is left of an episode may have been given another number (spent_again, spent_again_way). */
static void take_number(struct journey *into, const struct instance *from)
{
	struct instance *i = journey_instance(into, text_span(from->rule), text_span(from->key));

	if (i && is_between_steps(i) && is_between_steps(from) && i->epoch == from->epoch &&
		i->episode == from->episode && i->step == from->step)
		i->number = from->number;
	if (i && i->fallback && from->fallback && i->last_epoch == from->last_epoch &&
		i->last_episode == from->last_episode && i->last_step == from->last_step)
		i->fallback->number = from->fallback->number;
}

int spent_take(const struct rules *rules, struct journey *into, const struct journey *from)
{
	int r = 0;

	for (size_t n = 0; n < from->n_instances; n++) {
		const struct instance *i = &from->instances[n];
		const struct rule *rule = rules_find(rules, text_span(i->rule));

		for (uint32_t k = 0; k < i->n_spent && r == 0; k++) {
			const struct spent_key key = {text_span(i->rule), text_span(i->key),
				i->spent[k].epoch, i->touched_at};

			r = (rule && rule->calendar ? note_year : spent_note)(
				into, &key, text_span(i->spent[k].name), i->spent[k].number);
		}
		take_number(into, i);
	}
	return r;
}

/* ---- two who are one --------------------------------------------------------------------- */

/* Who FROM's jobs are called after, as one of the WINNER's. */
static struct span name_of(struct text from, struct span loser, struct span winner)
{
	struct span name = from.len ? text_span(from) : loser;

	return span_equal(name, winner) ? SPAN_EMPTY : name;
}

int spent_copy(
	struct instance *to, const struct instance *from, struct span loser, struct span winner)
{
	struct instance said = {.n_spent = 0};
	int r = 0;

	for (uint32_t n = 0; n < from->n_spent && r == 0; n++)
		r = put(to, name_of(from->spent[n].name, loser, winner), from->spent[n].epoch,
			from->spent[n].number);
	if (r < 0 || from->n_spent > 0)
		return r;
	said = *from;
	r = say_all(&said);
	for (uint32_t n = 0; n < said.n_spent && r == 0; n++)
		r = put(to, name_of(said.spent[n].name, loser, winner), said.spent[n].epoch,
			said.spent[n].number);
	spent_release(&said);
	return r;
}

int spent_join(struct instance *into, struct instance *from)
{
	if (say_all(into) < 0 || say_all(from) < 0)
		return -ENOMEM;
	for (uint32_t n = 0; n < from->n_spent; n++)
		if (put(into, text_span(from->spent[n].name), from->spent[n].epoch,
			    from->spent[n].number) < 0)
			return -ENOMEM;
	if (into->number == 0 && absence_made(into))
		into->number = into->episode;
	return 0;
}

void spent_joined(struct instance *into)
{
	drop_before(into, into->epoch);
	if (into->state != INSTANCE_ARMED || into->number == into->episode)
		into->number = 0;
	if (into->n_spent == 1 && into->spent[0].name.len == 0 &&
		into->spent[0].epoch == into->epoch && into->spent[0].number == counted(into))
		spent_release(into);
}

int spent_settle(struct instance *i)
{
	struct instance said = {.spent = i->spent, .n_spent = i->n_spent};
	int r = 0;

	i->spent = NULL;
	i->n_spent = 0;
	for (uint32_t n = 0; n < said.n_spent && r == 0; n++)
		r = put(i, text_span(said.spent[n].name), said.spent[n].epoch,
			said.spent[n].number);
	spent_release(&said);
	return r;
}
