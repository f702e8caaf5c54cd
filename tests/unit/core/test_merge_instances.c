/* SPDX-License-Identifier: MIT */
/* What waits and what was sent when two customers turn out to be one. Instants are hand arithmetic;
 * the law over random histories is test_merge_law.c. */
#include "absence_scene.h"
#include "core/gate.h"
#include "core/merge.h"

#define ORDER_COMPLETED EVENT_ORDER_COMPLETED
#define ADDED		EVENT_PRODUCT_ADDED
#define STARTED		EVENT_CHECKOUT_STARTED

static const struct carried c1 = {.cart = "C1"}, c2 = {.cart = "C2"}, none = {0};

#define TAKEN(S, TEXT) CHECK_STR(span_str(scene_take(S)), TEXT)

static const struct rule_match order_of_cart[] = {
	{.by = MATCH_KIND, .kind = ORDER_COMPLETED, .terminal = true}};
static const struct rule_match order_of_customer[] = {
	{.by = MATCH_KIND, .kind = ORDER_COMPLETED, .customer = true}};
static const struct rule_match emptied[] = {{.by = MATCH_KIND, .kind = EVENT_CART_EMPTIED}};

/* The visitor becomes Anna at NOW, which was said LINKED. */
static void merge(struct two *t, int64_t linked, int64_t now)
{
	scene_merge(&t->anna, t->visitor.journey, linked, now);
}

static const struct instance *find(const struct scene *s, const char *rule, const char *key)
{
	return journey_instance(s->journey, span_str(rule), span_str(key));
}

/* A cart rule that an order for the cart closes for good. */
static struct rule shop_rule(void)
{
	struct rule rule = scene_cart("cart");

	rule.cancel = order_of_cart;
	rule.n_cancel = 1;
	rule.tombstone_ms = 45 * MS_DAY;
	rule.cooldown_ms = 7 * MS_DAY;
	return rule;
}

/* ---- a purchase under the other name --------------------------------------------------------- */

/* A guest bought what the visitor had in the cart: nothing is waited for any more. */
static void test_ended(void)
{
	struct rule rule = shop_rule();
	struct two t;

	two_init(&t, &rule, 1);
	scene_event(&t.visitor, ADDED, c1, 0, 0);
	scene_event(&t.anna, ORDER_COMPLETED, c1, H, H);
	merge(&t, 2 * H, 2 * H);
	TAKEN(&t.anna, "cancelled cart cart:C1 @7200000;");
	CHECK_STR(t.anna.last.words, "known as anna");
	CHECK_INT(find(&t.anna, "cart", "cart:C1")->state, INSTANCE_CLOSED);
	CHECK_INT(find(&t.anna, "cart", "cart:C1")->until_at, H + 45 * MS_DAY);
	CHECK_STR(text_span(find(&t.anna, "cart", "cart:C1")->by), "Order Completed");
	scene_tick(&t.anna, 60 * MS_DAY);
	TAKEN(&t.anna, "");
	two_release(&t);
}

/* The mail had fired: it is taken back, from where it lies, under the name that it has. */
static void test_retracted(void)
{
	struct rule rule = shop_rule();
	const struct decision *d;
	struct two t;

	two_init(&t, &rule, 1);
	scene_event(&t.visitor, ADDED, c1, 0, 0);
	scene_tick(&t.visitor, 4 * H);
	TAKEN(&t.visitor, "fired cart cart:C1 1/main @14400000;");
	scene_event(&t.anna, ORDER_COMPLETED, c1, 3 * H, 5 * H);
	merge(&t, 6 * H, 6 * H);
	TAKEN(&t.anna, "retracted cart cart:C1 1/main @21600000;");
	d = &t.anna.last;
	CHECK_STR(d->subject, "anon:v");
	CHECK_STR(d->home, "anon:v");
	CHECK_STR(d->by, "Order Completed");
	CHECK_INT(d->by_at, 3 * H);
	CHECK(d->late);
	CHECK_STR(t.anna.last.words, "known as anna");
	CHECK_INT(t.anna.counts[COUNTER_RETRACTED], 1);
	two_release(&t);
}

