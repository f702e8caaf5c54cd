/* SPDX-License-Identifier: MIT */
/*
 * Facts: the page that people read holds them all, and what events of every kind come to, by hand.
 * Each row of a scene is an event, or a question that is asked at that point.
 */
#include "check.h"

#include "case_files.h"
#include "facts_scene.h"

/* ---- the table and the page -------------------------------------------------------------- */

static void test_paths(void)
{
	size_t n = 0;

	for (size_t i = 0; i < FACT_COUNT; i++) {
		_cleanup_(buf_release) struct buf path = BUF_INIT;

		if (!fact_is(i))
			continue;
		fact_path(i, &path);
		CHECK_INT(fact_find(buf_span(&path)), i);
		CHECK(fact_words(i)[0]);
		n++;
	}
	printf("# %zu facts\n", n);
	CHECK_INT(fact_find(SPAN_LIT("")), FACT_COUNT);
	CHECK_INT(fact_find(SPAN_LIT("order")), FACT_COUNT);
	CHECK_INT(fact_find(SPAN_LIT("case.")), FACT_COUNT);
	CHECK_INT(fact_find(SPAN_LIT("case._at")), FACT_COUNT);
	CHECK_INT(fact_find(SPAN_LIT("case.collected_at")), FACT_COUNT);
	CHECK_INT(fact_find(SPAN_LIT("thing.opened_at")), FACT_COUNT);
	CHECK_INT(fact_find(SPAN_LIT("consent.pigeon")), FACT_COUNT);
	CHECK_INT(fact_find(SPAN_LIT("value.Eur")), FACT_COUNT);
	CHECK_INT(fact_find(SPAN_LIT("value.EU")), FACT_COUNT);
	CHECK_INT(fact_find(SPAN_LIT("value.EURO")), FACT_COUNT);
}

/* As the page has to have it: one row of its table for each fact, in this order. */
static void expected_page(struct buf *out)
{
	static const char *const types[] = {
		[FACT_BOOL] = "true or false",
		[FACT_NUMBER] = "number",
		[FACT_TEXT] = "text",
		[FACT_INSTANT] = "instant",
	};

	for (size_t i = 0; i < FACT_SPENT; i++) {
		if (!fact_is(i))
			continue;
		buf_add_str(out, "| `s.");
		fact_path(i, out);
		buf_add_str(out, "` | ");
		buf_add_str(out, types[fact_type(i)]);
		buf_add_str(out, " | ");
		buf_add_str(out, fact_words(i));
		buf_add_str(out, " |\n");
	}
}

static void test_page(void)
{
	_cleanup_(buf_release) struct buf expected = BUF_INIT;
	_cleanup_(buf_release) struct buf page = BUF_INIT;
	char path[512];
	const char *rows;

	expected_page(&expected);
	buf_add_char(&expected, '\0');
	(void)snprintf(path, sizeof(path), "%s/schemas/facts.md", check_source_root());
	REQUIRE(case_read(path, &page) == 0);
	buf_add_char(&page, '\0');
	rows = strstr(page.ptr, "| `s.");
	/* For whoever adds a fact: what the page has to have. */
	if (getenv("WAYMARK_TEST_WRITE"))
		(void)fputs(expected.ptr, stderr);
	REQUIRE(rows);
	CHECK(strcmp(rows, expected.ptr) == 0);
}

