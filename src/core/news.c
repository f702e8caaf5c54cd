/* SPDX-License-Identifier: MIT */
/* What is followed is read off the journey before and after each input; only the difference is
 * written. */
#include "core/news.h"

#include "core/detail.h"
#include "core/field.h"

#include "fold.h"

enum news_about news_about(enum event_kind kind)
{
	switch ((int)kind) {
	case EVENT_STOCK_CHANGED:
	case EVENT_PRICE_CHANGED:
	case EVENT_ITEM_UNAVAILABLE:
		return NEWS_OF_PRODUCT;
	case EVENT_INCIDENT_STARTED:
	case EVENT_INCIDENT_ENDED:
		return NEWS_OF_SITE;
	default:
		return NEWS_OF_NOTHING;
	}
}

bool news_in_turn(const struct event *event)
{
	struct decimal stock;

	return event->kind == EVENT_STOCK_CHANGED &&
	       value_decimal(event_detail(event, DETAIL_STOCK), &stock) && stock.mantissa > 0;
}

bool news_is_key(struct span key)
{
	return span_starts(key, NEWS_PRODUCT) || span_starts(key, SPAN_LIT("site:"));
}

struct span news_product_key(struct span id, struct arena *a)
{
	struct span prefix = NEWS_PRODUCT;
	char *key = arena_alloc(a, prefix.len + id.len);

	if (!key)
		return SPAN_EMPTY;
	memcpy(key, prefix.ptr, prefix.len);
	memcpy(key + prefix.len, id.ptr, id.len);
	return span_of(key, prefix.len + id.len);
}

int news_keys(const struct event *event, struct arena *a, struct span ret_keys[NEWS_KEYS_MAX],
	size_t *ret_n)
{
	const struct span ids[] = {value_id(event_detail(event, DETAIL_SKU), ENTITY_MAX),
		value_id(event_field(event, FIELD_PRODUCT_ID), ENTITY_MAX)};
	size_t n = 0;

	_Static_assert(ARRAY_SIZE(ids) == NEWS_KEYS_MAX, "each may be a key");
	if (news_about(event->kind) == NEWS_OF_SITE) {
		ret_keys[n++] = NEWS_SITE;
	} else {
		for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
			if (ids[i].len == 0 || (i > 0 && span_equal(ids[i], ids[0])))
				continue;
			ret_keys[n] = news_product_key(ids[i], a);
			if (ret_keys[n++].len == 0)
				return -ENOMEM;
		}
	}
	*ret_n = n;
	return 0;
}

/* Of a watch the name may be the product's. */
int news_named(const struct event *event, news_product_fn *fn, void *user)
{
	const struct span ids[] = {value_id(event_detail(event, DETAIL_SKU), ENTITY_MAX),
		value_id(event_field(event, FIELD_PRODUCT_ID), ENTITY_MAX),
		value_id(event_detail(event, DETAIL_WATCH_ID), ENTITY_MAX)};
	size_t n = event->details ? event->details->n_products : 0;
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(ids) && r == 0; i++)
		r = ids[i].len > 0 ? fn(user, ids[i]) : 0;
	for (size_t i = 0; i < n && r == 0; i++) {
		const struct product *p = &event->details->products[i];

		r = p->sku.len > 0 ? fn(user, p->sku) : 0;
		if (r == 0 && p->id.len > 0)
			r = fn(user, p->id);
	}
	return r;
}

static int name_both(struct text one, struct text other, news_product_fn *fn, void *user)
{
	int r = one.len > 0 ? fn(user, text_span(one)) : 0;

	return r == 0 && other.len > 0 ? fn(user, text_span(other)) : r;
}

static int name_lines(const struct basket *b, news_product_fn *fn, void *user)
{
	int r = 0;

	for (size_t i = 0; b && i < b->n_lines && r == 0; i++)
		r = name_both(b->lines[i].key, b->lines[i].id, fn, user);
	return r;
}

