/* SPDX-License-Identifier: MIT */
/* The journey's memory: its lists, their bounds, and what may be dropped when one is full. */
#include "core/journey.h"

#include "core/tally.h"

#include "list.h"
#include "stage_view.h"

static const char *const outcomes[OUTCOME_COUNT] = {
#define X(ID, NAME) [OUTCOME_##ID] = (NAME),
	OUTCOMES(X)
#undef X
};

static const char *const note_reasons[NOTE_REASON_COUNT] = {
#define X(ID, NAME) [NOTE_##ID] = (NAME),
	NOTE_REASONS(X)
#undef X
};

struct span outcome_name(enum outcome o)
{
	return span_str(outcomes[o]);
}

struct span note_reason_name(enum note_reason reason)
{
	return span_str(note_reasons[reason]);
}

int text_set(struct text *t, struct span s)
{
	char *copy = NULL;

	if (span_equal(text_span(*t), s))
		return 0;
	/* Ids and names are mostly followed by others as long. */
	if (s.len > 0 && s.len <= t->len && !t->shared) {
		memmove(t->ptr, s.ptr, s.len);
		t->len = (uint32_t)s.len;
		return 0;
	}
	if (s.len > 0) {
		assert(s.len <= UINT32_MAX);
		copy = malloc(s.len);
		if (!copy)
			return -ENOMEM;
		memcpy(copy, s.ptr, s.len);
	}
	text_release(t);
	*t = (struct text){.ptr = copy, .len = (uint32_t)s.len};
	return 0;
}

void text_share(struct text *t, struct span s)
{
	assert(s.len <= UINT32_MAX);
	text_release(t);
	if (s.len > 0) /* the bytes stay constant: that is what the flag is for */
		*t = (struct text){(char *)(uintptr_t)s.ptr, (uint32_t)s.len, 1};
}

void text_release(struct text *t)
{
	if (!t->shared)
		free(t->ptr);
	*t = (struct text){.ptr = NULL};
}

int journey_new(struct span customer, struct journey **ret_journey)
{
	struct journey *j;

	if (journey_new_over(customer, &j) < 0)
		return -ENOMEM;
	text_share(&j->customer, span_of(j->room, customer.len));
	*ret_journey = j;
	return 0;
}

int journey_new_over(struct span bytes, struct journey **ret_journey)
{
	struct journey *j = malloc(sizeof(*j) + bytes.len);

	if (!j)
		return -ENOMEM;
	memset(j, 0, sizeof(*j));
	if (bytes.len > 0)
		memcpy(j->room, bytes.ptr, bytes.len);
	for (unsigned i = 0; i < TRAIT_COUNT; i++)
		j->trait_at[i] = INT64_MIN;
	j->first_at = TIME_NEVER;
	j->last_at = INT64_MIN;
	j->engaged_at = INT64_MIN;
	j->more_at = INT64_MIN;
	past_init(&j->past);
	j->received_at = INT64_MIN;
	j->due_at = TIME_NEVER;
	j->anonymous_at = INT64_MIN;
	j->web_active_at = INT64_MIN;
	*ret_journey = j;
	return 0;
}

static void cart_release(struct cart *c)
{
	text_release(&c->key);
	c->basket = basket_free(c->basket);
}

static void order_release(struct order *o)
{
	text_release(&o->id);
	text_release(&o->total);
	text_release(&o->currency);
	for (size_t i = 0; i < o->n_parcels; i++)
		text_release(&o->parcels[i].id);
	free(o->parcels);
	o->basket = basket_free(o->basket);
}

void arming_release(struct arming *a)
{
	text_release(&a->by);
	text_release(&a->data);
	text_release(&a->subject);
	text_release(&a->giver);
	text_release(&a->about);
}

void emission_release(struct emission *m)
{
	text_release(&m->subject);
	text_release(&m->home);
	text_release(&m->told);
}

void taken_release(struct taken *t)
{
	text_release(&t->subject);
}