static void test_cart(void)
{
	static const struct facts_row rows[] = {
		EVENT("01T10:00", "Product Added",
			"\"cart_id\":\"C1\",\"product_id\":\"P1\",\"sku\":\"P1-54\",\"price\":990,"
			"\"quantity\":2"),
		EVENT("01T11:00", "Product Added",
			"\"cart_id\":\"C1\",\"product_id\":\"P2\",\"price\":\"10.50\""),
		ASK("01T11:00", "cart:C1", "cart.items", "2"),
		ASK("01T11:00", "cart:C1", "cart.value", "19905e-1"),
		ASK("01T11:00", "@cart:C1", "cart.in_event", "-"),
		ASK("01T11:00", "cart:C2", "cart.value", "-"),
		ASK("01T11:00", "@customer", "cart.id", "C1"),
		ASK("01T11:00", "@order:C1", "cart.id", "-"),
		EVENT("01T12:00", "Product Removed", "\"cart_id\":\"C1\",\"product_id\":\"P2\""),
		ASK("01T12:00", "cart:C1", "cart.items", "1"),
		ASK("01T12:00", "cart:C1", "cart.value", "198e1"),
		/* a list says what is not in it; its value is the sender's */
		EVENT("01T13:00", "Cart Viewed",
			"\"cart_id\":\"C1\",\"value\":42,\"products\":[{\"product_id\":\"P2\"}]"),
		ASK("01T13:00", "cart:C1", "cart.items", "1"),
		ASK("01T13:00", "cart:C1", "cart.value", "42"),
		/* bought elsewhere, by its id, in another basket */
		EVENT("01T14:00", "In-Store Purchase",
			"\"order_id\":\"O1\",\"cart_id\":\"T9\",\"products\":[{\"product_id\":"
			"\"P2\"}]"),
		ASK("01T14:00", "cart:C1", "cart.in_event", "true"),
		ASK("01T14:00", "cart:C1", "cart.open", "true"),
		EVENT("01T15:00", "Order Completed",
			"\"order_id\":\"O2\",\"cart_id\":\"C1\",\"products\":[{\"sku\":\"P1-54\"}"
			"]"),
		ASK("01T15:00", "cart:C1", "cart.in_event", "false"),
		ASK("01T15:00", "cart:C1", "cart.state", "ordered"),
		ASK("01T15:00", "cart:C1", "cart.items", "0"),
		ASK("01T15:00", "order:O2", "order.items", "1"),
	};

	facts_play(rows, ARRAY_SIZE(rows));
}

/* How far it is, by a number or a name, whichever step was said last. */
static void test_checkout(void)
{
	static const struct facts_row rows[] = {
		EVENT("01T10:00", "Checkout Started", "\"checkout_id\":\"K1\""),
		ASK("01T10:00", "@checkout:K1", "checkout.status", "-"),
		EVENT("01T10:02", "Checkout Step Viewed", "\"checkout_id\":\"K1\",\"step\":2"),
		ASK("01T10:02", "@checkout:K1", "checkout.status", "2"),
		EVENT("01T10:01", "Checkout Step Completed", "\"checkout_id\":\"K1\",\"step\":1"),
		ASK("01T10:02", "@checkout:K1", "checkout.status", "2"),
		EVENT("01T10:03", "Payment Info Entered",
			"\"checkout_id\":\"K1\",\"step\":\"payment\""),
		ASK("01T10:03", "@checkout:K1", "checkout.status", "payment"),
		ASK("01T10:03", "@checkout:K1", "checkout.step_at", "2026-11-01T10:03:00.000Z"),
		EVENT("01T10:04", "Order Completed", "\"checkout_id\":\"K1\",\"order_id\":\"O1\""),
		ASK("01T10:04", "@checkout:K1", "checkout.status", "payment"),
		ASK("01T10:04", "@checkout:K1", "checkout.open", "false"),
	};

	facts_play(rows, ARRAY_SIZE(rows));
}

