/* SPDX-License-Identifier: MIT */
/*
 * Names of properties of the e-commerce vocabulary as senders write them, with the punctuation
 * between them, the rare first: the compressor writes short distances in fewer bits, so what is
 * common stands near the end. Names of events are hardly in it: in entries they are numbers.
 */
#include "entry_dictionary.h"

/* Bytes of the statistics. */
#define STATISTICS 162

static const char dictionary[] =
	/* statistics */
	"\x37\xa4\x30\xec\x01\x00\x00\x00\x43\x10\xa0\x43\xd3\x36\xc3\x30"
	"\x0c\xc3\x30\x3c\xf8\x78\x18\x1f\x45\x71\xc8\xaf\xca\xce\x23\x55"
	"\x1f\x8d\x92\x32\xe9\x26\x06\x3d\xb6\x50\xcb\xcb\x2c\x3e\xd8\x81"
	"\xca\x82\x06\xd5\xcb\x48\xc9\xee\xee\xee\xee\x7e\x1b\xf7\x7d\x7e"
	"\x0f\x59\x0b\x83\x03\xc7\x81\x85\x03\x2d\x25\x19\x03\x03\x00\x00"
	"\x0c\x0a\x0a\x68\xc4\x5a\x33\x00\x00\x04\x80\x80\x8f\x9c\x92\x89"
	"\x07\x9a\x14\x49\x44\x74\x51\x2c\x0e\x04\x61\x14\x09\x51\x14\xc4"
	"\x50\x10\x84\x30\x10\x09\x62\x0c\x22\xc6\x20\x00\x00\x00\x00\x44"
	"\x2c\x04\x22\x64\x83\x33\x03\x21\x4d\xa2\x3c\x42\x90\xc6\x98\x52"
	"\x20\x33\x04\x00\x00\x00\x01\x00\x00\x00\x04\x00\x00\x00\x08\x00"
	"\x00\x00"
	/* end of statistics */
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
	/* decisions: rule, key, step, data */
	"inactivity_fixedcustomermain"
	"order_promise_passedorder:main\"order_id\":\"\",\"promised_at\":\""
	"checkout_abandonedcart:main"
	"cart_abandonedcart:main\"cart_id\":\"\",\"product_id\":\"\",\"product\":\"\",\"price\":"
	/* sources */
	"webhookposshopweb"
	/* products and money, in the orders of the common libraries */
	"\"size\":\"\",\"metal\":\"gold\",\"stone\":\"diamond\",\"image_url\":\"https://\","
	"\"url\":\"https://\",\"position\":1,\"variant\":\"\",\"brand\":\"\","
	"\"category\":\"Rings\",\"name\":\"\",\"sku\":\"\",\"quantity\":1,\"price\":99.00,"
	"\"currency\":\"USD\",\"currency\":\"EUR\",\"total\":199.00,"
	"{\"order_id\":\"\",\"total\":19.90,\"promised_at\":\"2026-01-01T00:00:00.000Z\",\"cart_"
	"id\":\"\"}"
	"{\"order_id\":\"\",\"total\":99.00,\"currency\":\"EUR\",\"products\":[{\"product_id\":"
	"\"\","
	"\"quantity\":1,\"price\":}]}"
	"{\"product_id\":\"\",\"sku\":\"\",\"category\":\"\",\"name\":\"\",\"brand\":\"\","
	"\"variant\":\"\","
	"\"price\":10.00,\"quantity\":1,\"currency\":\"USD\",\"position\":1,\"url\":\"https://"
	"www.\","
	"\"image_url\":\"https://\"}"
	"{\"cart_id\":\"\",\"product_id\":\"\",\"sku\":\"\",\"name\":\"\",\"category\":\"\","
	"\"price\":49.00,"
	"\"quantity\":1,\"currency\":\"EUR\",\"url\":\"https://www.\"}"
	"{\"product_id\":\"\",\"name\":\"\",\"price\":19.90,\"quantity\":1,\"currency\":\"EUR\"}"
	"{\"cart_id\":\"\",\"product_id\":\"";

struct span entry_dictionary(void)
{
	return span_of(dictionary, sizeof(dictionary) - 1);
}

struct span entry_dictionary_text(void)
{
	return span_of(dictionary + STATISTICS, sizeof(dictionary) - 1 - STATISTICS);
}