int news_kept(const struct journey *j, news_product_fn *fn, void *user)
{
	int r = 0;

	for (size_t i = 0; i < j->n_things && r == 0; i++)
		if (j->things[i].kind == THING_WATCH || j->things[i].kind == THING_WISH ||
			j->things[i].kind == THING_VIEW)
			r = name_both(j->things[i].id, j->things[i].about, fn, user);
	for (size_t i = 0; i < j->n_carts && r == 0; i++)
		r = name_lines(j->carts[i].basket, fn, user);
	for (size_t i = 0; i < j->n_orders_kept && r == 0; i++)
		r = name_lines(j->orders[i].basket, fn, user);
	return r;
}

/* ---- who follows -------------------------------------------------------------------------- */

struct follower {
	struct span list[NEWS_FOLLOWED_MAX]; /* in order */
	size_t n;
	bool full;
};

/* The place of ID, or where it would be. */
static size_t place_of(const struct follower *f, struct span id, bool *ret_there)
{
	size_t from = 0, until = f->n;

	*ret_there = false;
	while (from < until && !*ret_there) {
		size_t middle = from + (until - from) / 2;
		int c = span_compare(f->list[middle], id);

		*ret_there = c == 0;
		if (c < 0)
			from = middle + 1;
		else
			until = middle;
	}
	return *ret_there ? until : from;
}

static void add(struct follower *f, struct span id)
{
	bool there;
	size_t i;

	if (id.len == 0)
		return;
	i = place_of(f, id, &there);
	if (there)
		return;
	if (f->n == NEWS_FOLLOWED_MAX) {
		f->full = true;
		return;
	}
	memmove(f->list + i + 1, f->list + i, (f->n - i) * sizeof(f->list[0]));
	f->list[i] = id;
	f->n++;
}

/* Those of KIND that are open. They stand in order of their kinds. */
static void add_things(struct follower *f, const struct journey *j, enum thing_kind kind)
{
	for (size_t i = 0; i < j->n_things && j->things[i].kind <= kind; i++) {
		const struct thing *t = &j->things[i];

		if (t->kind != kind || !thing_is_open(t))
			continue;
		add(f, text_span(t->id));
		add(f, text_span(t->about));
	}
}

static void add_cart(struct follower *f, const struct cart *c)
{
	int64_t gone_at = int64_max(c->ordered_at, c->emptied_at);

	if (!c->basket || !cart_is_open(c))
		return;
	for (size_t i = 0; i < c->basket->n_lines; i++) {
		const struct line *l = &c->basket->lines[i];

		if (!line_is_in(l, c->basket, gone_at))
			continue;
		add(f, text_span(l->key));
		add(f, text_span(l->id));
	}
}

/* Whoever waits for something hears that it cannot be had. */
static void add_order(struct follower *f, const struct order *o)
{
	if (!o->basket || !order_is_open(o))
		return;
	for (size_t i = 0; i < o->basket->n_lines; i++) {
		const struct line *l = &o->basket->lines[i];

		if (!line_is_in(l, o->basket, INT64_MIN))
			continue;
		add(f, text_span(l->key));
		add(f, text_span(l->id));
	}
}

/* Nobody can be told what they once looked at who is not known by any name. */
static bool is_known(const struct journey *j)
{
	return j->user_id.len > 0 || j->traits[TRAIT_EMAIL].len > 0;
}

static void collect(struct follower *f, const struct journey *j)
{
	if (!j || (j->n_things == 0 && j->n_carts == 0 && j->n_orders_kept == 0))
		return;
	for (size_t i = 0; i < j->n_orders_kept; i++)
		add_order(f, &j->orders[i]);
	add_things(f, j, THING_WATCH);
	add_things(f, j, THING_WISH);
	for (size_t i = 0; i < j->n_carts; i++)
		add_cart(f, &j->carts[i]);
	if (is_known(j))
		add_things(f, j, THING_VIEW);
}

/* ---- who waits in line -------------------------------------------------------------------- */

static struct span waited_id(const struct thing *t)
{
	return text_span(t->about.len > 0 ? t->about : t->id);
}

static bool waits(const struct thing *t)
{
	int64_t since = t->at[WATCH_REQUESTED], told = t->at[WATCH_TOLD];

	return t->kind == THING_WATCH && thing_is_open(t) && since != TIME_NEVER &&
	       (told == TIME_NEVER || told < since);
}

