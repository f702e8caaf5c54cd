/* SPDX-License-Identifier: MIT */
#include "shop_event.h"

#include "base/instant.h"

struct product {
	const char *sku, *name, *category, *price;
};

static const struct product products[] = {
	{"R-1107", "Solitaire ring, white gold 585", "rings", "1249.00"},
	{"R-2214", "Wedding band, brushed platinum", "rings", "890.00"},
	{"N-0342", "Pearl necklace, 45 cm", "necklaces", "379.50"},
	{"E-0098", "Ear studs with sapphire", "earrings", "219.00"},
	{"W-7001", "Automatic watch, leather strap", "watches", "1690.00"},
	{"B-5120", "Tennis bracelet, 3 carat", "bracelets", "2450.00"},
	{"C-0461", "Pendant with engraved initials", "pendants", "99.90"},
	{"R-3300", "Signet ring, onyx and silver", "rings", "149.00"},
};

static const char *const agents[] = {
	"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
	"Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) Version/17.6 Mobile/15E148",
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/126.0.0.0 Safari/537.36",
};

/* What a customer does, over and over. */
static const char *const story[] = {"Product List Viewed", "Product Viewed", "Product Viewed",
	"Product Added", "Cart Viewed", "Product Viewed", "Checkout Started", "Order Completed",
	"Product Viewed", "Product Added"};

/* SplitMix64: a number that looks like chance and is the same for the same argument. */
static uint64_t mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

struct span shop_customer(uint64_t customer, char out[16])
{
	int n = snprintf(out, 16, "c%08llu", (unsigned long long)customer % 100000000);

	return span_of(out, (size_t)n);
}

static void put_uuid(uint64_t seed, char out[37])
{
	uint64_t a = mix(seed), b = mix(a);

	(void)snprintf(out, 37, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32),
		(unsigned)(a >> 16) & 0xffff, (unsigned)a & 0xfff,
		0x8000 | ((unsigned)(b >> 48) & 0x3fff),
		(unsigned long long)(b & UINT64_C(0xffffffffffff)));
}

size_t shop_event(uint64_t customer, uint64_t n, int64_t at, char out[SHOP_EVENT_MAX])
{
	uint64_t seed = mix(customer * 1000003 + n);
	const struct product *p = &products[seed % ARRAY_SIZE(products)];
	const char *name = story[n % ARRAY_SIZE(story)];
	unsigned visit = (unsigned)(n / ARRAY_SIZE(story));
	char key[16], message[37], device[37], when[INSTANT_SIZE], order[128] = "";
	struct span user = shop_customer(customer, key);
	int len;

	put_uuid(seed, message);
	put_uuid(customer, device);
	instant_format(at, when);
	if (n % ARRAY_SIZE(story) == 7) {
		char promised[INSTANT_SIZE];

		instant_format(at + 3 * MS_DAY, promised);
		(void)snprintf(order, sizeof(order),
			"\"order_id\":\"O-%.*s-%u\",\"total\":%s,\"promised_at\":\"%s\",",
			(int)user.len, user.ptr, visit, p->price, promised);
	}
	len = snprintf(out, SHOP_EVENT_MAX,
		"{\"type\":\"track\",\"event\":\"%s\",\"messageId\":\"%s\",\"userId\":\"%.*s\","
		"\"anonymousId\":\"%s\",\"timestamp\":\"%s\",\"context\":{\"userAgent\":\"%s\"},"
		"\"properties\":{%s\"cart_id\":\"K-%.*s-%u\",\"product_id\":\"%s\",\"name\":\"%s\","
		"\"category\":\"%s\",\"price\":%s,\"quantity\":1,\"currency\":\"EUR\","
		"\"url\":\"https://shop.example/p/%s\"}}",
		name, message, (int)user.len, user.ptr, device, when,
		agents[mix(customer) % ARRAY_SIZE(agents)], order, (int)user.len, user.ptr, visit,
		p->sku, p->name, p->category, p->price, p->sku);
	return (size_t)len;
}