struct paused *paused_free(struct paused *p)
{
	if (p)
		arming_release(&p->what);
	free(p);
	return NULL;
}

static void instance_release(struct instance *i)
{
	text_release(&i->rule);
	text_release(&i->key);
	text_release(&i->by);
	text_release(&i->data);
	text_release(&i->missing);
	text_release(&i->superseded_by);
	text_release(&i->told);
	text_release(&i->subject);
	text_release(&i->last_subject);
	text_release(&i->home);
	for (size_t n = 0; n < i->n_armings; n++)
		arming_release(&i->armings[n]);
	free(i->armings);
	for (size_t n = 0; n < i->n_earlier; n++)
		emission_release(&i->earlier[n]);
	free(i->earlier);
	free(i->moments);
	free(i->cancels);
	for (size_t n = 0; n < i->n_taken; n++)
		taken_release(&i->taken[n]);
	free(i->taken);
	i->paused = paused_free(i->paused);
	spent_release(i);
	i->fallback = fallback_free(i->fallback);
}

static void note_release(struct note *n)
{
	text_release(&n->rule);
	text_release(&n->by);
	text_release(&n->words);
}

struct journey *journey_free(struct journey *j)
{
	if (!j)
		return NULL;
	tally_release(j);
	text_release(&j->customer);
	text_release(&j->user_id);
	text_release(&j->anonymous_id);
	for (unsigned i = 0; i < TRAIT_COUNT; i++)
		text_release(&j->traits[i]);
	for (size_t i = 0; i < j->n_carts; i++)
		cart_release(&j->carts[i]);
	for (size_t i = 0; i < j->n_orders_kept; i++)
		order_release(&j->orders[i]);
	for (size_t i = 0; i < j->n_instances; i++)
		instance_release(&j->instances[i]);
	for (size_t i = 0; i < j->n_notes; i++)
		note_release(&j->notes[i]);
	journey_lists_release(j);
	free(j->notes);
	free(j->carts);
	free(j->orders);
	free(j->instances);
	free(j);
	return NULL;
}

void journey_freep(struct journey **j)
{
	*j = journey_free(*j);
}

struct cart *journey_cart(const struct journey *j, struct span key)
{
	for (size_t i = 0; i < j->n_carts; i++)
		if (span_equal(text_span(j->carts[i].key), key))
			return &j->carts[i];
	return NULL;
}

struct order *journey_order(const struct journey *j, struct span id)
{
	for (size_t i = 0; i < j->n_orders_kept; i++)
		if (span_equal(text_span(j->orders[i].id), id))
			return &j->orders[i];
	return NULL;
}

struct instance *journey_instance(const struct journey *j, struct span rule, struct span key)
{
	for (size_t i = 0; i < j->n_instances; i++)
		if (span_equal(text_span(j->instances[i].key), key) &&
			span_equal(text_span(j->instances[i].rule), rule))
			return &j->instances[i];
	return NULL;
}

static size_t cart_place(const struct journey *j, struct span key)
{
	size_t at = j->n_carts;

	while (at > 0 && span_compare(text_span(j->carts[at - 1].key), key) > 0)
		at--;
	return at;
}

static size_t order_place(const struct journey *j, struct span id)
{
	size_t at = j->n_orders_kept;

	while (at > 0 && span_compare(text_span(j->orders[at - 1].id), id) > 0)
		at--;
	return at;
}

static size_t instance_place(const struct journey *j, struct span rule, struct span key)
{
	size_t at = j->n_instances;

	while (at > 0) {
		const struct instance *i = &j->instances[at - 1];
		int c = span_compare(text_span(i->rule), rule);

		if (c < 0 || (c == 0 && span_compare(text_span(i->key), key) < 0))
			break;
		at--;
	}
	return at;
}

void journey_remove_cart(struct journey *j, size_t index)
{
	past_drop(&j->past, PAST_SHOPPED, stage_cart_period(j, &j->carts[index]));
	cart_release(&j->carts[index]);
	j->n_carts--;
	memmove(&j->carts[index], &j->carts[index + 1], (j->n_carts - index) * sizeof(*j->carts));
}

