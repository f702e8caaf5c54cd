/* SPDX-License-Identifier: MIT */
/*
 * Since when? What the state keeps of a cart, an order, a case is when it opened and when it was
 * over, and from these the stage of every instant follows like that of now. So nothing has to be
 * written down when a stage changes, and news that comes late corrects the past too.
 *
 * Of a cart that was closed and is in use again, the earliest addition of what is in it counts.
 */
#include "stage_view.h"

#define NEW_CUSTOMER_MS (90 * MS_DAY)
#define YEAR_MS		(365 * MS_DAY)

static const struct period nothing = {TIME_NEVER, INT64_MIN};

/* ---- what was open ----------------------------------------------------------------------- */

static int64_t cart_ended_at(const struct cart *c)
{
	return int64_max(c->ordered_at, c->emptied_at);
}

/* Many shops' orders do not say which checkout they came from: the first one after it. */
static int64_t ordered_after(const struct journey *j, int64_t at)
{
	int64_t latest = j->profile ? j->profile->times[PROFILE_LAST_ORDER_AT] : TIME_NEVER;
	int64_t found = latest != TIME_NEVER && latest >= at ? latest : TIME_NEVER;

	for (size_t i = 0; i < j->n_orders_kept; i++)
		if (j->orders[i].at[MILESTONE_PLACED] >= at)
			found = int64_min(found, j->orders[i].at[MILESTONE_PLACED]);
	return found;
}

struct period stage_cart_period(const struct journey *j, const struct cart *c)
{
	int64_t end = cart_ended_at(c);

	/* Orders that name no cart end them all, each time anew. */
	if (end > c->last_at && c->added_at != INT64_MIN)
		end = int64_min(int64_min(end, c->last_at + CART_EXPIRES_MS),
			ordered_after(j, c->added_at));
	if (end == INT64_MIN || c->added_at == INT64_MIN || c->first_at >= end)
		return nothing;
	return (struct period){c->first_at, end};
}

/* Since it is in use, which it is now. */
static struct period cart_in_use(const struct cart *c)
{
	int64_t end = cart_ended_at(c), from = c->added_at;

	if (end == INT64_MIN || c->first_at > end)
		from = c->first_at;
	for (uint32_t i = 0; c->basket && end != INT64_MIN && i < c->basket->n_lines; i++) {
		const struct line *l = &c->basket->lines[i];

		if (l->said_at > end && line_is_in(l, c->basket, end))
			from = int64_min(from, l->said_at);
	}
	return (struct period){from, c->last_at + CART_EXPIRES_MS};
}

struct period stage_order_period(const struct order *o)
{
	return (struct period){o->at[MILESTONE_PLACED], order_over_at(o)};
}

/* A case that was opened again: until it was solved for the first time, as far as is known. */
struct period stage_thing_period(const struct thing *t)
{
	int64_t first = t->at[CASE_FIRST_OPENED], solved = t->at[CASE_SOLVED];

	if (t->kind == THING_CHECKOUT)
		return (struct period){t->at[CHECKOUT_STARTED],
			int64_min(t->at[CHECKOUT_ORDERED], t->touched_at + CART_EXPIRES_MS)};
	if (t->kind != THING_CASE || t->at[CASE_OPENED] == TIME_NEVER)
		return nothing;
	first = int64_min(first, t->at[CASE_OPENED]);
	return solved > first ? (struct period){first, solved} : nothing;
}

/* Since when a case is open that is. Solved at the very instant at which it was opened first, it
 * was open only since it was opened again. */
static int64_t case_from(const struct thing *t)
{
	int64_t first = int64_min(t->at[CASE_FIRST_OPENED], t->at[CASE_OPENED]);

	return t->at[CASE_SOLVED] >= first ? t->at[CASE_OPENED] : first;
}

static void add_period(struct stage_view *v, enum past_open open, struct period p)
{
	/* Clocks of senders may be some minutes ahead, and what they said is so already. */
	if (p.from != TIME_NEVER && p.from > v->now)
		p.from = v->now;
	if (p.from < p.to && v->n_periods < STAGE_PERIODS_MAX)
		v->periods[v->n_periods++] = (struct open_period){p, open};
}

static struct period ended(const struct stage_view *v, struct period p)
{
	p.to = int64_min(p.to, v->now);
	return p;
}

static void add_carts(struct stage_view *v)
{
	for (size_t i = 0; i < v->journey->n_carts; i++) {
		const struct cart *c = &v->journey->carts[i];

		add_period(v, PAST_SHOPPED, ended(v, stage_cart_period(v->journey, c)));
		if (cart_is_open(c))
			add_period(v, PAST_SHOPPED, cart_in_use(c));
	}
}