static void test_orders(void)
{
	static const struct facts_row rows[] = {
		EVENT("01T10:00", "Order Completed",
			"\"order_id\":\"O1\",\"total\":\"99.50\",\"currency\":\"EUR\","
			"\"promised_at\":\"2026-11-05\""),
		ASK("05T00:00", "@order:O1", "order.late", "false"),
		ASK("05T00:01", "@order:O1", "order.late", "true"),
		ASK("05T00:01", "@customer", "late_orders", "1"),
		ASK("05T00:01", "@order:O1", "stage", "customer_awaiting"),
		ASK("05T00:01", "", "order_delivered", "false"),
		ASK("05T00:01", "@", "order_delivered", "-"),
		EVENT("02T10:00", "Order Completed",
			"\"order_id\":\"O2\",\"total\":100,\"currency\":\"EUR\""),
		EVENT("03T10:00", "Order Completed",
			"\"order_id\":\"O3\",\"total\":7,\"currency\":\"CHF\""),
		ASK("03T10:00", "@", "value", "7"), /* the currency is the latest's */
		ASK("03T10:00", "@", "currency", "CHF"),
		EVENT("03T11:00", "Order Completed",
			"\"order_id\":\"O4\",\"total\":1,\"currency\":\"EUR\""),
		ASK("03T11:00", "@", "value", "2005e-1"),
		EVENT("04T10:00", "Order Refunded", "\"order_id\":\"O2\""),
		ASK("04T10:00", "@", "value", "1005e-1"),
		ASK("04T10:00", "@", "purchase_days", "3"),
		ASK("04T10:00", "@", "first_order_at", "2026-11-01T10:00:00.000Z"),
		EVENT("06T10:00", "Shipment Delivered",
			"\"order_id\":\"O1\",\"tracking_number\":\"T1\""),
		ASK("06T10:00", "@order:O1", "order.late", "false"),
		ASK("06T10:00", "@order:O1", "order.status", "delivered"),
		ASK("06T10:00", "@order:O1", "order.delivered_at", "2026-11-06T10:00:00.000Z"),
		ASK("06T10:00", "@order:O1", "shipment.open", "false"),
		ASK("06T10:00", "@shipment:T1", "order.id", "O1"),
	};

	facts_play(rows, ARRAY_SIZE(rows));
}

static void test_things(void)
{
	static const struct facts_row rows[] = {
		EVENT("01T10:00", "Case Opened",
			"\"case_id\":4711,\"order_id\":\"O1\",\"status\":\"new\""),
		ASK("01T10:00", "@case:4711", "case.open", "true"),
		ASK("01T10:00", "@case:4711", "thing.open", "true"),
		ASK("01T10:00", "@order:O1", "case.open", "true"),
		ASK("01T10:00", "@order:O2", "case.open", "-"),
		ASK("01T10:00", "@cart:4711", "case.open", "-"),
		ASK("01T10:00", "@", "open_cases", "1"),
		ASK("01T10:00", "@", "stage", "at_risk"),
		EVENT("02T10:00", "Case Solved", "\"case_id\":4711"),
		ASK("02T10:00", "@case:4711", "case.open", "false"),
		/* opened again: the first opening stays known */
		EVENT("03T10:00", "Case Opened", "\"case_id\":4711"),
		ASK("03T10:00", "@case:4711", "case.open", "true"),
		ASK("03T10:00", "@case:4711", "case.first_opened_at", "2026-11-01T10:00:00.000Z"),
		ASK("03T10:00", "@case:4711", "case.opened_at", "2026-11-03T10:00:00.000Z"),
		EVENT("01T10:00", "Appointment Booked",
			"\"appointment_id\":\"A1\",\"starts_at\":\"2026-11-10T10:00:00Z\""),
		EVENT("02T10:00", "Appointment Cancelled", "\"appointment_id\":\"A1\""),
		ASK("02T10:00", "@appointment:A1", "appointment.open", "false"),
		EVENT("03T10:00", "Appointment Rescheduled",
			"\"appointment_id\":\"A1\",\"starts_at\":\"2026-11-12T10:00:00Z\""),
		ASK("03T10:00", "@appointment:A1", "appointment.open", "true"),
		ASK("03T10:00", "@appointment:A1", "appointment.due_at",
			"2026-11-12T10:00:00.000Z"),
		EVENT("12T10:00", "Appointment Kept", "\"appointment_id\":\"A1\""),
		EVENT("13T10:00", "Appointment Rescheduled", "\"appointment_id\":\"A1\""),
		ASK("13T10:00", "@appointment:A1", "appointment.open", "false"),
		/* two orders with a first line each */
		EVENT("04T10:00", "Item Unavailable",
			"\"order_id\":\"O1\",\"line_id\":1,\"reason\":\"discontinued\""),
		EVENT("04T11:00", "Item Unavailable", "\"order_id\":\"O2\",\"line_id\":1"),
		EVENT("04T12:00", "Customer Choice Made",
			"\"order_id\":\"O2\",\"line_id\":1,\"choice\":\"replace\""),
		ASK("04T12:00", "@", "open_lines", "1"),
		ASK("04T12:00", "@order:O2", "line.status", "replace"),
		ASK("04T12:00", "@line:1", "line.about", "O1"),
	};

	facts_play(rows, ARRAY_SIZE(rows));
}