/* The other way round: Anna's own mail, by what the visitor did. */
static void test_retracted_own(void)
{
	struct rule rule = shop_rule();
	struct two t;

	two_init(&t, &rule, 1);
	scene_event(&t.anna, ADDED, c1, 0, 0);
	scene_tick(&t.anna, 4 * H);
	scene_event(&t.visitor, ORDER_COMPLETED, c1, 5 * H, 5 * H);
	(void)scene_take(&t.anna);
	merge(&t, 6 * H, 6 * H);
	TAKEN(&t.anna, "retracted cart cart:C1 1/main @21600000;");
	CHECK_INT(t.anna.last.subject.len + t.anna.last.home.len, 0);
	CHECK(!t.anna.last.late);
	CHECK_STR(t.anna.last.words, "known as anon:v");
	two_release(&t);
}

/* A cancel from before the activity ends nothing; one at the same instant does; and within the
 * slack one that came in later. */
static void test_when(void)
{
	static const struct {
		int64_t added, added_in, emptied, emptied_in;
		const char *want;
	} cases[] = {
		{H, H, H - 1, 2 * H, ""},
		{H, H, H, H, "cancelled cart cart:C1 @10800000;"},
		{H, H, H + 1, 2 * H, "cancelled cart cart:C1 @10800000;"},
		{2 * H, 2 * H, H, H, ""},
	};
	struct rule rule = scene_cart("cart");

	rule.cancel = emptied;
	rule.n_cancel = 1;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct two t;

		two_init(&t, &rule, 1);
		scene_event(&t.visitor, ADDED, c1, cases[i].added, cases[i].added_in);
		scene_event(&t.anna, EVENT_CART_EMPTIED, c1, cases[i].emptied, cases[i].emptied_in);
		merge(&t, 3 * H, 3 * H);
		TAKEN(&t.anna, cases[i].want);
		two_release(&t);
	}
	rule.slack_ms = 10 * M;
	for (int64_t over = 0; over <= 1; over++) {
		struct two t;

		two_init(&t, &rule, 1);
		scene_event(&t.visitor, ADDED, c1, H, H);
		scene_event(&t.anna, EVENT_CART_EMPTIED, c1, H - 10 * M - over, H + M);
		merge(&t, 3 * H, 3 * H);
		TAKEN(&t.anna, over ? "" : "cancelled cart cart:C1 @10800000;");
		two_release(&t);
	}
}

/* A purchase without a cart ends all carts of the customer, under every name. */
static void test_whole(void)
{
	struct rule rule = shop_rule();
	struct two t;

	rule.cancel = order_of_customer;
	two_init(&t, &rule, 1);
	scene_event(&t.visitor, ADDED, c1, 0, 0);
	scene_event(&t.visitor, ADDED, c2, 2 * H, 2 * H);
	scene_event(&t.anna, ORDER_COMPLETED, none, H, H);
	merge(&t, 3 * H, 3 * H);
	TAKEN(&t.anna, "cancelled cart cart:C1 @10800000;");
	scene_tick(&t.anna, 7 * H);
	TAKEN(&t.anna, "fired cart cart:C2 1/main @21600000;");
	two_release(&t);
}

/* ---- both wait ------------------------------------------------------------------------------ */

/* One of the two goes on: by the last activity, or by the first. */
static void test_both(void)
{
	struct rule rule = scene_cart("cart");

	for (int way = 0; way < 4; way++) {
		bool first = way & 1, anna_first = way & 2;
		int64_t anna = anna_first ? 0 : H, visitor = anna_first ? H : 0;
		struct two t;

		rule.anchor_first = first;
		two_init(&t, &rule, 1);
		scene_event(&t.anna, ADDED, c1, anna, anna);
		scene_event(&t.visitor, ADDED, c1, visitor, visitor);
		merge(&t, 2 * H, 2 * H);
		TAKEN(&t.anna, "merged cart cart:C1 @7200000;");
		CHECK_STR(t.anna.last.words,
			anna_first == first ? "known as anna, the customer waits for it already"
					    : "known as anon:v, the customer waits for it already");
		CHECK_INT(t.anna.journey->n_instances, 1);
		CHECK_INT(t.anna.journey->instances[0].armed_at, 0);
		CHECK_INT(journey_next_due(t.anna.journey), (first ? 4 : 5) * H);
		CHECK_STR(text_span(t.anna.journey->instances[0].subject),
			anna_first == first ? "" : "anon:v");
		scene_tick(&t.anna, 6 * H);
		TAKEN(&t.anna, first ? "fired cart cart:C1 1/main @14400000;"
				     : "fired cart cart:C1 1/main @18000000;");
		two_release(&t);
	}
}