void journey_remove_order(struct journey *j, size_t index)
{
	past_drop(&j->past, PAST_AWAITED, stage_order_period(&j->orders[index]));
	order_release(&j->orders[index]);
	j->n_orders_kept--;
	memmove(&j->orders[index], &j->orders[index + 1],
		(j->n_orders_kept - index) * sizeof(*j->orders));
}

/* Closed before open, oldest first. */
void journey_drop_cart(struct journey *j)
{
	size_t victim = 0;

	for (size_t i = 1; i < j->n_carts; i++) {
		bool open = cart_is_open(&j->carts[i]);
		bool victim_open = cart_is_open(&j->carts[victim]);

		if (open == victim_open ? j->carts[i].last_at < j->carts[victim].last_at : !open)
			victim = i;
	}
	journey_remove_cart(j, victim);
}

struct cart *journey_add_cart(struct journey *j, struct span key)
{
	if (j->n_carts == JOURNEY_CARTS_MAX)
		journey_drop_cart(j);
	return journey_insert_cart(j, key);
}

struct cart *journey_insert_cart(struct journey *j, struct span key)
{
	struct text copy = {.ptr = NULL};
	struct cart *c;

	if (text_set(&copy, key) < 0)
		return NULL;
	c = list_insert(
		(void **)&j->carts, j->n_carts, &j->cap_carts, sizeof(*c), cart_place(j, key));
	if (!c) {
		text_release(&copy);
		return NULL;
	}
	c->key = copy;
	c->first_at = TIME_NEVER;
	c->last_at = c->added_at = c->checkout_at = c->ordered_at = c->emptied_at = INT64_MIN;
	j->n_carts++;
	return c;
}

void journey_drop_order(struct journey *j)
{
	size_t victim = 0;

	for (size_t i = 1; i < j->n_orders_kept; i++) {
		bool open = order_is_open(&j->orders[i]);
		bool victim_open = order_is_open(&j->orders[victim]);

		if (open == victim_open ? j->orders[i].touched_at < j->orders[victim].touched_at
					: !open)
			victim = i;
	}
	journey_remove_order(j, victim);
}

struct order *journey_add_order(struct journey *j, struct span id)
{
	if (j->n_orders_kept == JOURNEY_ORDERS_MAX)
		journey_drop_order(j);
	return journey_insert_order(j, id);
}

struct order *journey_insert_order(struct journey *j, struct span id)
{
	struct text copy = {.ptr = NULL};
	struct order *o;

	if (text_set(&copy, id) < 0)
		return NULL;
	o = list_insert((void **)&j->orders, j->n_orders_kept, &j->cap_orders, sizeof(*o),
		order_place(j, id));
	if (!o) {
		text_release(&copy);
		return NULL;
	}
	o->id = copy;
	order_init(o);
	j->n_orders_kept++;
	return o;
}

void journey_remove_instance(struct journey *j, size_t index)
{
	instance_release(&j->instances[index]);
	j->n_instances--;
	memmove(&j->instances[index], &j->instances[index + 1],
		(j->n_instances - index) * sizeof(*j->instances));
}

/* Is it about the customer as a whole, or a day of theirs, and not about one cart or order? */
static bool is_of_customer(const struct instance *i)
{
	return memchr(i->key.ptr, ':', i->key.len) == NULL;
}

/*
 * The oldest that waits for nothing, as long as there are such that are about a thing: the customer
 * will be back, and the number of an episode, which names its jobs, must not begin anew. False if
 * all are armed.
 */
