/* SPDX-License-Identifier: MIT */
#include "demo_day.h"

#include "base/instant.h"

#define SEED	  0x6a6577656c6c6572u /* "jeweller" */
#define ARRIVE_MS 14000		      /* customers come within the first so many */
#define GROUPS	  5

static const char *const names[DEMO_CUSTOMERS] = {"ada", "bruno", "carla", "dario", "elena",
	"farid", "greta", "hugo", "ines", "jonas", "karin", "leo", "mara", "nils", "olga", "paul",
	"quinn", "rosa", "sven", "tara", "ugo", "vera", "walter", "xenia", "yann", "zoe", "anton",
	"bella", "cyril", "dora", "emil", "freya", "gino", "hanna", "ivo", "jana", "kuno", "lena",
	"milo", "nora"};

static const struct {
	const char *sku, *name;
	unsigned price;
} products[] = {
	{"R-104", "Ring \"Aurora\", white gold", 1290},
	{"R-211", "Wedding ring, platinum", 980},
	{"N-017", "Necklace with sapphire", 2450},
	{"N-032", "Pearl necklace", 760},
	{"E-008", "Earrings \"Dew\"", 340},
	{"E-019", "Ear studs, diamond", 1150},
	{"B-005", "Bracelet, rose gold", 620},
	{"W-001", "Watch \"Meridian\"", 1890},
};

static const struct {
	const char *path, *event, *channel;
	enum demo_source source;
} kinds[DEMO_KIND_COUNT] = {
	[DEMO_IDENTIFY] = {"/v1/identify", "signs in", "web", DEMO_WEB},
	[DEMO_PAGE] = {"/v1/page", "Page Viewed", "web", DEMO_WEB},
	[DEMO_VIEW] = {"/v1/track", "Product Viewed", "web", DEMO_WEB},
	[DEMO_ADD] = {"/v1/track", "Product Added", "web", DEMO_WEB},
	[DEMO_CHECKOUT] = {"/v1/track", "Checkout Started", "web", DEMO_WEB},
	[DEMO_ORDER] = {"/v1/track", "Order Completed", "web", DEMO_SHOP},
	[DEMO_SHIPPED] = {"/v1/track", "Order Shipped", "order-system", DEMO_SHOP},
	[DEMO_DELIVERED] = {"/v1/track", "Order Delivered", "order-system", DEMO_SHOP},
	[DEMO_STORE] = {"/v1/track", "In-Store Purchase", "store", DEMO_SHOP},
};

/* ---- what happens -------------------------------------------------------------------------- */

struct day {
	struct demo_act *acts;
	size_t n;
	uint64_t chance;
	unsigned customer, product;
};

/* xorshift64 (Marsaglia 2003): 0 to N - 1. */
static unsigned chance(struct day *d, unsigned n)
{
	d->chance ^= d->chance << 13;
	d->chance ^= d->chance >> 7;
	d->chance ^= d->chance << 17;
	return (unsigned)(d->chance >> 33) % n;
}

static struct demo_act *add(struct day *d, enum demo_kind kind, int64_t at_ms)
{
	struct demo_act *act = &d->acts[d->n++];

	assert(d->n <= DEMO_ACTS_MAX);
	*act = (struct demo_act){
		.at_ms = at_ms, .kind = kind, .customer = d->customer, .product = d->product};
	return act;
}

/* Comes, looks, and puts something into the cart; when. */
static int64_t fill_cart(struct day *d, int64_t t)
{
	add(d, DEMO_IDENTIFY, t);
	add(d, DEMO_VIEW, t += 300 + chance(d, 900));
	add(d, DEMO_ADD, t += 500 + chance(d, 1000));
	return t;
}

static int64_t buy(struct day *d, int64_t t, int64_t promise_ms)
{
	add(d, DEMO_CHECKOUT, t += 700 + chance(d, 900));
	add(d, DEMO_ORDER, t += 600 + chance(d, 900))->promise_ms = promise_ms;
	add(d, DEMO_SHIPPED, t + 1500 + chance(d, 1000));
	return t;
}

/* Never says who they are: nobody can be reminded. */
static void look_around(struct day *d, int64_t t)
{
	add(d, DEMO_PAGE, t);
	add(d, DEMO_VIEW, t += 500 + chance(d, 1500));
	d->product = chance(d, ARRAY_SIZE(products));
	add(d, DEMO_VIEW, t += 500 + chance(d, 1500));
	if (chance(d, 2))
		add(d, DEMO_ADD, t + 800);
}

/* Leaves a full cart: a reminder is due. */
static void leave_cart(struct day *d, int64_t t)
{
	t = fill_cart(d, t);
	if (chance(d, 2))
		add(d, DEMO_CHECKOUT, t + 900 + chance(d, 900));
}

/* All goes well; in the end they go quiet. */
static void buy_and_get(struct day *d, int64_t t)
{
	t = buy(d, fill_cart(d, t), 8000);
	add(d, DEMO_DELIVERED, t + 5000 + chance(d, 2000));
}

/* The parcel does not come. */
static void buy_and_wait(struct day *d, int64_t t)
{
	buy(d, fill_cart(d, t), 4000);
}

/* Buys in the shop what was in the cart; of every third the till reports it late, after the
 * reminder was decided: it is taken back. */
static void buy_in_store(struct day *d, int64_t t)
{
	bool late = d->customer / GROUPS % 3 == 0;
	struct demo_act *act;

	t = fill_cart(d, t);
	act = add(d, DEMO_STORE, t + (late ? 6000 : 2000));
	act->ago_ms = late ? 4000 : 0;
}