/* Those still to begin, and those to which nobody came although nobody says so. */
static void test_appointments(void)
{
	static const struct facts_row rows[] = {
		ASK("01T09:00", "@", "appointments_ahead", "0"),
		ASK("01T09:00", "@", "unkept_appointments", "0"),
		EVENT("01T10:00", "Appointment Booked",
			"\"appointment_id\":\"A1\",\"starts_at\":\"2026-11-02T10:00:00Z\""),
		EVENT("01T10:00", "Appointment Booked",
			"\"appointment_id\":\"A2\",\"starts_at\":\"2026-11-04T10:00:00Z\""),
		EVENT("01T10:00", "Appointment Booked", "\"appointment_id\":\"A3\""),
		/* of one nobody said when it is */
		ASK("02T09:59", "@", "appointments_ahead", "2"),
		ASK("02T10:00", "@", "appointments_ahead", "1"),
		ASK("02T10:14", "@", "unkept_appointments", "0"),
		ASK("02T10:15", "@", "unkept_appointments", "1"),
		ASK("02T10:15", "@", "open_appointments", "3"),
		EVENT("02T11:00", "Appointment Missed", "\"appointment_id\":\"A1\""),
		ASK("02T11:00", "@", "unkept_appointments", "0"),
		EVENT("02T14:00", "Appointment Rescheduled",
			"\"appointment_id\":\"A1\",\"starts_at\":\"2026-11-05T10:00:00Z\""),
		ASK("02T14:00", "@", "appointments_ahead", "2"),
		ASK("04T10:15", "@", "unkept_appointments", "1"),
		ASK("05T10:15", "@", "unkept_appointments", "2"),
		EVENT("05T10:20", "Appointment Kept", "\"appointment_id\":\"A1\""),
		ASK("05T11:00", "@", "unkept_appointments", "1"),
		ASK("05T11:00", "@", "appointments_ahead", "0"),
		EVENT("05T12:00", "Appointment Cancelled", "\"appointment_id\":\"A2\""),
		ASK("05T12:00", "@", "unkept_appointments", "0"),
		/* still ahead, and called off */
		EVENT("05T13:00", "Appointment Booked",
			"\"appointment_id\":\"A5\",\"starts_at\":\"2026-11-09T10:00:00Z\""),
		ASK("05T13:00", "@", "appointments_ahead", "1"),
		EVENT("05T14:00", "Appointment Cancelled", "\"appointment_id\":\"A5\""),
		ASK("05T14:00", "@", "appointments_ahead", "0"),
		/* a year and a quarter of an hour after its begin */
		EVENT("06T10:00", "Appointment Booked",
			"\"appointment_id\":\"A4\",\"starts_at\":\"2025-11-06T10:00:00Z\""),
		ASK("06T10:14", "@", "unkept_appointments", "1"),
		ASK("06T10:15", "@", "unkept_appointments", "0"),
	};

	facts_play(rows, ARRAY_SIZE(rows));
}

