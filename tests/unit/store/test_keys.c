/* SPDX-License-Identifier: MIT */
#include "store/keys.h"

#include "../chance.h"
#include "check.h"

static void test_partitions(void)
{
	/* From partition_model.py: SipHash-2-4 written anew in another language. */
	static const struct {
		const char *customer;
		uint32_t of16, of1000;
	} rows[] = {
		{"cust_42", 3, 347},
		{"a", 5, 133},
		{"", 2, 530},
		{"kundin_\xc3\xbc", 6, 22},
		{"1dc848c11c2985635c268ff3dea707eb", 15, 135},
		{"otto-0", 10, 994},
		{"12345678", 4, 220},
		{"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 7, 375},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct span customer = span_str(rows[i].customer);

		CHECK_INT(partition_of(customer, 16), rows[i].of16);
		CHECK_INT(partition_of(customer, 1000), rows[i].of1000);
		CHECK_INT(partition_of(customer, 1), 0);
	}
}

/* No partition gets much more than its share: 160,000 customers within a tenth. */
static void test_spread(void)
{
	unsigned count[PARTITIONS_DEFAULT] = {0};

	for (int i = 0; i < 160000; i++) {
		char customer[32];
		int len = snprintf(customer, sizeof(customer), "cust_%d", i);

		count[partition_of(span_of(customer, (size_t)len), PARTITIONS_DEFAULT)]++;
	}
	for (size_t i = 0; i < ARRAY_SIZE(count); i++)
		CHECK(count[i] > 9000 && count[i] < 11000);
}

static void test_names(void)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	key_add(&b, 7, "in");
	CHECK_STR(buf_span(&b), "wm:{p7}:in");
	buf_reset(&b);
	key_add(&b, PARTITIONS_MAX - 1, "due");
	CHECK_STR(buf_span(&b), "wm:{p1023}:due");
	buf_reset(&b);
	key_add_id(&b, 0, "c", SPAN_LIT("kundin_\xc3\xbc }{"));
	CHECK_STR(buf_span(&b), "wm:{p0}:c:kundin_\xc3\xbc }{");
}

/* ---- the word beside an entry ---------------------------------------------------------- */

/* What a star of Redis' patterns matches, and is another kind of key, is told apart. */
static void test_parts(void)
{
	static const char *const others[] = {"", "wm:{p7}", "wm:{p7}:", "wm:{p7}:c",
		"wm:{p7}:c:", "wm:{p7}:in", "wm:{p7}:ids:u1", "wm:{p7}:ids:x}:c:y",
		"wm:{p7}:job:x}:t:y", "wm:{p7}c:u1", "wm:{p}:c:u1", "wm:{p1024}:c:u1",
		"wm:{p-1}:c:u1", "wm:{x7}:c:u1", "wm:meta"};
	struct key_parts k = {.letter = 'x'};

	CHECK(key_parse(SPAN_LIT("wm:{p1023}:t:u1"), &k));
	CHECK_INT(k.partition, 1023);
	CHECK_INT(k.letter, 't');
	CHECK_STR(k.id, "u1");
	CHECK(key_parse(SPAN_LIT("wm:{p0}:c:x}:t:y"), &k));
	CHECK_INT(k.partition, 0);
	CHECK_INT(k.letter, 'c');
	CHECK_STR(k.id, "x}:t:y");
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		CHECK(!key_parse(span_str(others[i]), &k));
}

static void check_meta(const struct log_meta *m, const char *text)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	struct log_meta back;

	log_meta_add(&b, m);
	CHECK_STR(buf_span(&b), text);
	REQUIRE(log_meta_parse(buf_span(&b), &back) == 0);
	CHECK_SPAN(back.source, m->source);
	CHECK_INT(back.channel, m->channel);
	CHECK_INT(back.has_type, m->has_type);
	CHECK_INT(back.type, m->type);
	CHECK_INT(back.machine, m->machine);
	CHECK_INT(back.no_traits, m->no_traits);
	CHECK_INT(back.link_rights, m->link_rights);
	CHECK_INT(back.recv_at, m->recv_at);
	CHECK_INT(back.sent_at, m->sent_at);
	CHECK_SPAN(back.context, m->context);
}

static void test_meta(void)
{
	struct log_meta m = {.source = SPAN_LIT("shop"),
		.channel = CHANNEL_WEB,
		.recv_at = INT64_C(1795262400000),
		.sent_at = TIME_NEVER};

	check_meta(&m, "shop/web 1795262400000 -");
	m.sent_at = INT64_C(1795262399001);
	check_meta(&m, "shop/web 1795262400000 1795262399001");
	m.context = SPAN_LIT("{\"ip\": \"1.2.3.4\", \"a\":\"b\"}");
	check_meta(&m, "shop/web 1795262400000 1795262399001 {\"ip\": \"1.2.3.4\", \"a\":\"b\"}");
	m.channel = CHANNEL_UNKNOWN;
	m.sent_at = -1;
	check_meta(&m, "shop/ 1795262400000 -1 {\"ip\": \"1.2.3.4\", \"a\":\"b\"}");
	m.recv_at = INT64_MIN;
	m.sent_at = TIME_NEVER - 1;
	m.channel = CHANNEL_ORDERS;
	m.context = SPAN_EMPTY;
	check_meta(&m, "shop/order-system -9223372036854775808 9223372036854775806");
	m.sent_at = 0;
	m.recv_at = 0;
	check_meta(&m, "shop/order-system 0 0");
	m.has_type = true;
	m.type = EVENT_PAGE;
	check_meta(&m, "shop/order-system/page 0 0");
	m.channel = CHANNEL_UNKNOWN;
	m.type = EVENT_TRACK;
	check_meta(&m, "shop//track 0 0");
	m.machine = true;
	check_meta(&m, "shop//track/b 0 0");
	m.no_traits = true;
	check_meta(&m, "shop//track/bt 0 0");
	m.has_type = false;
	m.machine = false;
	m.type = EVENT_TRACK;
	m.channel = CHANNEL_WEB;
	check_meta(&m, "shop/web//t 0 0");
	m.link_rights = LINK_TRUSTED;
	check_meta(&m, "shop/web//tl 0 0");
	m.link_rights = LINK_TRUSTED | LINK_EXPLICIT | LINK_BROWSER;
	m.machine = true;
	check_meta(&m, "shop/web//btlxw 0 0");
	m.machine = m.no_traits = false;
	m.link_rights = LINK_BROWSER;
	check_meta(&m, "shop/web//w 0 0");
}