/* Who has had the first message goes on with the second, and not before the other is silent. */
static void test_steps(void)
{
	struct rule rule = scene_cart("cart");
	struct two t;

	rule.steps[1] = (struct rule_step){.id = SPAN_LIT("second"), .after_ms = 2 * H};
	rule.n_steps = 2;
	two_init(&t, &rule, 1);
	scene_event(&t.visitor, ADDED, c1, 0, 0);
	scene_tick(&t.visitor, 4 * H);
	scene_event(&t.anna, ADDED, c1, 3 * H, 3 * H);
	merge(&t, 5 * H, 5 * H);
	TAKEN(&t.anna, "merged cart cart:C1 @18000000;");
	CHECK_INT(t.anna.journey->due_at, 7 * H);
	scene_tick(&t.anna, 8 * H);
	TAKEN(&t.anna, "fired cart cart:C1 1/second @25200000;");
	CHECK_STR(t.anna.last.subject, "anon:v");
	two_release(&t);
}

/* The visitor has had both messages, Anna the first: she goes on under her own name. */
static void test_steps_named(void)
{
	struct rule rule = scene_cart("cart");
	struct carried hers = {.cart = "C1", .subject = "anon:v"};
	struct two t;

	rule.steps[1] = (struct rule_step){.id = SPAN_LIT("second"), .after_ms = 2 * H};
	rule.n_steps = 2;
	rule.cancel = order_of_cart;
	for (rule.n_cancel = 0; rule.n_cancel < 2; rule.n_cancel++) {
		two_init(&t, &rule, 1);
		scene_event(&t.visitor, ADDED, c1, 0, 0);
		scene_tick(&t.visitor, 6 * H);
		scene_event(&t.anna, ADDED, c1, 7 * H, 11 * H);
		merge(&t, 12 * H, 12 * H);
		scene_event(&t.anna, ADDED, hers, 12 * H, 12 * H);
		scene_tick(&t.anna, 16 * H);
		CHECK_INT(t.anna.last.subject.len, 0);
		two_release(&t);
	}
}

/* ---- sent already --------------------------------------------------------------------------- */

/* The visitor was sent it; Anna is not, while it cools, nor for what belongs to that time. */
static void test_cooling(void)
{
	static const struct {
		int64_t cooldown, added, received;
		const char *want;
	} cases[] = {
		{7 * MS_DAY, 10 * H, 10 * H, "merged cart cart:C1 @36000000;"},
		{6 * H, 10 * H, 10 * H, ""},
		{6 * H + 1, 10 * H, 10 * H, "merged cart cart:C1 @36000000;"},
		{0, 0, 5 * H, "merged cart cart:C1 @18000000;"},
		{0, 1, 5 * H, ""},
	};
	struct rule rule = scene_cart("cart");

	rule.wait.span_ms = 4 * H;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct two t;

		rule.cooldown_ms = cases[i].cooldown;
		two_init(&t, &rule, 1);
		scene_event(&t.visitor, ADDED, c1, 0, 0);
		scene_tick(&t.visitor, 4 * H);
		scene_event(&t.anna, ADDED, c1, cases[i].added, cases[i].received);
		merge(&t, cases[i].received, cases[i].received);
		TAKEN(&t.anna, cases[i].want);
		two_release(&t);
	}
}

