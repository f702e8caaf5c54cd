/* SPDX-License-Identifier: MIT */
/* Facts of an order on its way: what events come to, by hand. */
#include "check.h"

#include "facts_scene.h"

/* Each stage on its own way; late news of a lower one; a hold; and what was wrong. */
static void test_stages(void)
{
	static const struct facts_row rows[] = {
		EVENT("01T10:00", "Order Completed", "\"order_id\":\"O1\""),
		EVENT("01T10:30", "Order Updated",
			"\"order_id\":\"O1\",\"status\":\"payment_pending\""),
		ASK("01T10:30", "@order:O1", "order.side", "payment_pending"),
		ASK("01T10:30", "@order:O1", "order.payment_pending_at",
			"2026-11-01T10:30:00.000Z"),
		EVENT("01T11:00", "Payment Approved", "\"order_id\":\"O1\""),
		ASK("01T11:00", "@order:O1", "order.side", "-"),
		EVENT("02T10:00", "Order Stage Entered",
			"\"order_id\":\"O1\",\"stage\":\"quality_check\""),
		EVENT("01T12:00", "Order Stage Entered",
			"\"order_id\":\"O1\",\"stage\":\"in_production\""),
		ASK("02T10:00", "@order:O1", "order.status", "quality_check"),
		ASK("02T10:00", "@order:O1", "order.in_production_at", "2026-11-01T12:00:00.000Z"),
		ASK("02T10:00", "@order:O1", "order.quality_check_at", "2026-11-02T10:00:00.000Z"),
		EVENT("02T11:00", "Order Stage Entered",
			"\"order_id\":\"O1\",\"stage\":\"backordered\""),
		ASK("02T11:00", "@order:O1", "order.side", "backordered"),
		ASK("02T11:00", "@order:O1", "order.backordered_at", "2026-11-02T11:00:00.000Z"),
		EVENT("02T12:00", "Order Stage Entered",
			"\"order_id\":\"O1\",\"stage\":\"on_hold\""),
		ASK("02T12:00", "@order:O1", "order.side", "on_hold"),
		ASK("02T12:00", "@order:O1", "order.on_hold_at", "2026-11-02T12:00:00.000Z"),
		EVENT("03T10:00", "Order Stage Entered",
			"\"order_id\":\"O1\",\"stage\":\"packed\""),
		ASK("03T10:00", "@order:O1", "order.packed_at", "2026-11-03T10:00:00.000Z"),
		EVENT("03T11:00", "Order Shipped", "\"order_id\":\"O1\""),
		EVENT("03T12:00", "Delivery Failed", "\"order_id\":\"O1\""),
		ASK("03T12:00", "@order:O1", "order.side", "exception"),
		ASK("03T12:00", "@order:O1", "order.exception_at", "2026-11-03T12:00:00.000Z"),
		EVENT("04T10:00", "Order Delivered", "\"order_id\":\"O1\""),
		EVENT("04T11:00", "Return Requested", "\"order_id\":\"O1\""),
		ASK("04T11:00", "@order:O1", "order.status", "return_requested"),
		ASK("04T11:00", "@order:O1", "order.return_requested_at",
			"2026-11-04T11:00:00.000Z"),
		ASK("04T11:00", "@order:O1", "order.open", "false"),
		ASK("04T11:00", "@order:O1", "order.corrected_at", "-"),
		EVENT("05T10:00", "Order Updated",
			"\"order_id\":\"O1\",\"status\":\"packed\",\"correction\":true"),
		ASK("05T10:00", "@order:O1", "order.status", "packed"),
		ASK("05T10:00", "@order:O1", "order.shipped_at", "-"),
		ASK("05T10:00", "@order:O1", "order.packed_at", "2026-11-03T10:00:00.000Z"),
		ASK("05T10:00", "@order:O1", "order.corrected_at", "2026-11-05T10:00:00.000Z"),
		ASK("05T10:00", "@order:O1", "order.open", "true"),
		ASK("05T10:00", "@order:O1", "stage", "customer_awaiting"),
		/* Nobody said that it came, but it is wanted back. */
		EVENT("06T10:00", "Return Requested", "\"order_id\":\"O1\""),
		ASK("06T10:00", "@order:O1", "order.open", "false"),
		ASK("06T10:00", "@order:O1", "open_orders", "0"),
		ASK("06T10:00", "@order:O1", "stage", "one_time"),
		ASK("06T10:00", "@order:O1", "stage_since", "2026-11-06T10:00:00.000Z"),
	};

	facts_play(rows, ARRAY_SIZE(rows));
}