static void test_payments(void)
{
	static const struct facts_row rows[] = {
		EVENT("01T10:00", "Payment Failed",
			"\"payment_id\":\"p1\",\"order_id\":\"O1\",\"amount\":\"12.30\","
			"\"reason\":\"card_declined\""),
		ASK("01T10:00", "@payment:p1", "payment.open", "true"),
		ASK("01T10:00", "@order:O1", "payment.status", "card_declined"),
		ASK("01T10:00", "@order:O1", "payment.value", "123e-1"),
		ASK("01T10:00", "@", "error_at", "2026-11-01T10:00:00.000Z"),
		EVENT("01T11:00", "Payment Failed", "\"payment_id\":\"p1\""),
		ASK("01T11:00", "@payment:p1", "payment.first_failed_at",
			"2026-11-01T10:00:00.000Z"),
		ASK("01T11:00", "@payment:p1", "payment.failed_at", "2026-11-01T11:00:00.000Z"),
		/* any purchase afterwards settles it */
		EVENT("01T12:00", "Order Completed", "\"order_id\":\"O9\""),
		ASK("01T12:00", "@payment:p1", "payment.open", "false"),
		ASK("01T12:00", "@", "open_payments", "0"),
		EVENT("02T12:00", "Payment Failed", "\"order_id\":\"O9\""),
		ASK("02T12:00", "@order:O9", "payment.open", "true"),
		EVENT("02T11:00", "Payment Approved", "\"order_id\":\"O9\""),
		ASK("02T12:00", "@order:O9", "payment.open", "false"),
	};

	facts_play(rows, ARRAY_SIZE(rows));
}

static void test_feedback(void)
{
	static const struct facts_row rows[] = {
		ASK("01T10:00", "@", "detractor", "false"),
		EVENT("01T10:00", "Survey Answered", "\"nps\":9,\"order_id\":\"O1\""),
		ASK("01T10:00", "@", "rating", "9e1"),
		ASK("01T10:00", "@", "rating_drop", "-"),
		ASK("01T10:00", "@order:O1", "feedback.value", "9"),
		EVENT("02T10:00", "Product Reviewed",
			"\"product_id\":\"P1\",\"review_id\":\"V1\",\"rating\":3"),
		ASK("02T10:00", "@", "rating_drop", "4e1"),
		ASK("02T10:00", "@", "detractor", "false"),
		ASK("02T10:00", "@review:V1", "thing.open", "true"),
		EVENT("03T10:00", "Review Answered", "\"review_id\":\"V1\""),
		ASK("03T10:00", "@review:V1", "thing.open", "false"),
		/* a rating beats the text it came with */
		EVENT("04T10:00", "Survey Answered",
			"\"type\":\"csat\",\"score\":4,\"sentiment\":-0.9"),
		ASK("04T10:00", "@", "detractor", "false"),
		ASK("04T10:00", "@", "csat", "4"),
		EVENT("05T10:00", "Survey Answered", "\"text\":\"Bad.\",\"sentiment\":-0.5"),
		ASK("05T10:00", "@", "detractor", "true"),
		ASK("05T10:00", "@", "stage", "at_risk"),
		EVENT("06T10:00", "Survey Answered", "\"recommend\":true"),
		ASK("06T10:00", "@", "detractor", "false"),
		ASK("06T10:00", "@", "recommend", "true"),
		EVENT("07T10:00", "Survey Answered", "\"nps\":6"),
		ASK("07T10:00", "@", "detractor", "true"),
		/* not on the scale: no rating */
		EVENT("08T10:00", "Survey Answered", "\"nps\":11"),
		ASK("08T10:00", "@", "nps", "6"),
		ASK("08T10:00", "@", "last_survey_at", "2026-11-08T10:00:00.000Z"),
	};

	facts_play(rows, ARRAY_SIZE(rows));
}