bool journey_drop_instance(struct journey *j)
{
	size_t victim = j->n_instances;

	for (size_t i = 0; i < j->n_instances; i++) {
		const struct instance *one = &j->instances[i];
		const struct instance *least =
			victim < j->n_instances ? &j->instances[victim] : one;

		if (one->state == INSTANCE_ARMED)
			continue;
		if (victim == j->n_instances ||
			(is_of_customer(one) == is_of_customer(least)
					? one->touched_at < least->touched_at
					: is_of_customer(least)))
			victim = i;
	}
	if (victim == j->n_instances)
		return false;
	journey_remove_instance(j, victim);
	return true;
}

struct instance *journey_add_instance(struct journey *j, struct span rule, struct span key)
{
	if (j->n_instances == JOURNEY_INSTANCES_MAX && !journey_drop_instance(j)) {
		errno = ENOSPC;
		return NULL;
	}
	errno = ENOMEM;
	return journey_insert_instance(j, rule, key);
}

struct instance *journey_insert_instance(struct journey *j, struct span rule, struct span key)
{
	struct text rule_copy = {.ptr = NULL}, key_copy = {.ptr = NULL};
	struct instance *i;

	if (text_set(&rule_copy, rule) < 0 || text_set(&key_copy, key) < 0) {
		text_release(&rule_copy);
		return NULL;
	}
	i = list_insert((void **)&j->instances, j->n_instances, &j->cap_instances, sizeof(*i),
		instance_place(j, rule, key));
	if (!i) {
		text_release(&rule_copy);
		text_release(&key_copy);
		return NULL;
	}
	i->rule = rule_copy;
	i->key = key_copy;
	i->fire_at = TIME_NEVER;
	i->anchor_at = i->arming_at = i->cancelled_at = i->touch_at = i->until_at = INT64_MIN;
	i->floor_at = INT64_MIN;
	i->last_deadline_at = i->last_anchor_at = i->last_arming_at = INT64_MIN;
	j->n_instances++;
	return i;
}

static size_t note_place(const struct journey *j, struct span rule)
{
	size_t at = j->n_notes;

	while (at > 0 && span_compare(text_span(j->notes[at - 1].rule), rule) > 0)
		at--;
	return at;
}

struct note *journey_note(const struct journey *j, struct span rule)
{
	size_t at = note_place(j, rule);

	if (at == 0 || !span_equal(text_span(j->notes[at - 1].rule), rule))
		return NULL;
	return &j->notes[at - 1];
}

void journey_remove_note(struct journey *j, size_t index)
{
	note_release(&j->notes[index]);
	j->n_notes--;
	memmove(&j->notes[index], &j->notes[index + 1], (j->n_notes - index) * sizeof(*j->notes));
}

void journey_drop_note(struct journey *j)
{
	size_t victim = 0;

	for (size_t i = 1; i < j->n_notes; i++)
		if (j->notes[i].at < j->notes[victim].at)
			victim = i;
	journey_remove_note(j, victim);
}

struct note *journey_add_note(struct journey *j, struct span rule)
{
	struct note *n = journey_note(j, rule);

	if (n)
		return n;
	if (j->n_notes == JOURNEY_NOTES_MAX)
		journey_drop_note(j);
	return journey_insert_note(j, rule);
}

struct note *journey_insert_note(struct journey *j, struct span rule)
{
	struct text copy = {.ptr = NULL};
	struct note *n;

	if (text_set(&copy, rule) < 0)
		return NULL;
	n = list_insert(
		(void **)&j->notes, j->n_notes, &j->cap_notes, sizeof(*n), note_place(j, rule));
	if (!n) {
		text_release(&copy);
		return NULL;
	}
	n->rule = copy;
	j->n_notes++;
	return n;
}

int64_t instance_due(const struct instance *i)
{
	int64_t due = i->state == INSTANCE_ARMED ? i->fire_at : TIME_NEVER;

	return i->fallback ? int64_min(due, i->fallback->fall_at) : due;
}

int64_t journey_next_due(const struct journey *j)
{
	int64_t next = TIME_NEVER;

	for (size_t i = 0; i < j->n_instances; i++)
		next = int64_min(next, instance_due(&j->instances[i]));
	return next;
}
