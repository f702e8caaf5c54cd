/* SPDX-License-Identifier: MIT */
#include "journey_chance.h"

#include "chance_orders.h"
#include "chance_things.h"

#include "core/rule.h"

#define NOW INT64_C(1795281933643)

int64_t chance_instant(struct chance *c)
{
	static const int64_t strange[] = {
		TIME_NEVER, INT64_MIN, 0, 1, -1, TIME_NEVER - 1, INT64_MIN + 1, NOW, NOW - 1};

	switch (chance_below(c, 4)) {
	case 0:
		return strange[chance_below(c, ARRAY_SIZE(strange))];
	case 1:
		return (int64_t)chance_u64(c);
	default:
		return NOW - (int64_t)chance_below(c, 400) * 7 * MS_HOUR -
		       (int64_t)chance_below(c, 1000);
	}
}

struct span chance_text(struct chance *c, size_t max)
{
	static const char *const words[] = {"", "customer", "cart:C1", "order:O1", "cart_abandoned",
		"Order Completed", "Product Added", "Viewed Product", "EUR", "19.90", "x",
		"order:60762802b48bb6d256d55b013d115013", "kundin_\xc3\xbc"};
	static char ring[64][65536];
	static size_t next;
	char *to = ring[next++ % ARRAY_SIZE(ring)];
	size_t len;

	if (max > sizeof(ring[0]))
		max = sizeof(ring[0]);
	if (chance_below(c, 8)) {
		struct span word = span_str(words[chance_below(c, ARRAY_SIZE(words))]);

		memcpy(to, word.ptr, word.len);
		return span_of(to, word.len < max ? word.len : max);
	}
	len = chance_below(c, 16) ? chance_below(c, max < 64 ? max + 1 : 64) : max;
	for (size_t i = 0; i < len; i++)
		to[i] = (char)chance_u64(c);
	return span_of(to, len);
}

static uint32_t chance_number(struct chance *c)
{
	static const uint32_t usual[] = {0, 1, 2, 127, 128, UINT32_MAX};

	return chance_below(c, 2) ? usual[chance_below(c, ARRAY_SIZE(usual))]
				  : (uint32_t)chance_u64(c);
}

static void set(struct chance *c, struct text *t, size_t max)
{
	int r = text_set(t, chance_text(c, max));

	assert(r == 0);
}

static void fill_cart(struct chance *c, struct cart *cart)
{
	set(c, &cart->key, RULE_KEY_MAX);
	cart->first_at = chance_instant(c);
	cart->last_at = chance_instant(c);
	cart->added_at = chance_instant(c);
	cart->checkout_at = chance_instant(c);
	cart->ordered_at = chance_instant(c);
	cart->emptied_at = chance_instant(c);
}

static struct decimal chance_decimal(struct chance *c)
{
	struct decimal d = {(int64_t)(chance_u64(c) >> chance_below(c, 64)), 0};

	d.exponent = d.mantissa ? (int32_t)chance_below(c, 40) - 20 : 0;
	return d;
}

/* A time and its entry are kept in one number. */
static void fill_arming(struct chance *c, struct arming *a)
{
	a->at = chance_instant(c) / 32;
	a->entry = (uint32_t)chance_below(c, 32);
	a->deadline_at = chance_below(c, 2) ? TIME_NEVER : chance_instant(c);
	if (chance_below(c, 4) == 0)
		a->worth = chance_decimal(c);
	if (chance_below(c, 2) == 0)
		set(c, &a->by, INSTANCE_BY_MAX);
	if (chance_below(c, 2) == 0)
		set(c, &a->data, INSTANCE_DATA_MAX);
	if (chance_below(c, 4) == 0)
		set(c, &a->subject, CUSTOMER_MAX);
	if (chance_below(c, 4) == 0) {
		set(c, &a->giver, RULE_ID_MAX);
		if (a->giver.len > 0)
			set(c, &a->about, RULE_KEY_MAX);
		a->stands = chance_below(c, 2) == 0;
	}
}

