/* SPDX-License-Identifier: MIT */
/* Whose log an event goes to that is about a product or the site. Keys by hand after core/news.h.
 */
#include "check.h"

#include "codec/envelope.h"

/* News of a thing need no customer; other events do. */
static void test_news(void)
{
	static const struct {
		const char *body;
		enum envelope_code code;
		const char *key;
	} rows[] = {
		{"{\"event\":\"Stock "
		 "Changed\",\"properties\":{\"product_id\":\"R\",\"sku\":\"R-54\"}}",
			ENVELOPE_ACCEPTED, "product:R-54"},
		{"{\"event\":\"Price Changed\",\"properties\":{\"product_id\":54}}",
			ENVELOPE_ACCEPTED, "product:54"},
		{"{\"event\":\"Item "
		 "Unavailable\",\"properties\":{\"sku\":\"\",\"product_id\":\"R\"}}",
			ENVELOPE_ACCEPTED, "product:R"},
		{"{\"event\":\"Incident Ended\",\"properties\":{\"incident_id\":\"I\"}}",
			ENVELOPE_ACCEPTED, "site:shop"},
		{"{\"event\":\"Stock Changed\",\"userId\":\"u\",\"properties\":{\"sku\":\"R\"}}",
			ENVELOPE_ACCEPTED, "u"},
		{"{\"event\":\"Stock Changed\",\"properties\":{\"sku\":null}}", ENVELOPE_NO_ID, ""},
		{"{\"event\":\"Stock Changed\"}", ENVELOPE_NO_ID, ""},
		{"{\"event\":\"Stock Alert Requested\",\"properties\":{\"sku\":\"R\"}}",
			ENVELOPE_NO_ID, ""},
		{"{\"event\":\"Stock Changed\",\"userId\":\"null\",\"properties\":{\"sku\":\"R\"}}",
			ENVELOPE_BLOCKED_ID, ""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(arena_release) struct arena a;
		struct envelope_request request = {span_str(rows[i].body), ENVELOPE_KIND_TRACK,
			ENVELOPE_LIMITS_DEFAULT, &IDENTITY_DEFAULT};
		struct envelope_fault fault;
		struct envelope e;

		arena_init(&a);
		REQUIRE(envelope_read(&request, &a, &e, &fault) == 0);
		CHECK_INT(e.items[0].fault.code, rows[i].code);
		if (rows[i].code == ENVELOPE_ACCEPTED)
			CHECK_STR(e.items[0].customer, rows[i].key);
	}
}

static const struct check_case cases[] = {
	{"news of things name no customer", test_news},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