static void test_customer(void)
{
	static const struct facts_row rows[] = {
		EVENT("01T10:00", "Tier Changed", "\"tier\":\"gold\",\"rank\":3"),
		EVENT("01T09:00", "Tier Changed", "\"tier\":\"silver\",\"rank\":2"),
		ASK("01T10:00", "@", "tier", "gold"),
		ASK("01T10:00", "@", "tier_rank", "3"),
		EVENT("02T10:00", "Points Balance Changed",
			"\"balance\":480,\"expires_at\":\"2026-12-31\""),
		ASK("02T10:00", "@", "points", "48e1"),
		ASK("02T10:00", "@", "points_expire_at", "2026-12-31T00:00:00.000Z"),
		EVENT("02T10:00", "identify",
			"\"timezone\":\"Europe/"
			"Berlin\",\"locale\":\"de-AT\",\"address\":{\"country\":"
			"\"AT\"},\"blocked\":true"),
		ASK("02T10:00", "@", "timezone", "Europe/Berlin"),
		ASK("02T10:00", "@", "language", "de-AT"),
		ASK("02T10:00", "@", "country", "AT"),
		ASK("02T10:00", "@", "stage", "blocked"),
		EVENT("03T10:00", "identify", "\"blocked\":false"),
		ASK("03T10:00", "@", "blocked", "false"),
		EVENT("03T10:00", "Privacy Request Received", "\"request\":\"erase\""),
		ASK("03T10:00", "@", "stage", "erased"),
		EVENT("04T10:00", "Product Added to Wishlist",
			"\"product_id\":\"P1\",\"price\":99"),
		ASK("04T10:00", "@product:P1", "wish.value", "99"),
		ASK("04T10:00", "@product:P1", "thing.open", "true"),
		EVENT("04T11:00", "Stock Alert Requested", "\"sku\":\"S1\""),
		EVENT("04T12:00", "Stock Changed", "\"sku\":\"S1\",\"stock\":2"),
		ASK("04T12:00", "@sku:S1", "watch.status", "in_stock"),
		EVENT("04T13:00", "Stock Changed", "\"sku\":\"S1\",\"stock\":0"),
		ASK("04T13:00", "@sku:S1", "watch.status", "sold_out"),
		ASK("04T13:00", "@sku:S1", "watch.stocked_at", "2026-11-04T12:00:00.000Z"),
		EVENT("05T10:00", "Order Completed",
			"\"order_id\":\"O1\",\"products\":[{\"sku\":\"S1\"}]"),
		ASK("05T10:00", "sku:S1", "watch.in_event", "true"),
		ASK("05T10:00", "product:P1", "wish.in_event", "false"),
	};

	facts_play(rows, ARRAY_SIZE(rows));
}

#define BOUGHT(DAY, ORDER, MORE) EVENT(DAY, "Order Completed", "\"order_id\":\"" ORDER "\"," MORE)

/* Euros are not added to dollars; cents are. */
static void test_money(void)
{
	static const struct facts_row rows[] = {
		ASK("01T10:00", "@", "value", "0"),
		BOUGHT("01T10:00", "O1", "\"total\":100.10,\"currency\":\"EUR\""),
		BOUGHT("01T11:00", "O2", "\"total\":\"0.20\",\"currency\":\"EUR\""),
		ASK("01T11:00", "@", "value", "1003e-1"),
		BOUGHT("02T10:00", "O3", "\"total\":50,\"currency\":\"USD\""),
		ASK("02T10:00", "@", "value", "5e1"),
		ASK("02T10:00", "@", "value.EUR", "1003e-1"),
		ASK("02T10:00", "@", "value.USD", "5e1"),
		ASK("02T10:00", "@", "value.ZZZ", "0"),
		/* Of no currency: of the main one. */
		BOUGHT("01T09:00", "O4", "\"total\":5"),
		ASK("02T10:00", "@", "value", "55"),
		ASK("02T10:00", "@", "value.EUR", "1003e-1"),
		EVENT("03T10:00", "Order Cancelled", "\"order_id\":\"O2\""),
		ASK("03T10:00", "@", "value.EUR", "1001e-1"),
	};
	static const struct facts_row shop[] = {
		BOUGHT("01T10:00", "O1", "\"total\":100.10,\"currency\":\"EUR\""),
		BOUGHT("02T10:00", "O3", "\"total\":50,\"currency\":\"USD\""),
		BOUGHT("02T11:00", "O4", "\"total\":5"),
		ASK("02T10:00", "@", "value", "1051e-1"),
		ASK("02T10:00", "@", "value.USD", "5e1"),
	};
	_cleanup_(rules_freep) struct rules *rules = NULL;

	facts_play(rows, ARRAY_SIZE(rows));
	REQUIRE(rules_new(&rules) == 0);
	rules->policy.currency = SPAN_LIT("EUR");
	facts_play_by(rules, shop, ARRAY_SIZE(shop));
}