static void (*const courses[GROUPS])(struct day *d, int64_t t) = {
	look_around, leave_cart, buy_and_get, buy_and_wait, buy_in_store};

static int compare_acts(const void *a, const void *b)
{
	const struct demo_act *x = a, *y = b;

	if (x->at_ms != y->at_ms)
		return x->at_ms < y->at_ms ? -1 : 1;
	if (x->customer != y->customer)
		return x->customer < y->customer ? -1 : 1;
	return (int)x->kind - (int)y->kind;
}

size_t demo_day(struct demo_act acts[DEMO_ACTS_MAX])
{
	struct day d = {.acts = acts, .chance = SEED};

	for (d.customer = 0; d.customer < DEMO_CUSTOMERS; d.customer++) {
		int64_t t = 500 + chance(&d, ARRIVE_MS);

		d.product = chance(&d, ARRAY_SIZE(products));
		courses[d.customer % GROUPS](&d, t);
	}
	qsort(acts, d.n, sizeof(*acts), compare_acts);
	return d.n;
}

/* ---- how it is told ------------------------------------------------------------------------ */

static bool is_anonymous(const struct demo_act *act)
{
	return courses[act->customer % GROUPS] == look_around;
}

const char *demo_customer(unsigned customer)
{
	return names[customer];
}

const char *demo_hero(void)
{
	return names[3]; /* the first of those whose parcel is late */
}

const char *demo_path(const struct demo_act *act)
{
	return kinds[act->kind].path;
}

enum demo_source demo_source(const struct demo_act *act)
{
	return kinds[act->kind].source;
}

const char *demo_name(const struct demo_act *act)
{
	return kinds[act->kind].event;
}

const char *demo_channel(const struct demo_act *act)
{
	return kinds[act->kind].channel;
}

static bool is_about_product(const struct demo_act *act)
{
	return act->kind == DEMO_VIEW || act->kind == DEMO_ADD || act->kind == DEMO_STORE;
}

void demo_detail(const struct demo_act *act, struct buf *out)
{
	if (is_about_product(act))
		buf_printf(out, "%s, %u EUR", products[act->product].name,
			products[act->product].price);
	else if (act->kind == DEMO_ORDER)
		buf_printf(out, "order O-%u, %u EUR, promised in %u s", 1000 + act->customer,
			products[act->product].price, (unsigned)(act->promise_ms / MS_SECOND));
	else if (act->kind == DEMO_SHIPPED || act->kind == DEMO_DELIVERED)
		buf_printf(out, "order O-%u", 1000 + act->customer);
	if (act->ago_ms)
		buf_printf(out, " (the till reports it %u s late)",
			(unsigned)(act->ago_ms / MS_SECOND));
}

static void add_member(struct buf *out, const char *name, const char *value)
{
	const char *before = out->len > 0 && out->ptr[out->len - 1] == '{' ? "" : ",";

	/* Names of products have quotation marks in them; nothing else here needs an escape. */
	buf_printf(out, "%s\"%s\":\"", before, name);
	for (const char *c = value; *c; c++) {
		if (*c == '"')
			buf_add_char(out, '\\');
		buf_add_char(out, *c);
	}
	buf_add_char(out, '"');
}

static void add_instant(struct buf *out, const char *name, int64_t at)
{
	char text[INSTANT_SIZE];

	instant_format(at, text);
	add_member(out, name, text);
}

static void add_id(
	struct buf *out, const char *name, const char *letter, const struct demo_act *act)
{
	char id[24];

	(void)snprintf(id, sizeof(id), "%s-%u", letter, 1000 + act->customer);
	add_member(out, name, id);
}

static void add_properties(const struct demo_act *act, int64_t at, struct buf *out)
{
	bool cart = act->kind == DEMO_ADD || act->kind == DEMO_CHECKOUT || act->kind == DEMO_ORDER;
	bool order =
		act->kind == DEMO_ORDER || act->kind == DEMO_SHIPPED || act->kind == DEMO_DELIVERED;

	buf_add_str(out, ",\"properties\":{");
	add_member(out, "channel", kinds[act->kind].channel);
	if (cart)
		add_id(out, "cart_id", "C", act);
	if (order)
		add_id(out, "order_id", "O", act);
	if (is_about_product(act)) {
		add_member(out, "product_id", products[act->product].sku);
		add_member(out, "name", products[act->product].name);
		buf_printf(out, ",\"price\":%u,\"currency\":\"EUR\"", products[act->product].price);
	}
	if (act->kind == DEMO_ORDER) {
		buf_printf(out, ",\"total\":%u,\"currency\":\"EUR\"", products[act->product].price);
		add_instant(out, "promised_at", at + act->promise_ms);
	}
	buf_add_char(out, '}');
}

void demo_body(const struct demo_act *act, int64_t now, size_t nth, struct buf *out)
{
	const char *name = names[act->customer];
	int64_t at = now - act->ago_ms;
	char text[64];

	buf_add_char(out, '{');
	(void)snprintf(text, sizeof(text), "demo-%zu", nth);
	add_member(out, "messageId", text);
	add_member(out, is_anonymous(act) ? "anonymousId" : "userId", name);
	add_instant(out, "timestamp", at);
	if (act->kind == DEMO_IDENTIFY) {
		(void)snprintf(text, sizeof(text), "%s@example.com", name);
		buf_add_str(out, ",\"traits\":{");
		add_member(out, "email", text);
		buf_add_str(out, "}}");
		return;
	}
	if (act->kind != DEMO_PAGE)
		add_member(out, "event", kinds[act->kind].event);
	add_properties(act, at, out);
	buf_add_char(out, '}');
}