static void fill_emission(struct chance *c, struct emission *m)
{
	m->episode = chance_number(c);
	m->step = chance_number(c);
	m->arming_at = chance_instant(c);
	m->anchor_at = chance_instant(c);
	m->deadline_at = chance_instant(c);
	if (chance_below(c, 2) == 0)
		set(c, &m->subject, CUSTOMER_MAX);
	if (chance_below(c, 2) == 0)
		set(c, &m->home, CUSTOMER_MAX);
	if (chance_below(c, 2) == 0)
		set(c, &m->told, INSTANCE_TOLD_MAX);
}

/* Before the latest one, to the first that there may be. */
static void fill_cancels(struct chance *c, struct instance *i)
{
	uint32_t n = 1 + (uint32_t)chance_below(c, INSTANCE_CANCELS_MAX);
	int64_t next = i->cancelled_at;

	if (next < INT64_MIN + 2 * (int64_t)n)
		return;
	i->cancels = calloc(n, sizeof(*i->cancels));
	assert(i->cancels);
	i->n_cancels = n;
	for (size_t k = n; k-- > 0;) {
		/* What is left is enough for those that come. */
		uint64_t room = (uint64_t)next - (uint64_t)INT64_MIN - 1 - k;

		next = (int64_t)((uint64_t)next - 1 -
				 chance_below(c, room) * (chance_below(c, 4) > 0));
		i->cancels[k] = next;
	}
}

/* In order of their deadlines. */
static void fill_taken(struct chance *c, struct instance *i)
{
	i->n_taken = 1 + (uint32_t)chance_below(c, INSTANCE_TAKEN_MAX);
	i->taken = calloc(i->n_taken, sizeof(*i->taken));
	assert(i->taken);
	for (size_t k = 0; k < i->n_taken; k++) {
		struct taken *t = &i->taken[k];
		int64_t at = chance_instant(c);

		t->epoch = chance_number(c);
		t->episode = chance_number(c);
		t->step = chance_number(c);
		t->deadline_at = k > 0 ? int64_max(at, t[-1].deadline_at) : at;
		t->arming_at = chance_instant(c);
		t->taken_at = chance_below(c, 2) == 0 ? INT64_MAX : chance_instant(c);
		if (chance_below(c, 2) == 0)
			set(c, &t->subject, CUSTOMER_MAX);
	}
}

/* It armed by itself, and was not handed over. */
static void fill_paused(struct chance *c, struct instance *i)
{
	struct paused *p = calloc(1, sizeof(*p));

	assert(p);
	i->paused = p;
	fill_arming(c, &p->what);
	p->what.at = chance_instant(c);
	p->what.entry = 0;
	p->since_at = chance_instant(c);
	text_release(&p->what.giver);
	text_release(&p->what.about);
	if (p->what.by.len == 0 && text_set(&p->what.by, SPAN_LIT("Product Added")) < 0)
		abort();
}

static void fill_moments(struct chance *c, struct instance *i)
{
	i->n_moments = 1 + (uint32_t)chance_below(c, INSTANCE_MOMENTS_MAX);
	i->moments = calloc(i->n_moments, sizeof(*i->moments));
	assert(i->moments);
	for (size_t k = 0; k < i->n_moments; k++) {
		i->moments[k].at = chance_instant(c);
		i->moments[k].what = (uint32_t)chance_below(c, MOMENT_KINDS);
	}
}