/* Both were sent it: the second is taken back, if nobody has it yet. */
static void test_twice(void)
{
	struct rule rule = shop_rule();
	struct two t;

	two_init(&t, &rule, 1);
	scene_event(&t.visitor, ADDED, c1, H, H);
	scene_tick(&t.visitor, 5 * H);
	scene_event(&t.anna, ADDED, c1, 0, 0);
	scene_tick(&t.anna, 5 * H);
	(void)scene_take(&t.anna);
	merge(&t, 6 * H, 6 * H);
	TAKEN(&t.anna, "retracted cart cart:C1 1/main @21600000;");
	CHECK_STR(t.anna.last.subject, "anon:v");
	CHECK_STR(t.anna.last.words, "known as anna, it had been sent already");
	/* Anna's own job is the one that a purchase takes back from now on. */
	scene_event(&t.anna, ORDER_COMPLETED, c1, 7 * H, 7 * H);
	TAKEN(&t.anna, "retracted cart cart:C1 1/main @25200000;");
	CHECK_INT(t.anna.last.subject.len + t.anna.last.home.len, 0);
	two_release(&t);
}

/* As often as the rule allows, over both names; each name has numbers of its own. */
static void test_episodes(void)
{
	struct rule rule = scene_cart("cart");

	for (uint32_t max = 0; max <= 1; max++) {
		struct two t;

		rule.max_per_key = max;
		two_init(&t, &rule, 1);
		scene_event(&t.anna, ADDED, c1, 0, 0);
		scene_tick(&t.anna, 4 * H);
		(void)scene_take(&t.anna);
		scene_event(&t.visitor, ADDED, c1, 5 * H, 5 * H);
		merge(&t, 5 * H, 6 * H);
		TAKEN(&t.anna, max ? "merged cart cart:C1 @21600000;" : "");
		scene_tick(&t.anna, 9 * H);
		TAKEN(&t.anna, max ? "" : "fired cart cart:C1 1/main @32400000;");
		if (!max)
			CHECK_STR(t.anna.last.subject, "anon:v");
		two_release(&t);
	}
}

/* ---- names of jobs -------------------------------------------------------------------------- */

/* The job is called after the key that its cart came under, before and after the link and over two
 * of them. */
static void test_names(void)
{
	static const int64_t linked[] = {H + 1, H, 0};
	struct rule rule = scene_cart("cart");

	for (size_t i = 0; i < ARRAY_SIZE(linked); i++) {
		struct scene staff;
		struct two t;

		scene_init(&staff, &rule, 1);
		REQUIRE(text_set(&staff.journey->customer, SPAN_LIT("a")) == 0);
		two_init(&t, &rule, 1);
		scene_event(&t.visitor, ADDED, c1, H, H);
		merge(&t, linked[i], 2 * H);
		CHECK_STR(text_span(find(&t.anna, "cart", "cart:C1")->subject), "anon:v");
		scene_merge(&staff, t.anna.journey, 2 * H, 3 * H);
		CHECK_STR(text_span(find(&staff, "cart", "cart:C1")->subject), "anon:v");
		scene_tick(&staff, 5 * H);
		TAKEN(&staff, "fired cart cart:C1 1/main @18000000;");
		CHECK_STR(staff.last.subject, "anon:v");
		/* It lies where it was emitted, which is here. */
		CHECK_INT(find(&staff, "cart", "cart:C1")->home.len, 0);
		two_release(&t);
		scene_release(&staff);
	}
}

/* Of two carts with one name the later activity is what is waited for, by whatever name it came, in
 * whichever order the two become one. */
static void test_later_name(void)
{
	static const struct {
		int64_t anna, visitor;
		const char *subject;
	} cases[] = {{H, 2 * H, "anon:v"}, {2 * H, H, ""}};
	struct rule rule = scene_cart("cart");

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct two t;

		two_init(&t, &rule, 1);
		scene_event(&t.anna, ADDED, c1, cases[i].anna, 2 * H);
		scene_event(&t.visitor, ADDED, c1, cases[i].visitor, 2 * H);
		merge(&t, 2 * H, 2 * H);
		CHECK_STR(text_span(find(&t.anna, "cart", "cart:C1")->subject), cases[i].subject);
		two_release(&t);
	}
}

/* ---- between rules and keys ----------------------------------------------------------------- */

