/* SPDX-License-Identifier: MIT */
/*
 * Makes the statistics of src/codec/entry_dictionary.c: from that file's text and from events of
 * made-up shops, which spell and order their properties in different ways. Prints them as the
 * lines of C that belong there. To be run, after the text has changed, before the dictionary is
 * frozen; never after.
 *
 * usage: dictionary
 */
#include "../../src/codec/entry_dictionary.h"
#include "../../src/codec/timeline_columns.h"
#include "../unit/chance.h"
#include "base/instant.h"

#include <zdict.h>

#define SHOPS	 400
#define CUSTOMER 24 /* entries of each */
#define LEVEL	 1
/* 2026-03-02T08:00:00.000Z */
#define START INT64_C(1772438400000)

#define PICK(C, LIST) ((LIST)[chance_below(C, ARRAY_SIZE(LIST))])

/* How one shop writes. */
struct shop {
	bool sku, brand, category_first, url, image, position, sub_second;
	unsigned id_form, cart_form, message_form;
	const char *host, *currency, *source;
};

static const char *const firsts[] = {"Classic", "Slim", "Vintage", "Modern", "Oval", "Pure",
	"Little", "Grand", "Soft", "Old", "Twisted", "Blue", "Royal", "Plain", "Double"};
static const char *const seconds[] = {"band", "hoops", "locket", "brooch", "chain", "charm", "lamp",
	"jacket", "sneaker", "table", "cup", "scarf", "bag", "clock", "mirror"};
static const char *const thirds[] = {"rose gold", "oak", "size 42", "steel", "linen", "No. 5",
	"2 pieces", "matt black", "18 carat", "wool", "50 ml", "titanium"};
static const char *const categories[] = {"Bridal", "Sale", "men", "home", "Gifts", "Kids",
	"accessories", "Shoes/Women", "outdoor", "New"};
static const char *const hosts[] = {"https://www.example.com/products/", "https://example.org/p/",
	"https://store.example.net/", "https://www.example.de/artikel/"};
static const char *const currencies[] = {"EUR", "EUR", "USD", "GBP", "usd"};
static const char *const sources[] = {"web", "site", "app", "store", "pos"};

static unsigned number(struct chance *c, unsigned below)
{
	return (unsigned)chance_below(c, below);
}

static struct shop draw_shop(struct chance *c)
{
	return (struct shop){
		.sku = number(c, 2),
		.brand = number(c, 3) == 0,
		.category_first = number(c, 2),
		.url = number(c, 3) > 0,
		.image = number(c, 5) == 0,
		.position = number(c, 3) == 0,
		.sub_second = number(c, 2),
		.id_form = number(c, 3),
		.cart_form = number(c, 3),
		.message_form = number(c, 4),
		.host = PICK(c, hosts),
		.currency = PICK(c, currencies),
		.source = PICK(c, sources),
	};
}

static void add_id(struct chance *c, unsigned form, struct buf *out)
{
	switch (form) {
	case 0:
		buf_printf(out, "%u", 100000 + number(c, 9000000));
		break;
	case 1:
		buf_printf(out, "%c-%04u", 'A' + (int)number(c, 26), number(c, 10000));
		break;
	default:
		buf_printf(out, "%08x%04x", (unsigned)chance_u64(c), number(c, 65536));
		break;
	}
}

static void add_member(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, ",\"%s\":\"%s\"", name, value);
}

/* The members of one product, behind others. */
static void add_product(struct chance *c, const struct shop *s, struct buf *out)
{
	const char *first = PICK(c, firsts), *second = PICK(c, seconds);
	const char *category = PICK(c, categories);

	buf_add_str(out, ",\"product_id\":\"");
	add_id(c, s->id_form, out);
	buf_add_str(out, "\"");
	if (s->sku)
		buf_printf(out, ",\"sku\":\"%u-%u\"", number(c, 5000), number(c, 60));
	if (s->category_first)
		add_member(out, "category", category);
	buf_printf(out, ",\"name\":\"%s %s, %s\"", first, second, PICK(c, thirds));
	if (!s->category_first)
		add_member(out, "category", category);
	if (s->brand)
		add_member(out, "brand", PICK(c, firsts));
	buf_printf(out, ",\"price\":%u.%02u,\"quantity\":%u", number(c, 900), number(c, 4) * 33,
		1 + number(c, 10) / 8);
	add_member(out, "currency", s->currency);
	if (s->position)
		buf_printf(out, ",\"position\":%u", 1 + number(c, 40));
	if (s->url)
		buf_printf(out, ",\"url\":\"%s%s-%s\"", s->host, first, second);
	if (s->image)
		buf_printf(out, ",\"image_url\":\"%s%u.jpg\"", s->host, number(c, 100000));
}