static int compare_waited(const void *x, const void *y)
{
	const struct waited *a = x, *b = y;
	int c = span_compare(a->id, b->id);

	return c != 0 ? c : (a->since > b->since) - (a->since < b->since);
}

/* What J waits for, in order, each product once, since the first time. It lies in A, its ids in J.
 * 0 or -ENOMEM. */
static int waited_of(
	const struct journey *j, struct arena *a, struct waited **ret_list, size_t *ret_n)
{
	struct waited *list = NULL;
	size_t n = 0, kept = 0;

	for (size_t i = 0; j && i < j->n_things; i++)
		n += waits(&j->things[i]);
	if (n > 0) {
		list = arena_alloc(a, n * sizeof(*list));
		if (!list)
			return -ENOMEM;
	}
	for (size_t i = 0, k = 0; k < n; i++)
		if (waits(&j->things[i]))
			list[k++] = (struct waited){
				waited_id(&j->things[i]), j->things[i].at[WATCH_REQUESTED]};
	if (n > 1)
		qsort(list, n, sizeof(*list), compare_waited);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || !span_equal(list[i].id, list[kept - 1].id))
			list[kept++] = list[i];
	*ret_list = list;
	*ret_n = kept;
	return 0;
}

int64_t news_waits(const struct journey *j, struct span key)
{
	struct span prefix = NEWS_PRODUCT;

	for (size_t i = 0; span_starts(key, prefix) && i < j->n_things; i++) {
		struct span id = waited_id(&j->things[i]);

		if (waits(&j->things[i]) && id.len == key.len - prefix.len &&
			memcmp(id.ptr, key.ptr + prefix.len, id.len) == 0)
			return j->things[i].at[WATCH_REQUESTED];
	}
	return TIME_NEVER;
}

void news_told(struct journey *j, struct span key, int64_t at)
{
	const char *colon = key.len > 0 ? memchr(key.ptr, ':', key.len) : NULL;
	size_t head = colon ? (size_t)(colon - key.ptr) + 1 : 0;
	struct span id = span_of(key.ptr + head, key.len - head);

	for (size_t i = 0; i < j->n_things; i++) {
		struct thing *t = &j->things[i];

		if (t->kind == THING_WATCH && t->at[WATCH_REQUESTED] != TIME_NEVER &&
			(span_equal(id, text_span(t->id)) || span_equal(id, text_span(t->about))))
			t->at[WATCH_TOLD] = at;
	}
}

/* ---- what changes ------------------------------------------------------------------------- */

static int copy_waited(const struct journey *j, struct arena *a, struct followed *to)
{
	int r = waited_of(j, a, &to->waited, &to->n_waited);

	for (size_t i = 0; r == 0 && i < to->n_waited; i++) {
		to->waited[i].id = arena_copy(a, to->waited[i].id);
		r = to->waited[i].id.ptr ? 0 : -ENOMEM;
	}
	return r;
}

int followed_of(const struct journey *j, struct arena *a, struct followed *ret_followed)
{
	struct followed to;
	struct follower f;
	int r;

	f.n = 0;
	f.full = false;
	collect(&f, j);
	to = (struct followed){.n = f.n, .full = f.full};
	if (to.n > 0) {
		to.list = arena_alloc(a, to.n * sizeof(*to.list));
		if (!to.list)
			return -ENOMEM;
	}
	for (size_t i = 0; i < to.n; i++) {
		to.list[i] = arena_copy(a, f.list[i]);
		if (!to.list[i].ptr)
			return -ENOMEM;
	}
	r = copy_waited(j, a, &to);
	*ret_followed = to;
	return r;
}

static int hold(struct effects *effects, struct span key, int64_t at)
{
	struct effect *e = effects_add(effects, EFFECT_HOLD);

	if (!e || key.len == 0)
		return -ENOMEM;
	e->source = key;
	e->hold_at = at;
	return 0;
}

static int hold_product(struct effects *effects, struct span id, int64_t at)
{
	return hold(effects, news_product_key(id, &effects->arena), at);
}