/* Payments that were refused, or that wait for the customer, after the order was placed. */
static void test_unpaid(void)
{
	static const struct facts_row rows[] = {
		/* in the checkout, before it went through at last */
		EVENT("01T09:50", "Payment Failed", "\"order_id\":\"O1\",\"payment_id\":\"P1\""),
		EVENT("01T10:00", "Order Completed", "\"order_id\":\"O1\""),
		ASK("01T10:00", "@order:O1", "order.side", "-"),
		ASK("01T10:00", "@order:O1", "order.payment_pending_at", "-"),
		/* the same payment once more, of which the order is not said again */
		EVENT("01T10:20", "Payment Failed", "\"payment_id\":\"P1\""),
		ASK("01T10:20", "@order:O1", "order.side", "payment_pending"),
		ASK("01T10:20", "@order:O1", "order.payment_pending_at",
			"2026-11-01T10:20:00.000Z"),
		ASK("01T10:20", "@order:O1", "order.status", "placed"),
		/* what is said of it later goes before */
		EVENT("01T10:40", "Order Updated", "\"order_id\":\"O1\",\"status\":\"on_hold\""),
		ASK("01T10:40", "@order:O1", "order.side", "on_hold"),
		EVENT("01T10:30", "Payment Failed", "\"order_id\":\"O1\""),
		ASK("01T10:40", "@order:O1", "order.side", "on_hold"),
		EVENT("01T10:50", "Payment Action Required", "\"order_id\":\"O1\""),
		ASK("01T10:50", "@order:O1", "order.side", "payment_pending"),
		/* another order is bought and paid, and that settles nothing here */
		EVENT("01T11:00", "Order Completed", "\"order_id\":\"O2\""),
		EVENT("01T11:00", "Payment Approved", "\"order_id\":\"O2\""),
		ASK("01T11:00", "@order:O2", "order.side", "-"),
		ASK("01T11:00", "@order:O1", "order.side", "payment_pending"),
		/* paid by another payment */
		EVENT("01T12:00", "Payment Approved", "\"order_id\":\"O1\",\"payment_id\":\"P9\""),
		ASK("01T12:00", "@order:O1", "order.side", "-"),
		ASK("01T12:00", "@order:O1", "order.payment_pending_at",
			"2026-11-01T10:50:00.000Z"),
		/* a payment by itself that goes through, of which the order was said before */
		EVENT("02T10:00", "Order Completed", "\"order_id\":\"O3\""),
		EVENT("02T10:00", "Payment Failed", "\"order_id\":\"O3\",\"payment_id\":\"P3\""),
		ASK("02T10:00", "@order:O3", "order.side", "payment_pending"),
		EVENT("02T11:00", "Payment Approved", "\"payment_id\":\"P3\""),
		ASK("02T11:00", "@order:O3", "order.side", "-"),
		ASK("02T11:00", "@order:O3", "order.payment_pending_at",
			"2026-11-02T10:00:00.000Z"),
		/* sent all the same */
		EVENT("03T10:00", "Order Completed", "\"order_id\":\"O4\""),
		EVENT("03T11:00", "Payment Failed", "\"order_id\":\"O4\""),
		ASK("03T11:00", "@order:O4", "order.side", "payment_pending"),
		EVENT("03T10:30", "Order Completed", "\"order_id\":\"O6\""),
		ASK("03T11:00", "@order:O6", "order.side", "-"),
		EVENT("03T12:00", "Order Shipped", "\"order_id\":\"O4\""),
		ASK("03T12:00", "@order:O4", "order.side", "-"),
		/* told before the order is known of */
		EVENT("04T11:00", "Payment Failed", "\"order_id\":\"O5\""),
		EVENT("04T10:00", "Order Completed", "\"order_id\":\"O5\""),
		ASK("04T11:00", "@order:O5", "order.side", "payment_pending"),
		EVENT("04T12:00", "Order Cancelled", "\"order_id\":\"O5\""),
		ASK("04T12:00", "@order:O5", "order.side", "-"),
	};

	facts_play(rows, ARRAY_SIZE(rows));
}

static const struct check_case cases[] = {
	{"stages of an order", test_stages},
	{"orders that are not paid", test_unpaid},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
