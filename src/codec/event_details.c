/* SPDX-License-Identifier: MIT */
/* The properties were read once already and are known to be JSON: what is not an object here was
 * none there. */
#include "event_details.h"

#include <limits.h>

#include "codec/json_path.h"
#include "json_scalar.h"

/* Members of one product. */
enum { PRODUCT_ID, PRODUCT_SKU, PRODUCT_QUANTITY, PRODUCT_PRICE, PRODUCT_PARTS };

/* What is read of properties, or of traits, and what each of its values is. */
struct detail_set {
	struct json_paths *paths;
	unsigned char details[DETAIL_COUNT]; /* of each slot */
	size_t n;
};

struct detail_decoder {
	struct detail_set properties, traits;
	struct json_paths *product;
};

static const struct {
	enum field_root root;
	struct span path;
} details[DETAIL_COUNT] = {
#define X(ID, ROOT, PATH) [DETAIL_##ID] = {FIELD_ROOT_##ROOT, {PATH, sizeof(PATH) - 1}},
	DETAILS(X)
#undef X
};

_Static_assert(DETAIL_COUNT <= UCHAR_MAX, "a place is one byte");

static int set_of(enum field_root root, struct detail_set *set)
{
	struct json_path paths[DETAIL_COUNT];

	for (size_t i = 0; i < DETAIL_COUNT; i++) {
		if (details[i].root != root)
			continue;
		set->details[set->n] = (unsigned char)i;
		paths[set->n] = (struct json_path){details[i].path, set->n};
		set->n++;
	}
	return json_paths_new(paths, set->n, &set->paths);
}

struct detail_decoder *detail_decoder_free(struct detail_decoder *d)
{
	if (d) {
		json_paths_free(d->properties.paths);
		json_paths_free(d->traits.paths);
		json_paths_free(d->product);
		free(d);
	}
	return NULL;
}

int detail_decoder_new(struct detail_decoder **ret_decoder)
{
	static const struct json_path product[] = {
		{{"product_id", 10}, PRODUCT_ID},
		{{"sku", 3}, PRODUCT_SKU},
		{{"quantity", 8}, PRODUCT_QUANTITY},
		{{"price", 5}, PRODUCT_PRICE},
	};
	struct detail_decoder *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		return -ENOMEM;
	r = set_of(FIELD_ROOT_PROPERTIES, &d->properties);
	r = r ? r : set_of(FIELD_ROOT_TRAITS, &d->traits);
	r = r ? r : json_paths_new(product, ARRAY_SIZE(product), &d->product);
	if (r) {
		detail_decoder_free(d);
		return r;
	}
	*ret_decoder = d;
	return 0;
}

static int make_product(
	const struct json_value *found, struct arena *arena, struct product *ret_product)
{
	struct value values[PRODUCT_PARTS];

	for (size_t i = 0; i < PRODUCT_PARTS; i++) {
		int r = json_scalar(&found[i], arena, &values[i]);

		if (r)
			return r;
	}
	*ret_product = (struct product){
		.id = value_id(&values[PRODUCT_ID], ENTITY_MAX),
		.sku = value_id(&values[PRODUCT_SKU], ENTITY_MAX),
		.quantity = values[PRODUCT_QUANTITY],
		.price = values[PRODUCT_PRICE],
	};
	return 0;
}

/* The elements of `products` that are objects. 0 or -ENOMEM. */
static int read_products(const struct detail_decoder *d, struct span raw, struct arena *arena,
	struct event_details *to)
{
	struct product *list = arena_alloc(arena, PRODUCTS_MAX * sizeof(*list));
	struct json_value found[PRODUCT_PARTS];
	struct json_cursor c;

	if (!list)
		return -ENOMEM;
	json_cursor_init(&c, raw);
	(void)json_array_open(&c);
	while (to->n_products < PRODUCTS_MAX && json_array_next(&c) == 0) {
		struct json_value other;
		int made;

		if (json_peek(&c) != JSON_TYPE_OBJECT) {
			if (json_value(&c, &other) != 0)
				break;
			continue;
		}
		if (json_paths_read(d->product, &c, found) != 0)
			break;
		made = make_product(found, arena, &list[to->n_products]);
		if (made)
			return made;
		to->n_products++;
	}
	to->products = list;
	to->whole = true;
	return 0;
}

/* Those of SET that were FOUND. 0 or -ENOMEM. */
static int take_values(const struct detail_set *set, const struct json_value *found,
	struct arena *arena, struct event_details *to)
{
	unsigned n = 0;
	int r = 0;

	for (size_t i = 0; i < set->n; i++)
		n += found[i].type != JSON_TYPE_ABSENT;
	to->values = arena_alloc(arena, (n + 1) * sizeof(*to->values));
	if (!to->values)
		return -ENOMEM;
	n = 0;
	for (size_t i = 0; i < set->n && r == 0; i++) {
		if (found[i].type == JSON_TYPE_ABSENT)
			continue;
		r = json_scalar(&found[i], arena, &to->values[n]);
		to->at[set->details[i]] = (unsigned char)++n;
	}
	return r;
}

int detail_decode(const struct detail_decoder *d, struct arena *arena, struct event *e)
{
	const struct detail_set *set =
		e->kind == EVENT_CUSTOMER_IDENTIFIED ? &d->traits : &d->properties;
	struct json_value found[DETAIL_COUNT];
	struct event_details *to;
	struct json_cursor c;
	size_t products = 0;
	int r;

	if (!fold_wants(e->kind) || e->properties.len == 0 || e->properties.ptr[0] != '{')
		return 0;
	to = arena_alloc(arena, sizeof(*to));
	if (!to)
		return -ENOMEM;
	memset(to, 0, sizeof(*to));
	json_cursor_init(&c, e->properties);
	if (json_paths_read(set->paths, &c, found) != 0)
		return 0;
	r = take_values(set, found, arena, to);
	while (products < set->n && set->details[products] != DETAIL_PRODUCTS)
		products++;
	if (r == 0 && products < set->n && found[products].type == JSON_TYPE_ARRAY)
		r = read_products(d, found[products].raw, arena, to);
	e->details = to;
	return r;
}