static void test_supersedes(void)
{
	static const struct rule_match started[] = {{.by = MATCH_KIND, .kind = STARTED}};
	struct rule rules[2] = {scene_cart("cart"), scene_cart("checkout")};
	struct two t;

	rules[1].arm = started;
	rules[1].supersedes[0] = SPAN_LIT("cart");
	rules[1].n_supersedes = 1;
	two_init(&t, rules, 2);
	/* What waits is asked when the other is due, as ever. */
	scene_event(&t.anna, ADDED, c2, 0, 0);
	scene_event(&t.visitor, STARTED, c1, H, H);
	merge(&t, 2 * H, 2 * H);
	TAKEN(&t.anna, "");
	scene_tick(&t.anna, 4 * H);
	TAKEN(&t.anna, "superseded cart cart:C2 @14400000;");
	two_release(&t);

	/* What has sent meanwhile has ended it. */
	rules[1].wait.span_ms = H / 2;
	two_init(&t, rules, 2);
	scene_event(&t.anna, ADDED, c2, 0, 0);
	scene_event(&t.visitor, STARTED, c1, H, H);
	scene_tick(&t.visitor, 2 * H);
	merge(&t, 2 * H, 2 * H);
	TAKEN(&t.anna, "superseded cart cart:C2 @7200000;");
	CHECK_STR(t.anna.last.words, "known as anon:v, checkout");
	CHECK_STR(text_span(find(&t.anna, "cart", "cart:C2")->superseded_by), "checkout");
	two_release(&t);
}

static void test_replaces(void)
{
	struct rule rule = scene_cart("cart");
	struct two t;

	rule.replace = REPLACE_LATEST;
	two_init(&t, &rule, 1);
	scene_event(&t.anna, ADDED, c1, H, H);
	scene_event(&t.visitor, ADDED, c2, 0, 0);
	/* Which one goes is decided when the first of them is due, as ever. */
	merge(&t, 2 * H, 2 * H);
	TAKEN(&t.anna, "");
	scene_tick(&t.anna, 6 * H);
	TAKEN(&t.anna, "replaced cart cart:C2 @14400000; fired cart cart:C1 1/main @18000000;");
	two_release(&t);
}

/* The first of several counts, and the other side knew that it was cancelled: the next does. */
static void test_first(void)
{
	struct rule rule = scene_cart("cart");
	struct two t;

	rule.cancel = emptied;
	rule.n_cancel = 1;
	rule.anchor_first = true;
	two_init(&t, &rule, 1);
	scene_event(&t.visitor, ADDED, c1, 0, 0);
	scene_event(&t.visitor, ADDED, c1, 2 * H, 2 * H);
	scene_event(&t.anna, EVENT_CART_EMPTIED, c1, H, H);
	merge(&t, 3 * H, 3 * H);
	TAKEN(&t.anna, "cancelled cart cart:C1 @10800000;");
	CHECK_INT(journey_next_due(t.anna.journey), 6 * H);
	/* And where both waited, the other one's is the next. */
	scene_event(&t.anna, EVENT_CART_EMPTIED, c1, 2 * H, 3 * H);
	(void)scene_take(&t.anna);
	CHECK_INT(journey_next_due(t.anna.journey), TIME_NEVER);
	two_release(&t);
	two_init(&t, &rule, 1);
	scene_event(&t.visitor, ADDED, c1, 0, 0);
	scene_event(&t.anna, ADDED, c1, 2 * H, 2 * H);
	merge(&t, 3 * H, 3 * H);
	TAKEN(&t.anna, "merged cart cart:C1 @10800000;");
	CHECK_INT(journey_next_due(t.anna.journey), 4 * H);
	scene_event(&t.anna, EVENT_CART_EMPTIED, c1, H, 3 * H);
	TAKEN(&t.anna, "cancelled cart cart:C1 @10800000;");
	CHECK_INT(journey_next_due(t.anna.journey), 6 * H);
	two_release(&t);
}

/* A cooldown over all keys: what was armed while it lasted would not have been. */
static void test_cooldown(void)
{
	struct rule rule = scene_cart("cart");

	rule.cooldown_customer = true;
	rule.cooldown_ms = MS_DAY;
	for (int64_t after = 0; after <= 1; after++) {
		int64_t armed = 4 * H + (after ? MS_DAY : MS_DAY - 1);
		struct two t;

		two_init(&t, &rule, 1);
		scene_event(&t.anna, ADDED, c1, 0, 0);
		scene_tick(&t.anna, 4 * H);
		(void)scene_take(&t.anna);
		scene_event(&t.visitor, ADDED, c2, armed, armed);
		merge(&t, 30 * H, 30 * H);
		TAKEN(&t.anna, after ? "" : "merged cart cart:C2 @108000000;");
		two_release(&t);
	}
}

