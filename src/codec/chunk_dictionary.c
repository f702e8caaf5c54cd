/* SPDX-License-Identifier: MIT */
/*
 * Names of properties of the e-commerce vocabulary as senders write them, with the punctuation
 * between them, the rare first: the compressor writes short distances in fewer bits, so what is
 * common stands near the end. Names of events are hardly in it: in entries they are numbers.
 */
#include "chunk_dictionary.h"

static const char dictionary_v1[] =
	/* other spellings of events, and what comes with mail, wish lists, repairs and feedback */
	"Viewed Product Category|Viewed Promotion|Clicked Product|Viewed Product|Added Product|"
	"Removed Product|Started Order|Viewed Checkout Step|Completed Checkout Step|Updated Order|"
	"Completed Order|Email Unsubscribed|page_viewed|product_viewed|add_to_cart|begin_checkout|"
	"purchase|$pageview|$identify"
	"\"appointment_id\":\"\",\"repair_id\":\"\",\"ready_at\":\"20\",\"survey_id\":\"\","
	"\"question\":\"\",\"answer\":\"\",\"score\":5,\"rating\":5,\"review_id\":\"\","
	"\"review_body\":\"\",\"comment\":\"\",\"note\":\"\",\"author\":\"\",\"staff\":\"\","
	"\"duration\":60,\"direction\":\"inbound\",\"outcome\":\"\","
	"\"campaign_id\":\"\",\"campaign_name\":\"\",\"email_id\":\"\",\"email_subject\":\"\","
	"\"link_id\":\"\",\"link_url\":\"https://\",\"list_id\":\"\",\"list_name\":\"\","
	"\"machine\":false,\"utm_source\":\"newsletter\",\"utm_medium\":\"email\","
	"\"utm_campaign\":\"\",\"wishlist_id\":\"\",\"wishlist_name\":\"\",\"share_via\":\"email\","
	"\"share_message\":\"\",\"recipient\":\"\",\"promotion_id\":\"\",\"creative\":\"\","
	"\"list_id\":\"\",\"category\":\"\",\"filters\":[{\"type\":\"\",\"value\":\"\"}],"
	"\"sorts\":[],\"query\":\"\",\"search\":\"\",\"results\":10,"
	/* the fate of an order */
	"\"cancel_reason\":\"\",\"reason\":\"\",\"refund\":0,\"return_id\":\"\",\"revised_at\":"
	"\"\","
	"\"carrier\":\"DHL\",\"tracking_number\":\"\",\"tracking_url\":\"https://\","
	"\"shipment_id\":\"\",\"delivery_id\":\"\",\"location_id\":\"\",\"location\":\"\","
	"\"store_id\":\"\",\"register_id\":\"\",\"receipt_id\":\"\",\"loyalty_id\":\"\","
	"\"shipping_limit_at\":\"2026-01-01T00:00:00.000Z\","
	"\"estimated_delivery_at\":\"2026-01-01T00:00:00.000Z\","
	"\"promised_at\":\"2026-01-01T00:00:00.000Z\","
	"\"error_code\":\"\",\"error_message\":\"\",\"payment_id\":\"\",\"payment_method\":"
	"\"card\","
	"\"shipping_method\":\"standard\",\"checkout_id\":\"\",\"step\":1,"
	"\"coupon_id\":\"\",\"coupon_name\":\"\",\"coupon\":\"\",\"discount\":0,\"tax\":0,"
	"\"shipping\":0,\"subtotal\":0.00,\"revenue\":0.00,\"value\":0.00,\"affiliation\":\"\","
	/* people */
	"\"firstName\":\"\",\"lastName\":\"\",\"first_name\":\"\",\"last_name\":\"\","
	"\"name\":\"\",\"phone\":\"+49\",\"email\":\"@example.com\",\"birthday\":\"19\","
	"\"address\":{\"street\":\"\",\"city\":\"\",\"postalCode\":\"\",\"state\":\"\","
	"\"country\":\"DE\"},\"language\":\"de\",\"locale\":\"en-US\",\"createdAt\":\"20\","
	/* pages */
	"{\"path\":\"/\",\"referrer\":\"https://www.\",\"search\":\"\",\"title\":\"\","
	"\"url\":\"https://www.\",\"channel\":\"store\",\"channel\":\"web\""
	/* decisions */
	"inactivity_fixed\x08"
	"customerorder_promise_passed\x0e"
	"order:checkout_abandoned\x10"
	"cart_abandoned\x0e"
	"cart:"
	"\"cart_id\":\"\"}orders\x06webhook\x07pos\x03shop\x04web\x03"
	/* products and money */
	"\"size\":\"\",\"metal\":\"gold\",\"stone\":\"diamond\",\"image_url\":\"https://\","
	"\"url\":\"https://\",\"position\":1,\"variant\":\"\",\"brand\":\"\","
	"\"category\":\"Rings\",\"name\":\"\",\"sku\":\"\",\"quantity\":1,\"price\":99.00,"
	"\"currency\":\"USD\",\"currency\":\"EUR\",\"total\":199.00,"
	"\"products\":[{\"product_id\":\"\",\"sku\":\"\",\"name\":\"\",\"price\":19.90,"
	"\"quantity\":1},{\"product_id\":\"\",\"quantity\":1,\"price\":"
	"}],\"currency\":\"EUR\",\"total\":{\"order_id\":\"\"}{\"cart_id\":\"\",\"product_id\":"
	"\"\","
	"\"quantity\":1,\"price\":{\"product_id\":\"";

struct span chunk_dictionary_v1(void)
{
	return span_of(dictionary_v1, sizeof(dictionary_v1) - 1);
}