static int parse_with_source_of(size_t len, struct log_meta *m)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	for (size_t i = 0; i < len; i++)
		buf_add_char(&b, 's');
	buf_add_str(&b, "/web 1 -");
	return log_meta_parse(buf_span(&b), m);
}

static void test_meta_bounds(void)
{
	struct log_meta m;

	CHECK_INT(parse_with_source_of(SOURCE_MAX, &m), 0);
	CHECK_INT(m.source.len, SOURCE_MAX);
	CHECK_INT(parse_with_source_of(SOURCE_MAX + 1, &m), LOG_META_BAD);
}

static void test_meta_hostile(void)
{
	static const char *const bad[] = {
		"",
		" ",
		"shop",
		"shop/web",
		"shop/web 1",
		"shop/web 1 ",
		"shop/web  1 -",
		"shop 1 -",
		"/web 1 -",
		"shop/nowhere 1 -",
		"shop/web/app 1 -",
		"shop/web/Track 1 -",
		"shop/web/ 1 -",
		"shop/web/track/ 1 -",
		"shop/web/track/page 1 -",
		"shop/web// 1 -",
		"shop/web//y 1 -",
		"shop/web//xl 1 -",
		"shop/web//ll 1 -",
		"shop/web//wb 1 -",
		"shop/web//tb 1 -",
		"shop/web//bb 1 -",
		"shop/web//btt 1 -",
		"shop/web//b/t 1 -",
		"shop/web/x/b 1 -",
		"shop/Web 1 -",
		"sh\top/web 1 -",
		"shop/web x -",
		"shop/web - -",
		"shop/web 1x -",
		"shop/web +1 -",
		"shop/web 01 -",
		"shop/web -0 -",
		"shop/web 1 --1",
		"shop/web 1 1.5",
		"shop/web 9223372036854775808 -",
		"shop/web -9223372036854775809 -",
		"shop/web 1 99999999999999999999999",
	};
	struct log_meta m = {.recv_at = 42};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		int r = log_meta_parse(span_str(bad[i]), &m);

		if (r != LOG_META_BAD)
			fprintf(stderr, "# accepted: %s\n", bad[i]);
		CHECK_INT(r, LOG_META_BAD);
	}
	CHECK_INT(m.recv_at, 42); /* untouched */
	/* The context is the rest, whatever it is. */
	CHECK_INT(log_meta_parse(SPAN_LIT("shop/web 1 - a b  c"), &m), 0);
	CHECK_STR(m.context, "a b  c");
	CHECK_INT(log_meta_parse(SPAN_LIT("shop/web 1 - "), &m), 0);
	CHECK_INT(m.context.len, 0);
}

/* ---- log ids --------------------------------------------------------------------------- */

static void test_log_ids(void)
{
	struct chance c = chance_new();
	char text[LOG_ID_SIZE];
	struct log_id back;

	log_id_format((struct log_id){0, 0}, text);
	CHECK_STR(span_str(text), "0-0");
	log_id_format((struct log_id){UINT64_MAX, UINT64_MAX}, text);
	CHECK_STR(span_str(text), "18446744073709551615-18446744073709551615");
	for (int i = 0; i < 10000; i++) {
		struct log_id id = {chance_u64(&c) >> chance_below(&c, 64),
			chance_u64(&c) >> chance_below(&c, 64)};

		log_id_format(id, text);
		REQUIRE(log_id_parse(span_str(text), &back) == 0);
		CHECK(back.ms == id.ms && back.seq == id.seq);
	}
}

static void test_log_ids_hostile(void)
{
	static const char *const bad[] = {"", "-", "1", "1-", "-1", "1-2-3", "1--2", "-1-2", "01-2",
		"1-02", "1 -2", "1- 2", "+1-2", "1-2 ", "a-b", "*", "1-*", "0x1-2",
		"18446744073709551616-0", "0-18446744073709551616"};
	struct log_id id = {4, 2};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_INT(log_id_parse(span_str(bad[i]), &id), LOG_ID_BAD);
	CHECK_INT(log_id_parse(span_of("1-2\0", 4), &id), LOG_ID_BAD);
	CHECK(id.ms == 4 && id.seq == 2);
}

static const struct check_case cases[] = {
	{"the partition of a customer", test_partitions},
	{"partitions get their share", test_spread},
	{"names of keys", test_names},
	{"what a key is", test_parts},
	{"what is known of an entry", test_meta},
	{"sources of every length allowed", test_meta_bounds},
	{"what is not that", test_meta_hostile},
	{"log ids", test_log_ids},
	{"what is no log id", test_log_ids_hostile},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