/* ---- nothing fires, nothing is doubled ------------------------------------------------------- */

/* What was overdue fires at its own instant, when the customer is looked at next. */
static void test_overdue(void)
{
	struct rule rule = scene_cart("cart");
	struct two t;

	two_init(&t, &rule, 1);
	scene_event(&t.visitor, ADDED, c1, 0, 0);
	merge(&t, 5 * H, 5 * H);
	TAKEN(&t.anna, "");
	CHECK_INT(t.anna.journey->due_at, 4 * H);
	CHECK_INT(t.anna.counts[COUNTER_FIRED], 0);
	scene_tick(&t.anna, 6 * H);
	TAKEN(&t.anna, "fired cart cart:C1 1/main @14400000;");
	two_release(&t);
}

/* Reserved sends count for both; what is taken back is released. */
static void test_sends(void)
{
	struct rule rule = shop_rule();
	const struct journey *j;
	struct two t;

	two_init(&t, &rule, 1);
	scene_event(&t.visitor, ADDED, c1, 0, 0);
	scene_event(&t.visitor, ADDED, c2, 0, 0);
	for (size_t i = 0; i < 2; i++) {
		struct gate_ask ask = {.rules = t.visitor.rules,
			.rule = &t.visitor.rules->list[0],
			.journey = t.visitor.journey,
			.instance = &t.visitor.journey->instances[i],
			.now = 4 * H};
		struct gate_verdict verdict = {.channel = SPAN_LIT("email")};

		REQUIRE(gates_reserve(t.visitor.journey, &ask, &verdict) == 0);
	}
	scene_tick(&t.visitor, 4 * H);
	scene_event(&t.anna, ORDER_COMPLETED, c1, 5 * H, 5 * H);
	merge(&t, 6 * H, 6 * H);
	TAKEN(&t.anna, "retracted cart cart:C1 1/main @21600000;");
	j = t.anna.journey;
	CHECK_INT(j->n_sends, 2);
	CHECK_INT((j->sends[0].state == SEND_RELEASED) + (j->sends[1].state == SEND_RELEASED), 1);
	two_release(&t);
}

/* All places taken by what waits: one of them ends, and it is said. */
static void test_full(void)
{
	struct rule rule = scene_cart("cart");
	struct two t;
	char cart[8];

	two_init(&t, &rule, 1);
	for (int64_t i = 0; i < JOURNEY_INSTANCES_MAX; i++) {
		(void)snprintf(cart, sizeof(cart), "C%d", (int)i);
		scene_event(&t.anna, ADDED, (struct carried){.cart = cart}, i, i);
	}
	scene_event(&t.visitor, ADDED, (struct carried){.cart = "D"}, 200, 200);
	merge(&t, H, H);
	TAKEN(&t.anna, "limit cart cart:C511 @3600000;");
	CHECK_INT(t.anna.journey->n_instances, JOURNEY_INSTANCES_MAX);
	CHECK(find(&t.anna, "cart", "cart:D"));
	CHECK_INT(t.anna.counts[COUNTER_LIMIT], 1);
	two_release(&t);
}

static const struct check_case cases[] = {
	{"a purchase under the other name ends the wait", test_ended},
	{"and takes the mail back", test_retracted},
	{"and that of the one who stays", test_retracted_own},
	{"cancels by when they were", test_when},
	{"what concerns the whole customer concerns every name", test_whole},
	{"of two that wait one goes on", test_both},
	{"between steps", test_steps},
	{"steps of one name", test_steps_named},
	{"what was sent is not sent again", test_cooling},
	{"nor twice", test_twice},
	{"as often as the rule allows", test_episodes},
	{"jobs keep their names", test_names},
	{"the name of the later one", test_later_name},
	{"rules' precedence", test_supersedes},
	{"the newer cart", test_replaces},
	{"the first of several", test_first},
	{"a cooldown over all keys", test_cooldown},
	{"nothing fires because of a merge", test_overdue},
	{"what was sent counts", test_sends},
	{"no room", test_full},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