static void add_orders(struct stage_view *v)
{
	for (size_t i = 0; i < v->journey->n_orders_kept; i++) {
		const struct order *o = &v->journey->orders[i];
		struct period p = stage_order_period(o);

		add_period(v, PAST_AWAITED, order_is_open(o) ? p : ended(v, p));
	}
}

static void add_things(struct stage_view *v)
{
	const struct journey *j = v->journey;

	for (size_t i = 0; i < j->n_things && j->things[i].kind <= THING_CASE; i++) {
		const struct thing *t = &j->things[i];
		struct period p = stage_thing_period(t);
		int64_t ordered_at;

		if (t->kind == THING_CHECKOUT) {
			ordered_at = ordered_after(j, t->touched_at);
			p.to = int64_min(p.to, ordered_at);
			if (!thing_is_open(t) || ordered_at != TIME_NEVER)
				p = ended(v, p);
			add_period(v, PAST_SHOPPED, p);
		} else if (t->kind == THING_CASE) {
			add_period(v, PAST_RISK, ended(v, p));
			if (thing_is_open(t))
				add_period(v, PAST_RISK, (struct period){case_from(t), TIME_NEVER});
		}
	}
}

/* ---- words ------------------------------------------------------------------------------- */

static void add_word(struct stage_view *v, unsigned about, enum past_verdict verdict, int64_t at)
{
	if (at != INT64_MIN && at != TIME_NEVER)
		v->words[v->n_words++] = (struct past_word){int64_min(at, v->now), about, verdict};
}

/* What the profile has is the latest of each, and older than this list where that is empty. */
static void add_words(struct stage_view *v)
{
	const struct profile *p = v->journey->profile;
	const struct past *past = &v->journey->past;

	for (uint32_t i = 0; i < past->n_words; i++)
		add_word(v, past->words[i].about, (enum past_verdict)past->words[i].verdict,
			past->words[i].at);
	if (!p)
		return;
	for (unsigned i = 0; i <= PAST_TEXT; i++) {
		const struct amount *a = &p->numbers[journey_judged(i)];

		add_word(v, i, journey_judge(i, a->value), a->at);
	}
	add_word(v, PAST_REFERRED, PAST_GOOD, p->times[PROFILE_REFERRED_AT]);
	add_word(v, PAST_BLOCKED, p->flags >> PROFILE_BLOCKED & 1 ? PAST_BAD : PAST_FINE,
		p->flag_at[PROFILE_BLOCKED]);
	if (p->flags >> PROFILE_ERASED & 1)
		add_word(v, PAST_ERASED, PAST_BAD, p->flag_at[PROFILE_ERASED]);
}

/* The latest word about ABOUT that was said by AT; NULL: none. */
static const struct past_word *word_at(const struct stage_view *v, unsigned about, int64_t at)
{
	const struct past_word *found = NULL;

	for (size_t i = 0; i < v->n_words; i++) {
		const struct past_word *w = &v->words[i];

		if (w->about == about && w->at <= at &&
			(!found || w->at > found->at ||
				(w->at == found->at && w->verdict < found->verdict)))
			found = w;
	}
	return found;
}

static bool is_bad(const struct past_word *w)
{
	return w && w->verdict == PAST_BAD;
}

static bool is_detractor(const struct stage_view *v, int64_t at)
{
	const struct past_word *text = word_at(v, PAST_TEXT, at), *w;
	int64_t rated_at = INT64_MIN, text_at = text ? text->at : INT64_MIN;

	for (unsigned i = 0; i < PAST_RATED; i++)
		if ((w = word_at(v, i, at)))
			rated_at = int64_max(rated_at, w->at);
	if (int64_max(rated_at, text_at) < at - YEAR_MS)
		return false;
	if (text_at > rated_at)
		return is_bad(text);
	for (unsigned i = 0; i < PAST_RATED; i++)
		if ((w = word_at(v, i, at)) && w->at == rated_at && is_bad(w))
			return true;
	return false;
}

static bool is_advocate(const struct stage_view *v, int64_t at)
{
	for (unsigned i = 0; i <= PAST_REFERRED; i++) {
		const struct past_word *w = word_at(v, i, at);

		if (w && w->verdict == PAST_GOOD && w->at >= at - YEAR_MS)
			return true;
	}
	return false;
}

/* ---- at an instant ----------------------------------------------------------------------- */

static bool is_open(const struct stage_view *v, enum past_open open, int64_t at)
{
	for (size_t i = 0; i < v->n_periods; i++)
		if (v->periods[i].open == open && v->periods[i].period.from <= at &&
			at < v->periods[i].period.to)
			return true;
	return false;
}