/* What few instances have: each by itself, so that every mixture comes up. */
static void fill_extras(struct chance *c, struct instance *i)
{
	if (chance_below(c, 4) == 0)
		i->version = chance_u64(c) >> chance_below(c, 64);
	if (chance_below(c, 4) == 0) {
		i->deferred_until = chance_instant(c);
		i->due_at = chance_instant(c);
		i->gate = chance_number(c);
		i->reason = chance_number(c);
	}
	if (chance_below(c, 4) == 0)
		i->skipped_steps = chance_number(c);
	if (chance_below(c, 4) == 0)
		i->cools_until = chance_instant(c);
	if (chance_below(c, 4) == 0) {
		i->n_armings = 1 + (uint32_t)chance_below(c, INSTANCE_ARMINGS_MAX);
		i->armings = calloc(i->n_armings, sizeof(*i->armings));
		assert(i->armings);
		for (size_t k = 0; k < i->n_armings; k++)
			fill_arming(c, &i->armings[k]);
	}
	if (chance_below(c, 4) == 0)
		i->arming_at = chance_instant(c);
	if (chance_below(c, 4) == 0)
		i->last_arming_at = chance_instant(c);
	if (chance_below(c, 4) == 0)
		i->touch_at = chance_instant(c);
	i->floor_at = chance_below(c, 4) == 0 ? chance_instant(c) : i->floor_at;
	i->counted = chance_below(c, 4) == 0;
	if (chance_below(c, 4) == 0)
		fill_moments(c, i);
	if (chance_below(c, 4) == 0) {
		i->n_earlier = 1 + (uint32_t)chance_below(c, INSTANCE_EARLIER_MAX);
		i->earlier = calloc(i->n_earlier, sizeof(*i->earlier));
		assert(i->earlier);
		for (size_t k = 0; k < i->n_earlier; k++)
			fill_emission(c, &i->earlier[k]);
	}
	chance_jobs(c, i);
	if (chance_below(c, 4) == 0)
		fill_cancels(c, i);
	if (chance_below(c, 4) == 0)
		fill_taken(c, i);
	if (chance_below(c, 4) == 0)
		fill_paused(c, i);
	if (chance_below(c, 4) == 0)
		i->worth = chance_decimal(c);
	if (chance_below(c, 4) == 0)
		set(c, &i->superseded_by, INSTANCE_ENDED_BY_MAX);
	if (chance_below(c, 4) == 0)
		set(c, &i->told, INSTANCE_TOLD_MAX);
	if (chance_below(c, 4) == 0)
		set(c, &i->subject, CUSTOMER_MAX);
	if (chance_below(c, 4) == 0) {
		set(c, &i->last_subject, CUSTOMER_MAX);
		set(c, &i->home, CUSTOMER_MAX);
	}
}

static void fill_note(struct chance *c, struct journey *j)
{
	struct span rule = chance_text(c, RULE_ID_MAX);
	struct note *n = journey_add_note(j, rule.len ? rule : SPAN_LIT("r"));

	assert(n);
	n->reason = (enum note_reason)chance_below(c, NOTE_REASON_COUNT);
	n->at = chance_instant(c);
	n->by_at = chance_instant(c);
	set(c, &n->by, INSTANCE_BY_MAX);
	set(c, &n->words, NOTE_WORDS_MAX);
}

static void fill_instance(struct chance *c, struct instance *i)
{
	set(c, &i->rule, RULE_ID_MAX);
	set(c, &i->key, RULE_KEY_MAX);
	set(c, &i->by, 32768);
	set(c, &i->data, INSTANCE_DATA_MAX);
	i->state = (enum instance_state)chance_below(c, INSTANCE_CLOSED + 1);
	i->outcome = (enum outcome)chance_below(c, OUTCOME_COUNT);
	i->epoch = chance_number(c);
	i->episode = chance_number(c);
	i->step = chance_number(c);
	i->emitted = chance_number(c);
	i->last_episode = chance_number(c);
	i->last_step = chance_number(c);
	i->anchor_at = chance_instant(c);
	i->armed_at = chance_instant(c);
	i->deadline_at = chance_instant(c);
	i->fire_at = chance_instant(c);
	i->cancelled_at = chance_instant(c);
	i->last_deadline_at = chance_instant(c);
	i->last_anchor_at = chance_instant(c);
	i->until_at = chance_instant(c);
	i->touched_at = chance_instant(c);
	if (chance_below(c, 4) == 0) {
		set(c, &i->missing, MARK_SOURCE_MAX);
		i->held_at = i->missing.len ? chance_instant(c) : 0;
	}
	fill_extras(c, i);
}

struct journey *chance_journey(struct chance *c, size_t size)
{
	struct span customer = chance_text(c, CUSTOMER_MAX);
	struct journey *j;
	int r = journey_new(customer.len ? customer : SPAN_LIT("cust_42"), &j);