/* An object: what was written all began with a comma. */
static struct span object(struct buf *b)
{
	buf_add_str(b, "}");
	b->ptr[0] = '{';
	return buf_span(b);
}

static void add_order(struct chance *c, const struct shop *s, struct buf *out)
{
	char promised[INSTANT_SIZE];

	instant_format(START + (int64_t)number(c, 300) * MS_DAY, promised);
	buf_add_str(out, ",\"order_id\":\"");
	add_id(c, s->cart_form, out);
	buf_printf(out, "\",\"total\":%u.%02u", number(c, 2000), number(c, 100));
	if (s->sku)
		buf_printf(out, ",\"revenue\":%u.%02u,\"shipping\":4.90", number(c, 2000),
			number(c, 100));
	add_member(out, "currency", s->currency);
	if (s->sub_second)
		add_member(out, "promised_at", promised);
	if (s->brand) {
		_cleanup_(buf_release) struct buf product = BUF_INIT;

		add_product(c, s, &product);
		buf_add_str(out, ",\"products\":[");
		buf_add_span(out, object(&product));
		buf_add_str(out, "]");
	}
}

static void add_page(struct chance *c, const struct shop *s, struct buf *out)
{
	const char *category = PICK(c, categories);

	buf_printf(out, ",\"path\":\"/%s/\",\"referrer\":\"%s\",\"search\":\"\"", category,
		number(c, 3) ? s->host : "");
	buf_printf(out, ",\"title\":\"%s %s\",\"url\":\"%s%s/\"", PICK(c, firsts), category,
		s->host, category);
}

static const char *draw_properties(
	struct chance *c, const struct shop *s, unsigned cart, struct buf *out)
{
	unsigned what = number(c, 20);

	if (what < 5) {
		add_page(c, s, out);
		return "Page Viewed";
	}
	if (what > 8 || s->cart_form == 0)
		buf_printf(out, ",\"cart_id\":\"%s%u\"", s->cart_form ? "C-" : "cart_", cart);
	if (what > 16) {
		add_order(c, s, out);
		return what == 17 ? "Checkout Started" : "Order Completed";
	}
	add_product(c, s, out);
	return what > 13 ? "Product Added" : "Product Viewed";
}

static void add_uuid(struct chance *c, struct buf *out)
{
	buf_printf(out, "%08x-%04x-4%03x-a%03x-%08x%04x", (unsigned)chance_u64(c), number(c, 65536),
		number(c, 4096), number(c, 4096), (unsigned)chance_u64(c), number(c, 65536));
}

static void draw_message_id(struct chance *c, const struct shop *s, struct buf *out)
{
	if (s->message_form == 0)
		buf_printf(out, "ajs-next-%u", 17000000 + number(c, 1000000));
	if (s->message_form == 1)
		buf_printf(out, "evt_%08x%08x", (unsigned)chance_u64(c), (unsigned)chance_u64(c));
	else
		add_uuid(c, out);
}

struct customer {
	int64_t at;
	unsigned cart;
	struct buf anonymous;
};