/* Is it likely that they will not buy again? */
static bool is_doubtful(const struct stage_view *v, int64_t at)
{
	for (size_t i = 0; i < v->n_doubts; i++)
		if (v->doubts[i].from <= at && at < v->doubts[i].to)
			return true;
	return false;
}

/* For how long nothing was done by AT. */
static int64_t idle_at(const struct stage_view *v, int64_t at)
{
	int64_t last = INT64_MIN;

	for (size_t i = 0; i < v->n_runs; i++)
		if (v->runs[i].from <= at)
			last = int64_max(last, int64_min(v->runs[i].to, at));
	return last == INT64_MIN ? 0 : at - last;
}

/* Is it one at AT? What was cancelled when it was on its way already, and came, is. */
static bool stands(const struct stage_bought *b, int64_t at)
{
	bool came = b->delivered_at <= at && b->delivered_at > b->cancelled_at;

	return b->at <= at && b->refunded_at > at && (b->cancelled_at > at || came);
}

/* How many purchases stand at AT, and when the earliest of them was delivered. What is not kept any
 * more is taken to stand; it came before all that is, nobody knows when but the first. */
static uint64_t standing(const struct stage_view *v, int64_t at, int64_t *ret_delivered_at)
{
	const struct stage_bought *earliest = NULL;
	uint64_t n = 0;

	*ret_delivered_at = TIME_NEVER;
	for (size_t i = 0; i < v->n_bought; i++) {
		const struct stage_bought *b = &v->bought[i];

		if (!stands(b, at))
			continue;
		n++;
		if (!earliest || b->at < earliest->at)
			earliest = b;
	}
	if (v->n_gone == 0 && earliest)
		*ret_delivered_at = earliest->delivered_at;
	return n + (v->n_gone > 1 && at < v->kept_from ? 1 : v->n_gone);
}

/* Who has ordered, and has nothing open. */
static enum stage settled_stage(const struct stage_view *v, int64_t at)
{
	int64_t idle = idle_at(v, at), delivered_at;

	if (idle > v->lapse->lapsed_ms)
		return STAGE_LAPSED;
	if (idle > v->lapse->lapsing_ms)
		return STAGE_LAPSING;
	if (is_advocate(v, at))
		return STAGE_ADVOCATE;
	if (standing(v, at, &delivered_at) > 1)
		return STAGE_REPEAT;
	return delivered_at <= at && at - delivered_at < NEW_CUSTOMER_MS ? STAGE_NEW_CUSTOMER
									 : STAGE_ONE_TIME;
}

enum stage stage_view_at(const struct stage_view *v, int64_t at)
{
	if (word_at(v, PAST_ERASED, at))
		return STAGE_ERASED;
	if (is_bad(word_at(v, PAST_BLOCKED, at)))
		return STAGE_BLOCKED;
	if (is_open(v, PAST_RISK, at) || is_detractor(v, at))
		return STAGE_AT_RISK;
	/* Whom nothing is heard of any more is lapsing, which says the same and more. */
	if (is_doubtful(v, at) && idle_at(v, at) <= v->lapse->lapsing_ms)
		return STAGE_AT_RISK;
	if (is_open(v, PAST_AWAITED, at))
		return STAGE_CUSTOMER_AWAITING;
	if (is_open(v, PAST_SHOPPED, at))
		return STAGE_ACTIVE_SHOPPER;
	if (v->first_order_at > at)
		return v->named_at <= at ? STAGE_PROSPECT : STAGE_ANONYMOUS;
	return settled_stage(v, at);
}

/* ---- over time --------------------------------------------------------------------------- */

/* Up to AT from below, or behind it from above: the next instant at which anything may change. */
struct search {
	int64_t at;
	bool back;
	int64_t found; /* INT64_MIN, TIME_NEVER: none */
};

static void look_at(struct search *s, int64_t at)
{
	if (at == INT64_MIN || at == TIME_NEVER)
		return;
	if (s->back && at <= s->at)
		s->found = int64_max(s->found, at);
	else if (!s->back && at > s->at)
		s->found = int64_min(s->found, at);
}

