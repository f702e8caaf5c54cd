/* SPDX-License-Identifier: MIT */
/*
 * By the key it is only decided whose log the event goes to; whom it concerns follows from all that
 * names the product, when it is decoded.
 */
#include "news_key.h"

#include "codec/json_scan.h"
#include "core/news.h"

/* A member that names something. 0 or -ENOMEM. */
static int take(const struct json_value *v, struct arena *a, struct span *ret_id)
{
	struct span id = v->raw;

	if (v->type == JSON_TYPE_STRING)
		id = json_text(v, a);
	else if (v->type != JSON_TYPE_NUMBER)
		return 0;
	if (!id.ptr)
		return -ENOMEM;
	if (id.len <= ENTITY_MAX)
		*ret_id = id;
	return 0;
}

/* 0 or -ENOMEM. */
static int product_of(struct span properties, struct arena *a, struct span *ret_id)
{
	struct span sku = SPAN_EMPTY, product = SPAN_EMPTY;
	struct json_value key, value;
	struct json_cursor c;
	int r = 0;

	json_cursor_init(&c, properties);
	if (properties.len == 0 || json_object_open(&c) != 0)
		return 0;
	while (r == 0 && json_object_key(&c, &key) == 0 && json_value(&c, &value) == 0) {
		if (json_is(&key, SPAN_LIT("sku")))
			r = take(&value, a, &sku);
		else if (json_is(&key, SPAN_LIT("product_id")))
			r = take(&value, a, &product);
	}
	*ret_id = sku.len > 0 ? sku : product;
	return r;
}

int news_key(const struct envelope_item *item, struct arena *a, struct span *ret_key)
{
	enum news_about about =
		item->type == EVENT_TRACK ? news_about(vocab_kind(item->event)) : NEWS_OF_NOTHING;
	struct span id = SPAN_EMPTY;
	int r = 0;

	if (about == NEWS_OF_SITE)
		*ret_key = NEWS_SITE;
	if (about == NEWS_OF_PRODUCT)
		r = product_of(item->properties, a, &id);
	if (r < 0 || id.len == 0)
		return r;
	*ret_key = news_product_key(id, a);
	return ret_key->len > 0 ? 0 : -ENOMEM;
}
