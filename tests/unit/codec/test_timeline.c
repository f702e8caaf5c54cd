/* SPDX-License-Identifier: MIT */
#include "codec/timeline.h"

#include "base/hash.h"

#include "check.h"
#include "journey_chance.h"

#include "../../../src/codec/entry_dictionary.h"
#include "../../../src/codec/wire_names.h"

/* 2026-11-21T12:00:00.000Z */
#define NOON INT64_C(1795262400000)

/* Every name by its number on disk, which starts at 1. Never to be changed, only added to. */
static const char *const names[] = {
	"Page Viewed",
	"Screen Viewed",
	"Customer Identified",
	"Customer Grouped",
	"Customer Aliased",
	"Signed Up",
	"Signed In",
	"Products Searched",
	"Product List Viewed",
	"Product List Filtered",
	"Promotion Viewed",
	"Promotion Clicked",
	"Product Clicked",
	"Product Viewed",
	"Product Added",
	"Product Removed",
	"Cart Viewed",
	"Cart Emptied",
	"Checkout Started",
	"Checkout Step Viewed",
	"Checkout Step Completed",
	"Payment Info Entered",
	"Payment Failed",
	"Payment Approved",
	"Order Completed",
	"Order Updated",
	"Order Promised",
	"Order Cancelled",
	"Order Refunded",
	"Order Fulfilled",
	"Order Shipped",
	"Order Delivered",
	"Shipment Updated",
	"Shipment Delayed",
	"Shipment Out For Delivery",
	"Shipment Delivered",
	"Delivery Failed",
	"Ready For Pickup",
	"Return Requested",
	"Order Returned",
	"Coupon Entered",
	"Coupon Applied",
	"Coupon Denied",
	"Coupon Removed",
	"Product Added to Wishlist",
	"Product Removed from Wishlist",
	"Wishlist Product Added to Cart",
	"Product Shared",
	"Cart Shared",
	"Product Reviewed",
	"Email Sent",
	"Email Delivered",
	"Email Bounced",
	"Email Opened",
	"Email Link Clicked",
	"Email Marked as Spam",
	"Unsubscribed",
	"Store Visited",
	"Appointment Booked",
	"Appointment Kept",
	"Appointment Missed",
	"Product Tried On",
	"In-Store Purchase",
	"Repair Received",
	"Repair Ready",
	"Repair Collected",
	"Survey Answered",
	"Note Added",
	"Call Logged",
	"Payment Action Required",
	"Payment Disputed",
	"Subscription Started",
	"Subscription Cancelled",
	"Email Deferred",
	"Consent Updated",
	"Privacy Request Received",
	"SMS Sent",
	"SMS Delivered",
	"SMS Failed",
	"Appointment Rescheduled",
	"Appointment Cancelled",
	"Product Shown",
	"Repair Estimate Sent",
	"Repair Estimate Accepted",
	"Ring Sized",
	"Engraving Ordered",
	"Certificate Issued",
	"Case Opened",
	"Case Answered",
	"Case Solved",
	"Live Chat Conversation Started",
	"Live Chat Conversation Ended",
	"Live Chat Message Sent",
	"Live Chat Message Received",
	"Client Error",
	"Server Error",
	"Rage Click",
	"Page Bounced",
	"Inquiry Received",
	"Inquiry Answered",
	"Suggestion Made",
	"Suggestion Status Changed",
	"Stock Changed",
	"Price Changed",
	"Item Unavailable",
	"Item Variant Issue",
	"Customer Choice Made",
	"Item Fulfilled",
	"Item Refunded",
	"Delay Consent Given",
	"Tier Changed",
	"Points Earned",
	"Points Redeemed",
	"Points Expired",
	"Points Balance Changed",
	"Reward Issued",
	"Home Trial Started",
	"Home Trial Returned",
	"Home Trial Kept",
	"Important Date Set",
	"Important Date Removed",
	"Preference Updated",
	"Incident Started",
	"Incident Ended",
	"Stock Alert Requested",
	"Stock Alert Cancelled",
	"Price Alert Requested",
	"Price Alert Cancelled",
	"Order Stage Entered",
	"Referral Made",
	"Review Answered",
	"Task Completed",
	"Notification Sent",
	"Notification Delivered",
	"Notification Bounced",
	"Notification Opened",
	"Notification Clicked",
	"Notification Failed",
	"Notification Deferred",
	"Notification Cancelled",
	"Notification Converted",
};