static int64_t boundary(const struct stage_view *v, int64_t at, bool back)
{
	struct search s = {at, back, back ? INT64_MIN : TIME_NEVER};

	look_at(&s, v->journey->first_at);
	look_at(&s, v->named_at);
	look_at(&s, v->first_order_at);
	for (size_t i = 0; i < v->n_bought; i++) {
		look_at(&s, v->bought[i].at);
		look_at(&s, v->bought[i].cancelled_at);
		look_at(&s, v->bought[i].refunded_at);
		look_at(&s, v->bought[i].delivered_at);
		if (v->bought[i].delivered_at != TIME_NEVER)
			look_at(&s, v->bought[i].delivered_at + NEW_CUSTOMER_MS);
	}
	for (size_t i = 0; i < v->n_runs; i++) {
		look_at(&s, v->runs[i].from);
		look_at(&s, v->runs[i].to + v->lapse->lapsing_ms + 1);
		look_at(&s, v->runs[i].to + v->lapse->lapsed_ms + 1);
	}
	for (size_t i = 0; i < v->n_words; i++) {
		look_at(&s, v->words[i].at);
		look_at(&s, v->words[i].at + YEAR_MS + 1);
	}
	for (size_t i = 0; i < v->n_periods; i++) {
		look_at(&s, v->periods[i].period.from);
		look_at(&s, v->periods[i].period.to);
	}
	for (size_t i = 0; i < v->n_doubts; i++) {
		look_at(&s, v->doubts[i].from);
		look_at(&s, v->doubts[i].to);
	}
	return s.found;
}

struct stage_turn stage_view_turn(const struct stage_view *v, int64_t at)
{
	struct stage_turn turn = {stage_view_at(v, at), STAGE_COUNT, INT64_MIN};
	int64_t began_at = v->journey->first_at;

	for (int64_t b = boundary(v, at, true); b != INT64_MIN; b = boundary(v, b - 1, true)) {
		enum stage before;

		/* Before the first event there was nobody. */
		if (b <= began_at) {
			turn.at = int64_min(began_at, at);
			break;
		}
		before = stage_view_at(v, b - 1);
		if (before == turn.stage)
			continue;
		turn.at = b;
		turn.before = before;
		break;
	}
	return turn;
}

bool stage_view_next(const struct stage_view *v, int64_t after, struct stage_turn *ret_turn)
{
	enum stage before = stage_view_at(v, after);

	for (int64_t b = boundary(v, after, false); b != TIME_NEVER; b = boundary(v, b, false)) {
		enum stage stage = stage_view_at(v, b);

		if (stage == before)
			continue;
		*ret_turn = (struct stage_turn){stage, before, b};
		return true;
	}
	return false;
}

/* ---- the view ---------------------------------------------------------------------------- */

/* The purchases, as far as orders are kept. */
static void find_orders(struct stage_view *v)
{
	const struct journey *j = v->journey;
	const struct profile *p = j->profile;
	int64_t one = p ? p->times[PROFILE_FIRST_ORDER_AT] : TIME_NEVER;

	v->n_bought = 0;
	v->kept_from = v->now;
	for (size_t i = 0; i < j->n_orders_kept; i++) {
		const struct order *o = &j->orders[i];
		int64_t at = o->at[MILESTONE_PLACED];

		if (at == TIME_NEVER)
			continue;
		one = int64_min(one, at);
		v->kept_from = int64_min(v->kept_from, at);
		v->bought[v->n_bought++] = (struct stage_bought){int64_min(at, v->now),
			order_reached_at(o, MILESTONE_CANCELLED),
			order_reached_at(o, MILESTONE_REFUNDED),
			order_reached_at(o, MILESTONE_DELIVERED)};
	}
	v->n_gone = j->n_orders > v->n_bought ? j->n_orders - v->n_bought : 0;
	v->first_order_at = j->n_orders > 0 ? int64_min(one, v->now) : TIME_NEVER;
}

void stage_view_init(
	struct stage_view *v, const struct journey *j, const struct lapse *lapse, int64_t now)
{
	v->journey = j;
	v->lapse = lapse;
	v->now = now;
	v->n_runs = v->n_words = v->n_periods = 0;
	v->named_at = journey_named_at(j);
	if (v->named_at != TIME_NEVER)
		v->named_at = int64_min(v->named_at, now);
	for (uint32_t i = 0; i < j->past.n_runs; i++)
		v->runs[v->n_runs++] = j->past.runs[i];
	if (j->engaged_at != INT64_MIN)
		v->runs[v->n_runs++] = (struct period){j->engaged_at, j->engaged_at};
	find_orders(v);
	add_words(v);
	add_carts(v);
	add_orders(v);
	add_things(v);
	v->n_doubts = stage_doubts(&lapse->purchase, j, v->doubts);
	for (unsigned i = 0; i < PAST_OPEN_COUNT; i++)
		add_period(v, (enum past_open)i, j->past.dropped[i]);
}

enum stage journey_stage(const struct journey *j, const struct lapse *lapse, int64_t now)
{
	struct stage_view v;

	stage_view_init(&v, j, lapse, now);
	return stage_view_at(&v, now);
}

struct stage_turn journey_stage_turn(
	const struct journey *j, const struct lapse *lapse, int64_t now)
{
	struct stage_view v;

	stage_view_init(&v, j, lapse, now);
	return stage_view_turn(&v, now);
}