static void add_decision(struct chance *c, const struct customer *who, struct buf *out)
{
	static const char *const rules[] = {
		"cart_abandoned", "inactivity_fixed", "order_promise_passed"};
	_cleanup_(buf_release) struct buf key = BUF_INIT;
	struct timeline_entry e = {.kind = ENTRY_DECISION, .id = {(uint64_t)who->at, UINT64_MAX}};
	size_t rule = number(c, 3);

	e.at = who->at;
	e.nth = 1;
	buf_printf(&key, "%s%u",
		rule == 0   ? "cart:C-"
		: rule == 1 ? "customer"
			    : "order:",
		who->cart);
	e.decision = (struct decision){.outcome = OUTCOME_FIRED,
		.rule = span_str(rules[rule]),
		.key = buf_span(&key),
		.step = SPAN_LIT("main"),
		.epoch = 1,
		.episode = 1 + number(c, 3),
		.at = e.at,
		.armed_at = e.at - MS_HOUR + 417,
		.anchor_at = e.at - MS_HOUR,
		.deadline_at = e.at,
		.fire_at = e.at,
		.by = SPAN_LIT("Product Added"),
		.by_at = e.at - MS_HOUR};
	timeline_encode(&e, out);
}

static void add_event(
	struct chance *c, const struct shop *s, const struct customer *who, struct buf *out)
{
	_cleanup_(buf_release) struct buf properties = BUF_INIT;
	_cleanup_(buf_release) struct buf message = BUF_INIT;
	const char *name = draw_properties(c, s, who->cart, &properties);
	struct timeline_entry e = {.kind = ENTRY_EVENT, .name = span_str(name)};

	draw_message_id(c, s, &message);
	e.at = who->at;
	e.id.ms = (uint64_t)who->at + 20 + number(c, 900);
	e.id.seq = number(c, 8) / 7;
	e.channel = CHANNEL_WEB;
	e.source = span_str(s->source);
	e.message_id = buf_span(&message);
	e.anonymous_id = buf_span(&who->anonymous);
	e.properties = object(&properties);
	timeline_encode(&e, out);
}

struct samples {
	struct buf bytes;
	size_t sizes[SHOPS * CUSTOMER];
	unsigned n;
};

static void take_sample(struct samples *all, const struct buf *entries, uint32_t n)
{
	static struct columns columns;

	columns_reset(&columns);
	if (columns_add(&columns, buf_span(entries), n))
		abort();
	buf_add_span(&all->bytes, buf_span(&columns.numbers));
	buf_add_span(&all->bytes, buf_span(&columns.texts));
	all->sizes[all->n++] = columns.numbers.len + columns.texts.len;
}

/* What a customer of a shop does, as it is packed again and again. */
static void sample_customer(struct chance *c, struct samples *all)
{
	_cleanup_(buf_release) struct buf entries = BUF_INIT;
	struct shop s = draw_shop(c);
	struct customer who = {
		START + (int64_t)chance_below(c, (uint64_t)MS_DAY), number(c, 100000), BUF_INIT};

	add_uuid(c, &who.anonymous);
	for (uint32_t n = 1; n <= 16; n++) {
		if (number(c, 12) == 0)
			add_decision(c, &who, &entries);
		else
			add_event(c, &s, &who, &entries);
		if (n % 4 == 0)
			take_sample(all, &entries, n);
		who.at += 2000 + (int64_t)chance_below(c, 1 << number(c, 24));
	}
	buf_release(&who.anonymous);
}

static void print_bytes(const unsigned char *bytes, size_t n)
{
	printf("/* %zu bytes */\n", n);
	for (size_t i = 0; i < n; i++)
		printf("%s\\x%02x%s", i % 16 ? "" : "\t\"", bytes[i],
			i % 16 == 15 || i + 1 == n ? "\"\n" : "");
}

int main(void)
{
	static struct samples all;
	struct chance c = {1};
	struct span text = entry_dictionary_text();
	ZDICT_params_t params = {.compressionLevel = LEVEL, .dictID = 1};
	static unsigned char made[65536];
	size_t n;

	for (unsigned i = 0; i < SHOPS; i++)
		sample_customer(&c, &all);
	if (buf_failed(&all.bytes) < 0)
		abort();
	n = ZDICT_finalizeDictionary(
		made, sizeof(made), text.ptr, text.len, all.bytes.ptr, all.sizes, all.n, params);
	if (ZDICT_isError(n) || n < text.len ||
		memcmp(made + (n - text.len), text.ptr, text.len) != 0) {
		fprintf(stderr, "no dictionary: %s\n", ZDICT_getErrorName(n));
		return 1;
	}
	print_bytes(made, n - text.len);
	return 0;
}