static void test_names(void)
{
	CHECK_INT(ARRAY_SIZE(names), EVENT_KIND_COUNT - 1);
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		CHECK_INT(wire_name_number(span_str(names[i])), i + 1);
		CHECK_STR(wire_name(i + 1), names[i]);
	}
	CHECK_INT(wire_name_number(SPAN_LIT("Viewed Product")), 0); /* an older spelling */
	CHECK_INT(wire_name_number(SPAN_LIT("Product Viewe")), 0);
	CHECK_INT(wire_name_number(SPAN_LIT("product viewed")), 0);
	CHECK_INT(wire_name_number(SPAN_EMPTY), 0);
	CHECK_INT(wire_name(0).len, 0);
	CHECK_INT(wire_name(ARRAY_SIZE(names) + 1).len, 0);
	CHECK_INT(wire_name(UINT64_MAX).len, 0);
}

static void check_hex(const struct buf *b, const char *want)
{
	static const char hex[] = "0123456789abcdef";
	char text[1024];

	REQUIRE(2 * b->len <= sizeof(text));
	for (size_t i = 0; i < b->len; i++) {
		text[2 * i] = hex[(unsigned char)b->ptr[i] >> 4];
		text[2 * i + 1] = hex[(unsigned char)b->ptr[i] & 15];
	}
	CHECK_STR(span_of(text, 2 * b->len), want);
}

static struct timeline_entry usual_event(void)
{
	return (struct timeline_entry){
		.kind = ENTRY_EVENT,
		.id = {(uint64_t)NOON + 812, 3},
		.at = NOON,
		.type = EVENT_TRACK,
		.channel = CHANNEL_WEB,
		.flags = EVENT_FLAG_FUTURE,
		.name = SPAN_LIT("Product Added"),
		.original = SPAN_LIT("Added Product"),
		.source = SPAN_LIT("shop"),
		.message_id = SPAN_LIT("m-1"),
		.anonymous_id = SPAN_LIT("anon"),
		.properties = SPAN_LIT("{\"product_id\":\"P1\"}"),
	};
}

static struct timeline_entry usual_decision(void)
{
	const int64_t fire_at = NOON + 4 * MS_HOUR + 2 * MS_MINUTE;

	return (struct timeline_entry){
		.kind = ENTRY_DECISION,
		.id = {(uint64_t)fire_at, UINT64_MAX},
		.nth = 1,
		.at = fire_at,
		.decision = {.outcome = OUTCOME_FIRED,
			.rule = SPAN_LIT("cart_abandoned"),
			.epoch = 1,
			.key = SPAN_LIT("cart:C1"),
			.episode = 2,
			.step = SPAN_LIT("m1"),
			.at = fire_at,
			.anchor_at = NOON,
			.armed_at = NOON + 812,
			.deadline_at = NOON + 4 * MS_HOUR,
			.fire_at = fire_at,
			.by = SPAN_LIT("Product Added"),
			.by_at = NOON,
			.data = SPAN_LIT("\"cart_id\":\"C1\"")},
	};
}

/* The bytes come from another writer of the format, made from its description. */
static void test_golden(void)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	struct timeline_entry e = usual_event();

	timeline_encode(&e, &b);
	check_hex(&b, "00ac92e9ef9f340400d70c3b011f0d41646465642050726f647563740473686f"
		      "70036d2d3104616e6f6e137b2270726f647563745f6964223a225031227d");
	buf_reset(&b);
	e = usual_decision();
	timeline_encode(&e, &b);
	check_hex(&b, "40c0a9dff69f34000100080e636172745f6162616e646f6e656407636172743a"
		      "4331026d311f0e22636172745f6964223a22433122010200a7aeec0dd70c80e8"
		      "dd0d80d30effbaec0d");
}

/* There and back, one behind the other, byte for byte. */
static void test_chance(void)
{
	struct chance c = chance_new();

	for (int i = 0; i < 20000; i++) {
		_cleanup_(buf_release) struct buf b = BUF_INIT;
		_cleanup_(buf_release) struct buf again = BUF_INIT;
		struct timeline_entry e[3], back;
		const char *differs = NULL;
		struct span rest;

		for (size_t n = 0; n < ARRAY_SIZE(e); n++) {
			e[n] = chance_entry(&c);
			timeline_encode(&e[n], &b);
		}
		rest = buf_span(&b);
		for (size_t n = 0; n < ARRAY_SIZE(e) && !differs; n++) {
			REQUIRE(timeline_decode(&rest, &back) == 0);
			differs = entry_differs(&e[n], &back);
			timeline_encode(&back, &again);
		}
		if (differs)
			fprintf(stderr, "# differs: %s\n", differs);
		REQUIRE(!differs);
		REQUIRE(rest.len == 0);
		REQUIRE(span_equal(buf_span(&b), buf_span(&again)));
	}
}

