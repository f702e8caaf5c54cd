/* SPDX-License-Identifier: MIT */
#include "backtest_foretold.h"

struct foretold *foretold_of(struct forecasts *f, struct span customer)
{
	struct foretold *all = map_get(&f->customers, customer);

	if (all)
		return all;
	all = arena_calloc(&f->arena, 1, sizeof(*all));
	customer = arena_copy(&f->arena, customer);
	if (all && customer.ptr && map_put(&f->customers, customer, all) == 0) {
		all->customer = customer;
		return all;
	}
	f->failed = true;
	return NULL;
}

/* ---- who is part of whom ------------------------------------------------------------------- */

const struct foretold *foretold_whole(const struct foretold *all)
{
	while (all->whole)
		all = all->whole;
	return all;
}

bool foretold_is_of(const struct foretold *part, const struct foretold *all)
{
	while (part && part != all)
		part = part->whole;
	return part != NULL;
}

void foretold_leave(struct foretold *part)
{
	for (struct foretold *above = part->whole; above; above = above->whole)
		above->n_others -= part->n_others;
	if (part->whole)
		*part->link = part->next;
	if (part->whole && part->next)
		part->next->link = part->link;
	part->whole = part->next = NULL;
	part->link = NULL;
}

static void add_part(struct foretold *all, struct foretold *part)
{
	part->whole = all;
	part->next = all->parts;
	part->link = &all->parts;
	if (part->next)
		part->next->link = &part->next;
	all->parts = part;
	for (struct foretold *above = all; above; above = above->whole)
		above->n_others += part->n_others;
}

void foretold_join(struct forecasts *f, struct foretold *all, struct span key, int64_t now)
{
	struct foretold *part = foretold_of(f, key);

	if (!part || part == all)
		return;
	part->part_at = int64_max(part->part_at, now);
	if (part->whole == all)
		return;
	/* It was the other way round once. */
	if (foretold_is_of(all, part))
		foretold_leave(all);
	foretold_leave(part);
	add_part(all, part);
}

/* ---- what is kept -------------------------------------------------------------------------- */

/* The parcel that KEY names last, as in `order+tracking_number:O1/T1`; empty: none. */
static struct span parcel_of(struct forecasts *f, struct span key)
{
	static const char *const kinds[] = {"shipment:", "tracking_number:", "fulfillment:"};
	const char *colon = memchr(key.ptr, ':', key.len);
	size_t head = colon ? (size_t)(colon + 1 - key.ptr) : 0, from = key.len;
	char buf[RULE_KEY_MAX] = "shipment:";
	bool is = false;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		size_t n = strlen(kinds[i]);

		is = is || (head >= n && memcmp(key.ptr + head - n, kinds[i], n) == 0);
	}
	while (is && from > head && key.ptr[from - 1] != '/')
		from--;
	if (!is || from == key.len || strlen(buf) + key.len - from > sizeof(buf))
		return SPAN_EMPTY;
	head = strlen(buf);
	memcpy(buf + head, key.ptr + from, key.len - from);
	return arena_copy(&f->arena, span_of(buf, head + key.len - from));
}

/* What stands beside each other in `about`. */
enum about { ABOUT_SAID = 's', ABOUT_PROMISE = 'p', ABOUT_ORDER = 'o' };

struct about_list {
	struct forecast *first;
};

/* Texts that are longer than all that there are share a list with others. */
struct about_name {
	char text[1 + CUSTOMER_MAX + 1 + RULE_KEY_MAX];
	size_t len;
};

static void name_add(struct about_name *name, struct span s)
{
	size_t room = sizeof(name->text) - name->len, n = s.len < room ? s.len : room;

	if (n > 0)
		memcpy(name->text + name->len, s.ptr, n);
	name->len += n;
}

static struct span name_of(
	struct about_name *name, enum about what, struct span who, struct span key)
{
	char head = (char)what;

	name->len = 0;
	name_add(name, span_of(&head, 1));
	name_add(name, who);
	name_add(name, span_of("", 1));
	name_add(name, key);
	return span_of(name->text, name->len);
}

static struct forecast *find(
	const struct forecasts *f, enum about what, struct span who, struct span key)
{
	struct about_name name;
	const struct about_list *list = map_get(&f->about, name_of(&name, what, who, key));

	return list ? list->first : NULL;
}

/* The list, begun if it is not there; NULL: out of memory. */
static struct about_list *list_of(
	struct forecasts *f, enum about what, struct span who, struct span key)
{
	struct about_name buf;
	struct span name = name_of(&buf, what, who, key);
	struct about_list *list = map_get(&f->about, name);

	if (list)
		return list;
	list = arena_calloc(&f->arena, 1, sizeof(*list));
	name = arena_copy(&f->arena, name);
	if (list && name.ptr && map_put(&f->about, name, list) == 0)
		return list;
	f->failed = true;
	return NULL;
}

/* The order that KEY names and nothing else; empty: there is more to it, or less. */
static struct span order_of(const struct forecast *x)
{
	static const char head[] = "order:";
	size_t n = sizeof(head) - 1;

	if (x->parcel.len > 0 || x->key.len <= n || memcmp(x->key.ptr, head, n) != 0)
		return SPAN_EMPTY;
	return span_of(x->key.ptr + n, x->key.len - n);
}

/* Where its fate is looked for. */
static void put_beside(struct forecasts *f, struct foretold *all, struct forecast *x)
{
	struct span order = order_of(x);
	struct about_list *list = order.len ? list_of(f, ABOUT_ORDER, SPAN_EMPTY, order) : NULL;

	if (list) {
		x->beside = list->first;
		list->first = x;
		return;
	}
	x->beside = all->others;
	all->others = x;
	for (; all; all = all->whole)
		all->n_others++;
}

static void keep(
	struct forecasts *f, struct foretold *all, enum about what, const struct forecast *x)
{
	struct forecast **list = what == ABOUT_SAID ? &all->first : &all->promises;
	struct forecast *kept = arena_calloc(&f->arena, 1, sizeof(*kept));
	struct span key = arena_copy(&f->arena, x->key);
	struct span subject = x->subject.len ? arena_copy(&f->arena, x->subject) : x->subject;
	struct about_list *alike =
		list_of(f, what, what == ABOUT_SAID ? x->subject : all->customer, x->key);

	if (!kept || !key.ptr || (x->subject.len && !subject.ptr) || !alike) {
		f->failed = true;
		return;
	}
	*kept = *x;
	kept->owner = all;
	kept->key = key;
	kept->subject = subject;
	kept->parcel = parcel_of(f, key);
	kept->next = *list;
	*list = kept;
	kept->alike = alike->first;
	alike->first = kept;
	if (forecast_kind(x->rule) == FORECAST_LATE)
		put_beside(f, all, kept);
}

void foretold_keep(struct forecasts *f, struct foretold *all, const struct forecast *x)
{
	keep(f, all, ABOUT_SAID, x);
}

void foretold_keep_promise(struct forecasts *f, struct foretold *all, const struct forecast *x)
{
	keep(f, all, ABOUT_PROMISE, x);
}

struct forecast *foretold_said(const struct forecasts *f, struct span subject, struct span key)
{
	return find(f, ABOUT_SAID, subject, key);
}

struct forecast *foretold_promises(
	const struct forecasts *f, const struct foretold *all, struct span key)
{
	return find(f, ABOUT_PROMISE, all->customer, key);
}

struct forecast *foretold_of_order(const struct forecasts *f, struct span id)
{
	return find(f, ABOUT_ORDER, SPAN_EMPTY, id);
}
