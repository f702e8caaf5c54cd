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
	};

	facts_play(rows, ARRAY_SIZE(rows));
}

static const struct check_case cases[] = {
	{"stages of an order", test_stages},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