/* Nothing of what does not decode is taken. */
static void test_truncated(void)
{
	struct timeline_entry entries[] = {usual_event(), usual_decision()}, back;

	for (size_t n = 0; n < ARRAY_SIZE(entries); n++) {
		_cleanup_(buf_release) struct buf b = BUF_INIT;

		timeline_encode(&entries[n], &b);
		for (size_t len = 0; len < b.len; len++) {
			struct span s = span_of(b.ptr, len);

			CHECK_INT(timeline_decode(&s, &back), TIMELINE_CORRUPT);
			CHECK(s.ptr == b.ptr && s.len == len);
		}
	}
}

static int decode(const char *bytes, size_t len)
{
	struct span s = span_of(bytes, len);
	struct timeline_entry e;

	return timeline_decode(&s, &e);
}

#define DECODE(LIT) decode(LIT, sizeof(LIT) - 1)
#define LONGEST	    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"

static void test_by_hand(void)
{
	/* a track, log id 1-0, nothing present, no channel, name and source empty */
	CHECK_INT(DECODE("\x00\x01\x01\x00\x00\x00\x00\x00\x00"), 0);
	/* types: alias is the last */
	CHECK_INT(DECODE("\x05\x01\x01\x00\x00\x00\x00\x00\x00"), 0);
	CHECK_INT(DECODE("\x06\x01\x01\x00\x00\x00\x00\x00\x00"), TIMELINE_CORRUPT);
	/* channels: nine are known */
	CHECK_INT(DECODE("\x00\x01\x01\x00\x00\x00\x09\x00\x00"), 0);
	CHECK_INT(DECODE("\x00\x01\x01\x00\x00\x00\x0a\x00\x00"), TIMELINE_CORRUPT);
	/* names: 141 are known */
	CHECK_INT(DECODE("\x00\x01\x01\x00\x00\x00\x00\x9b\x02\x00"), 0);
	CHECK_INT(DECODE("\x00\x01\x01\x00\x00\x00\x00\x9d\x02\x00"), TIMELINE_CORRUPT);
	CHECK_INT(DECODE("\x00\x01\x01\x00\x00\x00\x00\x01\x00"), TIMELINE_CORRUPT);
	/* nth and flags are of 32 bits */
	CHECK_INT(DECODE("\x00\x01\x01\xff\xff\xff\xff\x0f\x00\x00\x00\x00\x00"), 0);
	CHECK_INT(DECODE("\x00\x01\x01\x80\x80\x80\x80\x10\x00\x00\x00\x00\x00"), TIMELINE_CORRUPT);
	CHECK_INT(DECODE("\x00\x01\x01\x00\x00\xe0\xff\xff\xff\xff\x03\x00\x00\x00"), 0);
	CHECK_INT(DECODE("\x00\x01\x01\x00\x00\xe0\xff\xff\xff\xff\x07\x00\x00\x00"),
		TIMELINE_CORRUPT);
	/* texts longer than all there is */
	CHECK_INT(DECODE("\x00\x01\x01\x00\x00\x00\x00" LONGEST), TIMELINE_CORRUPT);
	CHECK_INT(DECODE("\x00\x01\x01\x00\x00\x00\x00\x00" LONGEST), TIMELINE_CORRUPT);
	/* a decision: the outcomes are twenty-four */
	CHECK_INT(DECODE("\x40\x01\x01\x00\x00\x5c\x00\x00\x00\x00\x00\x00\x00\xd5\x02"
			 "\x00\x00\x00\x00\x00"),
		0);
	CHECK_INT(DECODE("\x40\x01\x01\x00\x00\x60\x00\x00\x00\x00\x00\x00\x00\xd5\x02"
			 "\x00\x00\x00\x00\x00"),
		TIMELINE_CORRUPT);
	/* what few decisions have: a version, and no mask that says nothing or what is not known */
#define DECISION_MORE "\x41\x01\x01\x00\x00\x48\x00\x00\x00\x00\x00\x00\x00\xd5\x02"
	CHECK_INT(DECODE(DECISION_MORE "\x10\x07"), 0);
	CHECK_INT(DECODE(DECISION_MORE "\x10\x00"), TIMELINE_CORRUPT);
	CHECK_INT(DECODE(DECISION_MORE "\x00"), TIMELINE_CORRUPT);
	CHECK_INT(DECODE(DECISION_MORE "\x80\x01\x07"), TIMELINE_CORRUPT);
}