/* What is chosen, what follows from an address, what a browser says. */
static void test_where(void)
{
	static const struct facts_row rows[] = {
		ASK("01T10:00", "@", "timezone", "-"),
		EVENT("01T10:00", "page", "\"timezone\":\"America/Denver\",\"locale\":\"en-US\""),
		ASK("01T10:00", "@", "timezone", "America/Denver"),
		ASK("01T10:00", "@", "language", "en-US"),
		/* An older word, an offset and no language: not taken. */
		EVENT("01T09:00", "page", "\"timezone\":\"Asia/Tokyo\",\"locale\":\"ja\""),
		EVENT("01T11:00", "page", "\"timezone\":\"+02:00\",\"locale\":\"C\""),
		ASK("01T11:00", "@", "timezone", "America/Denver"),
		ASK("01T11:00", "@", "language", "en-US"),
		EVENT("02T10:00", "Order Completed",
			"\"order_id\":\"O1\",\"shipping_address\":{\"country\":\"Austria\","
			"\"country_code\":\"AT\"}"),
		ASK("02T10:00", "@", "country", "AT"),
		ASK("02T10:00", "@", "timezone", "Europe/Vienna"),
		EVENT("03T10:00", "identify", "\"address\":{\"country\":\"US\"}"),
		ASK("03T10:00", "@", "country", "US"),
		ASK("03T10:00", "@", "timezone", "America/Denver"),
		EVENT("04T10:00", "page", "\"timezone\":\"Asia/Tokyo\""),
		ASK("04T10:00", "@", "timezone", "-"),
		EVENT("05T10:00", "Preference Updated",
			"\"timezone\":\"Europe/Paris\",\"language\":\"fr\""),
		ASK("05T10:00", "@", "timezone", "Europe/Paris"),
		ASK("05T10:00", "@", "language", "fr"),
		EVENT("06T10:00", "page", "\"timezone\":\"Asia/Tokyo\",\"locale\":\"ja\""),
		ASK("06T10:00", "@", "timezone", "Europe/Paris"),
	};

	facts_play(rows, ARRAY_SIZE(rows));
}

#define SOFT(DAY, TO) EVENT(DAY, "Email Bounced", "\"bounce_type\":\"soft\",\"email\":\"" TO "\"")