	assert(r == 0);
	set(c, &j->user_id, CUSTOMER_MAX);
	if (chance_below(c, 2))
		r = text_set(&j->user_id, text_span(j->customer));
	assert(r == 0);
	set(c, &j->anonymous_id, CUSTOMER_MAX);
	for (unsigned i = 0; i < TRAIT_COUNT; i++) {
		set(c, &j->traits[i], TRAIT_MAX);
		j->trait_at[i] = chance_instant(c);
	}
	j->n_events = chance_u64(c) >> chance_below(c, 64);
	j->n_orders = chance_u64(c) >> chance_below(c, 64);
	j->first_at = chance_instant(c);
	j->last_at = chance_instant(c);
	j->engaged_at = chance_instant(c);
	j->received_at = chance_instant(c);
	j->due_at = chance_instant(c);
	for (size_t n = chance_below(c, size + 1); n > 0 && j->n_carts < JOURNEY_CARTS_MAX; n--)
		fill_cart(c, journey_add_cart(j, SPAN_LIT("k")));
	for (size_t n = chance_below(c, size + 1); n > 0 && j->n_orders_kept < JOURNEY_ORDERS_MAX;
		n--)
		chance_order(c, journey_add_order(j, SPAN_LIT("o")));
	for (size_t n = chance_below(c, size + 1); n > 0 && j->n_instances < JOURNEY_INSTANCES_MAX;
		n--)
		fill_instance(c, journey_add_instance(j, SPAN_LIT("r"), SPAN_LIT("k")));
	for (size_t n = chance_below(c, 2) ? 0 : chance_below(c, size + 1); n > 0; n--)
		fill_note(c, j);
	chance_things(c, j, size);
	return j;
}

static void fill_decision(struct chance *c, struct decision *d)
{
	d->outcome = (enum outcome)chance_below(c, OUTCOME_COUNT);
	d->rule = chance_text(c, RULE_ID_MAX);
	d->epoch = chance_number(c);
	d->key = chance_text(c, RULE_KEY_MAX);
	d->episode = chance_number(c);
	d->step = chance_text(c, RULE_ID_MAX);
	d->at = chance_instant(c);
	d->anchor_at = chance_instant(c);
	d->armed_at = chance_instant(c);
	d->deadline_at = chance_instant(c);
	d->fire_at = chance_instant(c);
	d->by = chance_text(c, 32768);
	d->by_at = chance_instant(c);
	d->late = chance_below(c, 2);
	d->data = chance_text(c, INSTANCE_DATA_MAX);
	if (chance_below(c, 2))
		return;
	if (chance_below(c, 2)) {
		d->gate = chance_number(c);
		d->reason = chance_number(c);
	}
	if (chance_below(c, 2))
		d->until = chance_instant(c);
	d->channel = chance_text(c, 8);
	if (chance_below(c, 2)) {
		d->likelihood = chance_decimal(c);
		d->impact = chance_decimal(c);
		d->priority = (enum priority_class)chance_below(c, PRIORITY_HIGH + 1);
	}
	if (chance_below(c, 2))
		d->version = chance_u64(c);
	d->words = chance_text(c, 300);
	d->subject = chance_text(c, CUSTOMER_MAX);
}

struct timeline_entry chance_entry(struct chance *c)
{
	struct timeline_entry e = {.kind = chance_below(c, 3) ? ENTRY_EVENT : ENTRY_DECISION};

	e.id.ms = chance_below(c, 8) ? (uint64_t)NOW - chance_below(c, 100000) : chance_u64(c);
	e.id.seq = chance_below(c, 4) ? chance_below(c, 3) : UINT64_MAX;
	e.nth = chance_number(c);
	e.at = chance_instant(c);
	if (e.kind == ENTRY_DECISION) {
		fill_decision(c, &e.decision);
		return e;
	}
	e.type = (enum event_type)chance_below(c, EVENT_ALIAS + 1);
	e.channel = (enum channel)chance_below(c, CHANNEL_COUNT);
	e.flags = (unsigned)chance_below(c, 8);
	e.name = chance_text(c, 32768);
	e.original = chance_text(c, 32768);
	e.source = chance_text(c, 128);
	e.message_id = chance_text(c, MESSAGE_ID_MAX);
	e.user_id = chance_text(c, CUSTOMER_MAX);
	e.anonymous_id = chance_text(c, CUSTOMER_MAX);
	e.properties = chance_text(c, 32768);
	return e;
}