static void test_order(void)
{
	/* newest first */
	struct timeline_entry sorted[] = {
		{.at = 9, .id = {1, 0}, .nth = 0},
		{.at = 8, .id = {2, 0}, .nth = 0},
		{.at = 8, .id = {1, 2}, .nth = 0},
		{.at = 8, .id = {1, 1}, .nth = 5},
		{.at = 8, .id = {1, 1}, .nth = 4},
		{.at = INT64_MIN, .id = {UINT64_MAX, UINT64_MAX}, .nth = UINT32_MAX},
	};

	for (size_t i = 0; i < ARRAY_SIZE(sorted); i++)
		for (size_t k = 0; k < ARRAY_SIZE(sorted); k++)
			CHECK_INT(timeline_compare(&sorted[i], &sorted[k]), i < k ? -1 : i > k);
}

/* ---- chunks ---------------------------------------------------------------------------- */

/* Entries by chance, packed, and the last part of it sealed. */
static void test_chunk(void)
{
	struct chance c = chance_new();
	_cleanup_(packer_freep) struct packer *p = NULL;

	REQUIRE(packer_new(&p) == 0);
	for (int round = 0; round < 400; round++) {
		_cleanup_(buf_release) struct buf tail = BUF_INIT;
		_cleanup_(buf_release) struct buf chunk = BUF_INIT;
		_cleanup_(buf_release) struct buf raw = BUF_INIT;
		uint32_t n = 1 + (uint32_t)chance_below(&c, 32);
		int64_t older = chance_instant(&c), reach_at = 0;
		int64_t min_at = TIME_NEVER, max_at = INT64_MIN;
		struct chunk_head head;

		for (uint32_t i = 0; i < n; i++) {
			struct timeline_entry e = chance_entry(&c);

			min_at = int64_min(min_at, e.at);
			max_at = int64_max(max_at, e.at);
			timeline_encode(&e, &tail);
		}
		buf_add_str(&chunk, "before");
		REQUIRE(chunk_seal(p, buf_span(&tail), n, older, &chunk, &reach_at) == 0);
		buf_consume(&chunk, 6);
		REQUIRE(chunk_head(buf_span(&chunk), &head) == 0);
		CHECK_INT(head.n, n);
		CHECK_INT(head.min_at, min_at);
		CHECK_INT(head.max_at, max_at);
		CHECK_INT(head.reach_at, int64_max(older, max_at));
		CHECK_INT(reach_at, head.reach_at);
		buf_add_str(&raw, "before");
		REQUIRE(timeline_unpack(p, head.block, head.n, &raw) == 0);
		buf_consume(&raw, 6);
		REQUIRE(span_equal(buf_span(&raw), buf_span(&tail)));
	}
}

static void test_pack_refuses(void)
{
	_cleanup_(packer_freep) struct packer *p = NULL;
	_cleanup_(buf_release) struct buf tail = BUF_INIT;
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	struct timeline_entry e = usual_event();
	struct timeline_range range = {1, 2};
	int64_t reach_at = 42;

	REQUIRE(packer_new(&p) == 0);
	timeline_encode(&e, &tail);
	timeline_encode(&e, &tail);
	CHECK_INT(chunk_seal(p, buf_span(&tail), 1, 0, &out, &reach_at), TIMELINE_CORRUPT);
	CHECK_INT(chunk_seal(p, buf_span(&tail), 3, 0, &out, &reach_at), TIMELINE_CORRUPT);
	CHECK_INT(chunk_seal(p, SPAN_EMPTY, 0, 0, &out, &reach_at), TIMELINE_CORRUPT);
	CHECK_INT(timeline_pack(p, buf_span(&tail), 1, &out, &range), TIMELINE_CORRUPT);
	CHECK_INT(timeline_pack(p, SPAN_EMPTY, 0, &out, &range), TIMELINE_CORRUPT);
	tail.ptr[0] = 0x77;
	CHECK_INT(chunk_seal(p, buf_span(&tail), 2, 0, &out, &reach_at), TIMELINE_CORRUPT);
	CHECK_INT(out.len, 0);
	CHECK_INT(reach_at, 42);
	CHECK_INT(range.max_at, 2);
}

