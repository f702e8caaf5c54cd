/* SPDX-License-Identifier: MIT */
#include "history_chance.h"

#include "base/instant.h"
#include "check.h"

static const char *const names[] = {
#define X(ID, NAME, FLAGS) NAME,
	VOCAB(X)
#undef X
};

/* Properties that some fold looks at, with values to choose from. */
static const struct {
	const char *name;
	const char *values[6];
} properties[] = {
	{"cart_id", {"\"C1\"", "\"C2\"", NULL}},
	{"checkout_id", {"\"K1\"", "7", NULL}},
	{"order_id", {"\"O1\"", "\"O2\"", "\"O3\"", NULL}},
	{"product_id", {"\"P1\"", "\"P2\"", NULL}},
	{"sku", {"\"P1-54\"", "\"P2-56\"", NULL}},
	{"quantity", {"1", "2", NULL}},
	{"price", {"990", "\"1290.00\"", NULL}},
	{"total", {"1990", "\"12.50\"", NULL}},
	{"value", {"100", "101", NULL}},
	{"currency", {"\"EUR\"", "\"CHF\"", NULL}},
	{"status", {"\"delivered\"", "\"in_transit\"", "\"subscribed\"", "\"unsubscribed\"",
			   "\"done\"", NULL}},
	{"stage", {"\"in_production\"", "\"packed\"", "\"on_hold\"", "\"payment_pending\"",
			  "\"shipped\"", NULL}},
	{"correction", {"true", "false", NULL}},
	{"promised_at", {"\"2026-11-20\"", "\"2026-11-22\"", NULL}},
	{"fulfillment_id", {"\"F1\"", "\"F2\"", NULL}},
	{"tracking_number", {"\"T1\"", "\"T2\"", NULL}},
	{"payment_id", {"\"pi_1\"", "\"pi_2\"", NULL}},
	{"reason", {"\"card_declined\"", "\"wrong_size\"", NULL}},
	{"line_id", {"1", "2", NULL}},
	{"choice", {"\"wait\"", "\"cancel\"", NULL}},
	{"repair_id", {"\"R1\"", "\"R2\"", NULL}},
	{"appointment_id", {"\"A1\"", NULL}},
	{"starts_at", {"\"2026-11-20T10:00:00Z\"", "\"2026-11-21T10:00:00Z\"", NULL}},
	{"case_id", {"4711", "4712", NULL}},
	{"review_id", {"\"V1\"", NULL}},
	{"survey_id", {"\"S1\"", "\"S2\"", NULL}},
	{"type", {"\"nps\"", "\"csat\"", "\"text\"", NULL}},
	{"score", {"3", "9", NULL}},
	{"nps", {"2", "10", NULL}},
	{"rating", {"1", "4.5", "5", NULL}},
	{"recommend", {"true", "false", NULL}},
	{"sentiment", {"-0.7", "0.3", NULL}},
	{"stock", {"0", "3", NULL}},
	{"trial_id", {"\"H1\"", NULL}},
	{"return_by", {"\"2026-12-01\"", "\"2026-12-05\"", NULL}},
	{"subscription_id", {"\"sub_1\"", NULL}},
	{"suggestion_id", {"\"G1\"", NULL}},
	{"inquiry_id", {"\"Q1\"", "\"Q2\"", NULL}},
	{"medium", {"\"email\"", "\"sms\"", "\"pigeon\"", NULL}},
	{"list_id", {"\"news\"", "\"offers\"", NULL}},
	{"topic", {"\"marketing\"", NULL}},
	{"wanted", {"true", "false", NULL}},
	{"bounce_type", {"\"hard\"", "\"soft\"", "\"transient\"", NULL}},
	{"email", {"\"a@b.example\"", "\"c@d.example\"", NULL}},
	{"channel", {"\"email\"", "\"sms\"", "\"web\"", "\"store\"", NULL}},
	{"tier", {"\"gold\"", "\"silver\"", NULL}},
	{"rank", {"1", "2", NULL}},
	{"balance", {"100", "20", NULL}},
	{"expires_at", {"\"2026-12-31\"", "\"2027-01-31\"", NULL}},
	{"name", {"\"wedding\"", "\"engagement\"", NULL}},
	{"date", {"\"2019-06-21\"", "\"--02-29\"", NULL}},
	{"timezone", {"\"Europe/Berlin\"", "\"UTC\"", NULL}},
	{"language", {"\"de\"", "\"fr-CH\"", NULL}},
	{"country", {"\"DE\"", "\"FR\"", NULL}},
	{"quiet_from", {"\"20:00\"", "\"21:30\"", NULL}},
	{"channels", {"\"sms, email\"", "[\"call\",\"sms\"]", NULL}},
	{"request", {"\"erase\"", "\"export\"", NULL}},
	{"birthday", {"\"1990-05-17\"", "\"--05-18\"", "null", NULL}},
	{"anniversary", {"\"2015-08-01\"", "\"\"", NULL}},
	{"blocked", {"true", "false", NULL}},
	{"products",
		{"[{\"product_id\":\"P1\",\"sku\":\"P1-54\",\"price\":990},{\"sku\":\"P3\"}]",
			"[{\"product_id\":\"P2\",\"quantity\":2}]", "[]", "[7,null,{}]", NULL}},
};

_Static_assert(ARRAY_SIZE(names) == HISTORY_KINDS, "every kind has a name");

static const char *one_of(struct chance *c, const char *const *list)
{
	size_t n = 0;

	do
		n++;
	while (list[n]);
	return list[chance_below(c, n)];
}

void history_event(struct chance *c, size_t n, size_t number, const char *user, struct buf *out)
{
	bool identify = strcmp(names[n], "Customer Identified") == 0;
	char at[INSTANT_SIZE];
	const char *comma = "";

	instant_format(NOVEMBER + (int64_t)chance_below(c, 4) * MS_HOUR, at);
	buf_add_str(out, identify ? "{\"type\":\"identify\"" : "{\"type\":\"track\",\"event\":\"");
	if (!identify) {
		buf_add_str(out, names[n]);
		buf_add_str(out, "\"");
	}
	buf_add_str(out, ",\"userId\":\"");
	buf_add_str(out, user);
	buf_add_str(out, "\",\"messageId\":\"m");
	buf_add_u64(out, number);
	buf_add_str(out, "\",\"timestamp\":\"");
	buf_add_str(out, at);
	buf_add_str(out, identify ? "\",\"traits\":{" : "\",\"properties\":{");
	for (size_t i = 0; i < ARRAY_SIZE(properties); i++) {
		if (chance_below(c, 3) == 0)
			continue;
		buf_add_str(out, comma);
		buf_add_str(out, "\"");
		buf_add_str(out, properties[i].name);
		buf_add_str(out, "\":");
		buf_add_str(out, one_of(c, properties[i].values));
		comma = ",";
	}
	buf_add_str(out, "}}");
}

void history_fold(struct event_decoder *decoder, struct arena *arena, struct journey *j,
	const struct buf *json)
{
	struct event_origin origin = {.id = {(uint64_t)(NOVEMBER + 30 * MS_DAY), 0},
		.source = SPAN_LIT("web"),
		.channel = CHANNEL_WEB,
		.recv_at = NOVEMBER + 30 * MS_DAY,
		.sent_at = TIME_NEVER};
	struct event_fault fault;
	struct event e;

	REQUIRE(event_decode(decoder, buf_span(json), &origin, arena, &e, &fault) == 0);
	REQUIRE(journey_fold(j, &e) == 0);
	arena_reset(arena);
}
