/* SPDX-License-Identifier: MIT */
/* Cancels that come late, whatever has happened since. Instants are hand arithmetic. */
#include "absence_scene.h"

#define ADDED	EVENT_PRODUCT_ADDED
#define EMPTIED EVENT_CART_EMPTIED

static const struct carried c1 = {.cart = "C1"}, c2 = {.cart = "C2"};
static const struct rule_match plain[] = {{.by = MATCH_KIND, .kind = EMPTIED}};

/*
 * The first cart's message goes out at 4 h and a day's pause for all carts begins. The second cart
 * was begun before, is emptied at EMPTIED and gets something more at MORE, which within the pause
 * begins nothing; whichever of the two is heard of first.
 * In the other row all of it is over before the message goes out, and the cart is another one.
 */
static void test_late_cancel(void)
{
	static const struct {
		int64_t emptied, more;
		int fired;
	} ways[] = {
		{5 * H - 1, 5 * H, 1},
		{2 * H, 3 * H, 2},
	};

	for (size_t n = 0; n < 2 * ARRAY_SIZE(ways); n++) {
		int64_t emptied = ways[n / 2].emptied, more = ways[n / 2].more;
		struct rule rule = scene_cart("cart");
		struct scene s;

		rule.cancel = plain;
		rule.n_cancel = 1;
		rule.cooldown_ms = MS_DAY;
		rule.cooldown_customer = true;
		scene_init(&s, &rule, 1);
		scene_event(&s, ADDED, c1, 0, 0);
		scene_event(&s, ADDED, c2, H, H);
		if (n % 2)
			scene_event(&s, EMPTIED, c2, emptied, emptied);
		scene_event(&s, ADDED, c2, more, more);
		if (n % 2 == 0)
			scene_event(&s, EMPTIED, c2, emptied, more + M);
		scene_tick(&s, 20 * H);
		CHECK_INT(s.counts[COUNTER_FIRED], ways[n / 2].fired);
		scene_release(&s);
	}
}

int main(void)
{
	static const struct check_case cases[] = {
		{"a late cancel within a pause of all keys", test_late_cancel},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