/* One entry that takes a block to its bound, and one byte more. */
static void test_pack_bound(void)
{
	_cleanup_(packer_freep) struct packer *p = NULL;
	_cleanup_free_ char *much = calloc(TIMELINE_PACK_MAX + 1, 1);

	REQUIRE(much && packer_new(&p) == 0);
	for (size_t over = 0; over < 2; over++) {
		_cleanup_(buf_release) struct buf tail = BUF_INIT;
		_cleanup_(buf_release) struct buf chunk = BUF_INIT;
		_cleanup_(buf_release) struct buf raw = BUF_INIT;
		/* 9 bytes before the properties' length of 4: see test_by_hand, source last */
		struct timeline_entry e = {.id = {1, 0}, .at = 1};
		struct chunk_head head;
		int64_t reach_at;

		e.properties = span_of(much, TIMELINE_PACK_MAX - 13 + over);
		timeline_encode(&e, &tail);
		REQUIRE(tail.len == TIMELINE_PACK_MAX + over);
		CHECK_INT(chunk_seal(p, buf_span(&tail), 1, 0, &chunk, &reach_at),
			over ? TIMELINE_CORRUPT : 0);
		if (over)
			continue;
		REQUIRE(chunk_head(buf_span(&chunk), &head) == 0);
		REQUIRE(timeline_unpack(p, head.block, head.n, &raw) == 0);
		CHECK(span_equal(buf_span(&raw), buf_span(&tail)));
	}
}

static void seal_usual(struct packer *p, struct buf *chunk)
{
	_cleanup_(buf_release) struct buf tail = BUF_INIT;
	struct timeline_entry event = usual_event(), decision = usual_decision();
	int64_t reach_at;
	int r;

	for (int i = 0; i < 5; i++) {
		timeline_encode(&event, &tail);
		timeline_encode(&decision, &tail);
	}
	r = chunk_seal(p, buf_span(&tail), 10, 0, chunk, &reach_at);
	assert(r == 0);
}

static void test_chunk_damage(void)
{
	_cleanup_(packer_freep) struct packer *p = NULL;
	_cleanup_(buf_release) struct buf chunk = BUF_INIT;
	struct chunk_head head;

	REQUIRE(packer_new(&p) == 0);
	seal_usual(p, &chunk);
	for (size_t bit = 0; bit < 8 * chunk.len; bit++) {
		chunk.ptr[bit / 8] = (char)(chunk.ptr[bit / 8] ^ 1 << bit % 8);
		CHECK_INT(chunk_head(buf_span(&chunk), &head), TIMELINE_CORRUPT);
		chunk.ptr[bit / 8] = (char)(chunk.ptr[bit / 8] ^ 1 << bit % 8);
	}
	for (size_t len = 0; len < chunk.len; len++)
		CHECK_INT(chunk_head(span_of(chunk.ptr, len), &head), TIMELINE_CORRUPT);
	CHECK_INT(chunk_head(buf_span(&chunk), &head), 0);
}

/* Blocks of other lengths and numbers than they say. */
static void test_block_lies(void)
{
	_cleanup_(packer_freep) struct packer *p = NULL;
	_cleanup_(buf_release) struct buf chunk = BUF_INIT;
	_cleanup_(buf_release) struct buf raw = BUF_INIT;
	struct chunk_head head;

	REQUIRE(packer_new(&p) == 0);
	seal_usual(p, &chunk);
	REQUIRE(chunk_head(buf_span(&chunk), &head) == 0);
	buf_add_str(&raw, "before");
	CHECK_INT(timeline_unpack(p, head.block, 9, &raw), TIMELINE_CORRUPT);
	CHECK_INT(timeline_unpack(p, head.block, 11, &raw), TIMELINE_CORRUPT);
	CHECK_INT(timeline_unpack(p, head.block, 0, &raw), TIMELINE_CORRUPT);
	for (size_t len = 0; len < head.block.len; len++)
		CHECK_INT(timeline_unpack(p, span_of(head.block.ptr, len), 10, &raw),
			TIMELINE_CORRUPT);
	CHECK_STR(buf_span(&raw), "before");
	CHECK_INT(timeline_unpack(p, head.block, 10, &raw), 0);
}

/* ---- the dictionary ---------------------------------------------------------------------- */

/* Blocks can only be read with this very dictionary. */
static void test_dictionary(void)
{
	struct span dictionary = entry_dictionary();

	printf("# dictionary: %zu bytes, crc32c %08x\n", dictionary.len, crc32c(0, dictionary));
	CHECK(entry_dictionary_text().len < dictionary.len);
	CHECK_INT(crc32c(0, dictionary), 0xc9e080d1);
}

static const struct check_case cases[] = {
	{"names have their numbers", test_names},
	{"bytes of entries", test_golden},
	{"entries by chance come back", test_chance},
	{"every shorter entry is refused", test_truncated},
	{"the format by hand", test_by_hand},
	{"newest first", test_order},
	{"chunks by chance come back", test_chunk},
	{"what is not so many entries is not packed", test_pack_refuses},
	{"a block as large as allowed", test_pack_bound},
	{"every flipped bit of a chunk is noticed", test_chunk_damage},
	{"blocks that lie", test_block_lies},
	{"the dictionary is frozen", test_dictionary},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