static int ask(struct effects *effects, struct span id, int64_t since)
{
	struct effect *e = effects_add(effects, EFFECT_ASK);

	if (!e)
		return -ENOMEM;
	e->source = news_product_key(id, &effects->arena);
	e->hold_at = since;
	return e->source.len > 0 ? 0 : -ENOMEM;
}

static int waited_update(
	const struct journey *j, const struct followed *before, struct effects *effects)
{
	struct waited *now;
	size_t b = 0, n = 0, n_now;
	int r = waited_of(j, &effects->arena, &now, &n_now);

	while (r == 0 && (b < before->n_waited || n < n_now)) {
		int c = b == before->n_waited ? 1
			: n == n_now	      ? -1
					      : span_compare(before->waited[b].id, now[n].id);

		if (c < 0)
			r = ask(effects, before->waited[b].id, TIME_NEVER);
		else if (c > 0 || before->waited[b].since != now[n].since)
			r = ask(effects, now[n].id, now[n].since);
		b += c <= 0;
		n += c >= 0;
	}
	return r;
}

int followed_update(const struct journey *j, const struct followed *before, struct effects *effects)
{
	struct follower now; /* not copied: J stays as it is */
	size_t b = 0, n = 0;
	int r = 0;

	now.n = 0;
	now.full = false;
	collect(&now, j);
	while (r == 0 && (b < before->n || n < now.n)) {
		int c = b == before->n ? 1
			: n == now.n   ? -1
				       : span_compare(before->list[b], now.list[n]);

		if (c < 0)
			r = hold_product(effects, before->list[b], TIME_NEVER);
		else if (c > 0)
			r = hold_product(effects, now.list[n], 0);
		b += c <= 0;
		n += c >= 0;
	}
	if (r == 0)
		r = waited_update(j, before, effects);
	if (r == 0 && now.full && !before->full) {
		struct effect *e = effects_add(effects, EFFECT_COUNT);

		if (!e)
			return -ENOMEM;
		e->counter = COUNTER_NEWS_LIMIT;
	}
	return r;
}

int64_t news_error_at(const struct journey *j)
{
	int64_t at = j->profile ? j->profile->times[PROFILE_ERROR_AT] : TIME_NEVER;

	return at == TIME_NEVER ? INT64_MIN : at;
}

static bool has_erred(const struct journey *j, int64_t now)
{
	int64_t at = news_error_at(j);

	return at != INT64_MIN && now - at <= NEWS_ERROR_MS;
}

int followed_site(const struct journey *j, const struct marks *marks, int64_t error_at,
	int64_t active_at, struct effects *effects)
{
	int64_t since = marks_at(marks, MARK_INCIDENT);
	bool came = active_at < since && j->web_active_at >= since && incident_lasts(marks);

	/* Of what was over before it was heard of nobody waits for the end. */
	bool erred = news_error_at(j) > error_at &&
		     news_error_at(j) > marks_at(marks, MARK_INCIDENT_OVER);

	return erred || came ? hold(effects, NEWS_SITE, 0) : 0;
}

static bool site_concerns(const struct journey *j, const struct marks *marks, int64_t now)
{
	int64_t since = marks_at(marks, MARK_INCIDENT);

	return has_erred(j, now) || (since != INT64_MIN && j->web_active_at >= since);
}

bool followed_site_holds(const struct journey *j, const struct marks *marks, int64_t now)
{
	return (has_erred(j, now) && news_error_at(j) > marks_at(marks, MARK_INCIDENT_OVER)) ||
	       (incident_lasts(marks) && j->web_active_at >= marks_at(marks, MARK_INCIDENT));
}

bool news_concern(const struct journey *j, struct span key, const struct marks *marks, int64_t now)
{
	struct span prefix = NEWS_PRODUCT;
	struct follower f;
	bool there;

	if (!span_starts(key, prefix))
		return site_concerns(j, marks, now);
	f.n = 0;
	f.full = false;
	collect(&f, j);
	(void)place_of(&f, span_of(key.ptr + prefix.len, key.len - prefix.len), &there);
	return there;
}

/* ---- incidents ---------------------------------------------------------------------------- */

bool incident_lasts(const struct marks *marks)
{
	return marks_at(marks, MARK_INCIDENT) > marks_at(marks, MARK_INCIDENT_OVER);
}