static void test_contact(void)
{
	static const struct facts_row rows[] = {
		ASK("01T10:00", "@", "consent.email", "false"),
		EVENT("01T10:00", "Consent Updated",
			"\"medium\":\"email\",\"status\":\"subscribed\""),
		ASK("01T10:00", "@", "consent.email", "true"),
		ASK("01T10:00", "@", "consent.sms", "false"),
		EVENT("02T10:00", "Unsubscribed", "\"list_id\":\"news\""),
		ASK("02T10:00", "@", "consent.email", "true"),
		EVENT("03T10:00", "Unsubscribed", "\"email_id\":\"m1\""),
		ASK("03T10:00", "@", "consent.email", "false"),
		EVENT("04T10:00", "Consent Updated", "\"medium\":\"email\",\"status\":\"pending\""),
		EVENT("05T10:00", "Consent Updated", "\"status\":true"),
		ASK("05T10:00", "@", "consent.call", "true"),
		ASK("05T10:00", "@", "consent.email", "true"),
		/* yes to a way we do not know, and no */
		EVENT("06T10:00", "Consent Updated", "\"medium\":\"pigeon\",\"status\":\"no\""),
		ASK("06T10:00", "@", "consent.call", "false"),
		EVENT("07T10:00", "Consent Updated", "\"medium\":\"pigeon\",\"status\":\"yes\""),
		ASK("07T10:00", "@", "consent.call", "false"),
		EVENT("08T10:00", "identify", "\"email\":\"a@b.example\""),
		ASK("08T10:00", "@", "reach.email", "true"),
		EVENT("08T11:00", "Email Bounced",
			"\"bounce_code\":\"5.1.1\",\"email\":\"a@b.example\""),
		ASK("08T11:00", "@", "reach.email", "false"),
		EVENT("08T12:00", "identify", "\"email\":\"new@b.example\""),
		ASK("08T12:00", "@", "reach.email", "true"),
		/* Six of the new one, and those of the old one are not its own. */
		SOFT("08T12:01", "new@b.example"),
		SOFT("08T12:02", "new@b.example"),
		SOFT("08T12:03", "NEW@b.example"),
		SOFT("08T12:04", "a@b.example"),
		SOFT("08T12:05", "new@b.example"),
		SOFT("08T12:06", "new@b.example"),
		SOFT("08T12:07", "new@b.example"),
		SOFT("08T12:08", "a@b.example"),
		ASK("08T12:08", "@", "reach.email", "true"),
		SOFT("08T12:09", "new@b.example"),
		ASK("08T12:09", "@", "reach.email", "false"),
		EVENT("08T12:10", "Email Delivered", "\"email\":\"a@b.example\""),
		ASK("08T12:10", "@", "reach.email", "false"),
		EVENT("08T12:11", "identify", "\"email\":\"third@b.example\""),
		ASK("08T12:11", "@", "reach.email", "true"),
		EVENT("08T12:12", "identify", "\"email\":\"new@b.example\""),
		ASK("08T12:12", "@", "reach.email", "false"),
		/* It was delivered between the second and the third. */
		EVENT("08T12:02", "Email Delivered", "\"email\":\"New@b.example\""),
		ASK("08T12:12", "@", "reach.email", "true"),
		EVENT("09T12:00", "Notification Bounced",
			"\"job_id\":\"j\",\"channel\":\"email\",\"bounce\":\"hard\""),
		ASK("09T12:00", "@", "reach.email", "false"),
		EVENT("09T13:00", "Email Delivered", "\"email_id\":\"m2\""),
		ASK("09T13:00", "@", "reach.email", "true"),
		EVENT("09T14:00", "Email Marked as Spam", "\"email_id\":\"m2\""),
		ASK("09T14:00", "@", "reach.email", "false"),
	};

	facts_play(rows, ARRAY_SIZE(rows));
}

static void test_visitor(void)
{
	static const struct facts_row rows[] = {
		ASK("01T09:00", "@", "visitor", "anonymous"),
		ASK("01T09:00", "@", "identified_at", "-"),
		ASK("01T09:00", "@", "session", "-"),
		ASK("01T09:00", "@", "session_since", "-"),
		EVENT("01T10:00", "page", ""),
		EVENT("01T10:20", "page", ""),
		ASK("01T10:49", "@", "session", "browsing"),
		ASK("01T10:49", "@", "session_since", "2026-11-01T10:00:00.000Z"),
		ASK("01T10:50", "@", "session", "idle"),
		ASK("01T10:50", "@", "session_since", "2026-11-01T10:50:00.000Z"),
		ASK("01T10:50", "@", "visitor", "identified"),
		ASK("01T10:50", "@", "identified_at", "2026-11-01T10:00:00.000Z"),
		EVENT("01T10:40", "Email Sent", ""),
		ASK("01T10:50", "@", "session", "idle"),
	};

	facts_play(rows, ARRAY_SIZE(rows));
}

static const struct check_case cases[] = {
	{"every fact is found by its path", test_paths},
	{"schemas/facts.md lists them all", test_page},
	{"carts and what is in them", test_cart},
	{"checkouts and their steps", test_checkout},
	{"orders", test_orders},
	{"cases, appointments, lines", test_things},
	{"appointments, ahead and not kept", test_appointments},
	{"payments", test_payments},
	{"feedback", test_feedback},
	{"loyalty, preferences, wishes", test_customer},
	{"money of several currencies", test_money},
	{"who comes, and whether they are there", test_visitor},
	{"where, and in which language", test_where},
	{"consent and addresses", test_contact},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
