/* SPDX-License-Identifier: MIT */
/*
 * News of things and not of customers: a product's stock or price has changed, it is not to be had
 * any more, the shop's site is down or works again. Who sends such events knows no customer; their
 * key is the thing's own, `product:SKU` or `site:shop`, which is nobody's.
 *
 * Each customer follows things: products that they wait for in an open order, asked to be told
 * about, wished for, have in an open cart, or looked at lately. What they follow is in the index of
 * those held (EFFECT_HOLD) in their own partition, under the thing's key, and follows from the
 * journey alone. So the owner of a thing's key tells every partition, and each looks up there who
 * is concerned: no list grows with the product, and whoever began to follow before the news stood
 * in the log hears it.
 *
 * Those who asked to be told of a product (THING_WATCH) wait in line for it: by when they asked
 * last, then by a number that follows from their name. Whoever was told by a rule that goes by the
 * line has had their turn, until they ask again. The line is kept with the owner of the product's
 * key, to whom each partition says who of theirs waits (EFFECT_ASK); when there is stock, each of
 * them hears of it with their place, `e.turn`. What is promised: of two whose asking was heard
 * before the stock's news the earlier has the lesser place, however late either event came in.
 */
#pragma once

#include "base/arena.h"
#include "core/effect.h"
#include "core/event.h"
#include "core/journey.h"
#include "core/mark.h"

enum news_about { NEWS_OF_NOTHING, NEWS_OF_PRODUCT, NEWS_OF_SITE };

#define NEWS_PRODUCT SPAN_LIT("product:")
#define NEWS_SITE    SPAN_LIT("site:shop")
/* Before a digest: who stands in for somebody who was taken out of a customer, and passes on to
 * them what they follow (store/apply_passed.c). */
#define NEWS_LEFT SPAN_LIT("site:left:")
/* Before a key of news: the index of those who wait in line for it. */
#define NEWS_LINE	  SPAN_LIT("line:")
#define NEWS_KEYS_MAX	  2
#define NEWS_FOLLOWED_MAX 256 /* products that one customer follows */
/* A name that became a link so long ago needs no following: who it leads to follows what they
 * follow themselves. */
#define NEWS_LINK_MS MS_DAY
/* Who met with an error so long ago is not concerned by an incident any more. */
#define NEWS_ERROR_MS MS_DAY

/* A wish is so old at most to have a place in line. */
#define NEWS_LINE_MS (180 * MS_DAY)
/* Places that are given; whoever stands behind them has the next one, all the same. */
#define NEWS_LINE_MAX 16384

/* What an event of KIND is about when it names no customer. */
enum news_about news_about(enum event_kind kind);

/* `product:` and ID, in A; empty when out of memory. */
struct span news_product_key(struct span id, struct arena *a);

/* Do those who asked hear of EVENT, which is about a product, in turn: is there any of it? */
bool news_in_turn(const struct event *event);

/* Is KEY a thing's, and no customer's? */
bool news_is_key(struct span key);

/* The keys under which those stand whom EVENT concerns, in A: the product's sku and its id, or the
 * site. 0 or -ENOMEM. */
int news_keys(const struct event *event, struct arena *a, struct span ret_keys[NEWS_KEYS_MAX],
	size_t *ret_n);

/* Each product that EVENT, or what J has of products, can have somebody follow, by sku or id, and
 * perhaps more than once; what FN returns but 0 ends it and is returned. */
typedef int news_product_fn(void *user, struct span id);
int news_named(const struct event *event, news_product_fn *fn, void *user);
int news_kept(const struct journey *j, news_product_fn *fn, void *user);

/* ---- who follows -------------------------------------------------------------------------- */

/* For which product a journey waits in line, by sku or id, and since when. */
struct waited {
	struct span id;
	int64_t since;
};

/* The products, by sku or id, that a journey follows, in order; and those that it waits for. */
struct followed {
	struct span *list;
	size_t n;
	struct waited *waited;
	size_t n_waited;
	bool full; /* there are more than are followed */
};

/* Copies lie in A. Of more than can be followed those ordered come first, then those asked for,
 * wishes, carts and what was looked at; that only of customers with a name or an address. 0 or
 * -ENOMEM. */
int followed_of(const struct journey *j, struct arena *a, struct followed *ret_followed);

/* Asks for what must change in the index, which says BEFORE, so that it says what J follows now. J
 * may be NULL: nobody any more. 0 or -ENOMEM. */
int followed_update(
	const struct journey *j, const struct followed *before, struct effects *effects);

/* Since when J waits in line for the product of KEY, a key of news; TIME_NEVER: it does not. */
int64_t news_waits(const struct journey *j, struct span key);
/* Who waited for what an instance's KEY names, such as `sku:R-54`, was told of it at AT;
 * TIME_NEVER: that was taken back. */
void news_told(struct journey *j, struct span key, int64_t at);

/* When something went wrong for J last; INT64_MIN: never. */
int64_t news_error_at(const struct journey *j);

/* Whoever met with an error, or came by while an incident lasts, is told of its end: J, where
 * something went wrong last at ERROR_AT, and who was here last at ACTIVE_AT, before the latest
 * event. 0 or -ENOMEM. */
int followed_site(const struct journey *j, const struct marks *marks, int64_t error_at,
	int64_t active_at, struct effects *effects);

/* Whoever waits for the site's news, by what they are: they have met with an error since it worked
 * again, or came by while the incident lasts. */
bool followed_site_holds(const struct journey *j, const struct marks *marks, int64_t now);

/* Does the news KEY concern J at NOW? */
bool news_concern(const struct journey *j, struct span key, const struct marks *marks, int64_t now);

/* ---- incidents ---------------------------------------------------------------------------- */

/* Each partition knows since when there is an incident, and until when there was one, as marks;
 * sources cannot have these names. */
#define MARK_INCIDENT	   SPAN_LIT("@incident")
#define MARK_INCIDENT_OVER SPAN_LIT("@incident-over")

bool incident_lasts(const struct marks *marks);
