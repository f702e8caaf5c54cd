/* SPDX-License-Identifier: MIT */
/*
 * The stages of a customer as triggers.md, section 13, names them, by events as shops send them:
 * what makes each, and which goes before which. (Their ends in time: core/test_stage.c.)
 */
#include "check.h"

#include "facts_scene.h"

#define STAGE(DAY, NAME) ASK(DAY, "@", "stage", NAME)

/* From the bottom to the top and down again. */
static void test_precedence(void)
{
	static const struct facts_row rows[] = {
		EVENT("01T10:00", "page", ""),
		STAGE("01T10:00", "prospect"),
		EVENT("01T11:00", "Product Added", "\"cart_id\":\"C1\",\"product_id\":\"P1\""),
		STAGE("01T11:00", "active_shopper"),
		EVENT("01T12:00", "Order Completed", "\"cart_id\":\"C1\",\"order_id\":\"O1\""),
		STAGE("01T12:00", "customer_awaiting"),
		EVENT("03T10:00", "Order Delivered", "\"order_id\":\"O1\""),
		STAGE("03T10:00", "new_customer"),
		EVENT("04T10:00", "Referral Made", ""),
		STAGE("04T10:00", "advocate"),
		EVENT("05T10:00", "Product Added", "\"cart_id\":\"C2\",\"product_id\":\"P1\""),
		STAGE("05T10:00", "active_shopper"),
		EVENT("06T10:00", "Order Completed", "\"cart_id\":\"C3\",\"order_id\":\"O2\""),
		STAGE("06T10:00", "customer_awaiting"),
		EVENT("07T10:00", "Case Opened", "\"case_id\":\"K1\""),
		STAGE("07T10:00", "at_risk"),
		EVENT("08T10:00", "identify", "\"blocked\":true"),
		STAGE("08T10:00", "blocked"),
		ASK("08T10:00", "@", "stage_since", "2026-11-08T10:00:00.000Z"),
		EVENT("09T10:00", "identify", "\"blocked\":false"),
		STAGE("09T10:00", "at_risk"),
		ASK("09T10:00", "@", "stage_since", "2026-11-09T10:00:00.000Z"),
		ASK("09T10:00", "@", "stage_before", "blocked"),
		EVENT("10T10:00", "Case Solved", "\"case_id\":\"K1\""),
		STAGE("10T10:00", "customer_awaiting"),
		EVENT("11T10:00", "Order Delivered", "\"order_id\":\"O2\""),
		STAGE("11T10:00", "active_shopper"),
		EVENT("12T10:00", "Cart Emptied", "\"cart_id\":\"C2\""),
		STAGE("12T10:00", "advocate"),
		EVENT("13T10:00", "Privacy Request Received", "\"request\":\"erase\""),
		STAGE("13T10:00", "erased"),
		EVENT("14T10:00", "identify", "\"blocked\":true"),
		STAGE("14T10:00", "erased"),
	};

	facts_play(rows, ARRAY_SIZE(rows));
}

/* NPS from 9, reviews from four stars; to 6, and to two stars, somebody is at risk. */
static void test_words(void)
{
	static const struct facts_row rows[] = {
		EVENT("01T10:00", "Order Completed", "\"order_id\":\"O1\""),
		EVENT("02T10:00", "Order Delivered", "\"order_id\":\"O1\""),
		EVENT("03T10:00", "Survey Answered", "\"nps\":8"),
		STAGE("03T10:00", "new_customer"),
		EVENT("04T10:00", "Survey Answered", "\"nps\":9"),
		STAGE("04T10:00", "advocate"),
		ASK("04T10:00", "@", "stage_since", "2026-11-04T10:00:00.000Z"),
		EVENT("05T10:00", "Survey Answered", "\"nps\":6"),
		STAGE("05T10:00", "at_risk"),
		EVENT("06T10:00", "Survey Answered", "\"nps\":7"),
		STAGE("06T10:00", "new_customer"),
		EVENT("07T10:00", "Product Reviewed", "\"review_id\":\"R1\",\"rating\":3"),
		STAGE("07T10:00", "new_customer"),
		EVENT("08T10:00", "Product Reviewed", "\"review_id\":\"R2\",\"rating\":4"),
		STAGE("08T10:00", "advocate"),
		EVENT("09T10:00", "Product Reviewed", "\"review_id\":\"R3\",\"rating\":2"),
		STAGE("09T10:00", "at_risk"),
		/* five of five, and yes: content, and no advocate by that */
		EVENT("10T10:00", "Survey Answered", "\"csat\":5,\"recommend\":true"),
		STAGE("10T10:00", "new_customer"),
		/* two orders, whatever became of the second */
		EVENT("11T10:00", "Order Completed", "\"order_id\":\"O2\""),
		EVENT("12T10:00", "Order Delivered", "\"order_id\":\"O2\""),
		STAGE("12T10:00", "repeat"),
		EVENT("13T10:00", "Survey Answered", "\"nps\":10"),
		STAGE("13T10:00", "advocate"),
	};

	facts_play(rows, ARRAY_SIZE(rows));
}

/* Whoever ordered nothing is no customer yet, however much they say. */
static void test_prospects(void)
{
	static const struct facts_row rows[] = {
		EVENT("01T10:00", "Referral Made", ""),
		EVENT("01T10:00", "Survey Answered", "\"nps\":10"),
		STAGE("01T10:00", "prospect"),
		EVENT("02T10:00", "Checkout Started", "\"checkout_id\":\"K1\""),
		STAGE("02T10:00", "active_shopper"),
		EVENT("02T11:00", "Order Completed", "\"order_id\":\"O1\",\"checkout_id\":\"K1\""),
		EVENT("02T12:00", "Order Cancelled", "\"order_id\":\"O1\""),
		/* the referral was within the year, and now they are a customer */
		STAGE("02T12:00", "advocate"),
	};

	facts_play(rows, ARRAY_SIZE(rows));
}

static const struct check_case cases[] = {
	{"which goes before which", test_precedence},
	{"what they said", test_words},
	{"before the first order", test_prospects},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
