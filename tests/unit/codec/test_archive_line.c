/* SPDX-License-Identifier: MIT */
/* Lines of the archive, as archive_line.h describes them, there and back. */
#include "codec/archive_line.h"

#include "check.h"
#include "codec/gunzip.h"
#include "codec/gzip_out.h"

static const char key_text[] = "404142434445464748494a4b4c4d4e4f"
			       "000102030405060708090a0b0c0d0e0f"
			       "101112131415161718191a1b1c1d1e1f";

#define DATASET "0123456789abcdef0123456789abcdef"
#define DIGEST	DATASET DATASET

/* 2026-11-22T08:00:00.123Z, by date(1). */
#define AT UINT64_C(1795334400123)

static struct span without_end(const struct buf *b)
{
	assert(b->len > 0 && b->ptr[b->len - 1] == '\n');
	return span_of(b->ptr, b->len - 1);
}

static void test_frame(void)
{
	_cleanup_(archive_coder_freep) struct archive_coder *c = NULL;
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	_cleanup_(arena_release) struct arena a;
	struct archive_line file = {.kind = ARCHIVE_FILE,
		.dataset = SPAN_LIT(DATASET),
		.partition = 7,
		.partitions = 16,
		.through = {12, 3}};
	struct archive_line end = {.kind = ARCHIVE_END,
		.through = {13, 0},
		.lines = 2,
		.clock = 14,
		.sha256 = SPAN_LIT(DIGEST)};
	struct archive_line back;

	arena_init(&a);
	REQUIRE(archive_coder_new(&c) == 0);
	REQUIRE(archive_line_write(c, &file, NULL, &out) == 0);
	CHECK_STR(buf_span(&out), "{\"kind\":\"file\",\"format\":1,\"dataset\":\"" DATASET
				  "\",\"partition\":7,\"partitions\":16,\"after\":\"12-3\"}\n");
	REQUIRE(archive_line_read(c, without_end(&out), &a, &back) == 0);
	CHECK(back.kind == ARCHIVE_FILE && back.partition == 7 && back.partitions == 16);
	CHECK(back.through.ms == 12 && back.through.seq == 3);
	CHECK_STR(back.dataset, DATASET);
	buf_reset(&out);
	REQUIRE(archive_line_write(c, &end, NULL, &out) == 0);
	CHECK_STR(buf_span(&out), "{\"kind\":\"end\",\"through\":\"13-0\",\"lines\":2,\"clock\":14,"
				  "\"sha256\":\"" DIGEST "\"}\n");
	REQUIRE(archive_line_read(c, without_end(&out), &a, &back) == 0);
	CHECK(back.kind == ARCHIVE_END && back.lines == 2 && back.clock == 14);
	CHECK_STR(back.sha256, DIGEST);
}

static void test_plain(void)
{
	_cleanup_(archive_coder_freep) struct archive_coder *c = NULL;
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	_cleanup_(arena_release) struct arena a;
	const struct archive_field fields[] = {
		{SPAN_LIT("w"), SPAN_LIT("till \"3\"")}, {SPAN_LIT("t"), SPAN_LIT("12")}};
	struct archive_line line = {
		.kind = ARCHIVE_WATERMARK, .id = {AT, 0}, .fields = fields, .n_fields = 2};
	struct archive_line back;

	arena_init(&a);
	REQUIRE(archive_coder_new(&c) == 0);
	REQUIRE(archive_line_write(c, &line, NULL, &out) == 0);
	CHECK_STR(buf_span(&out), "{\"id\":\"1795334400123-0\",\"at\":\"2026-11-22T08:00:00.123Z\","
				  "\"kind\":\"watermark\",\"plain\":{\"w\":\"till \\\"3\\\"\","
				  "\"t\":\"12\"}}\n");
	REQUIRE(archive_line_read(c, without_end(&out), &a, &back) == 0);
	REQUIRE(back.n_fields == 2);
	CHECK_STR(back.fields[0].name, "w");
	CHECK_STR(back.fields[0].value, "till \"3\"");
	CHECK_STR(back.fields[1].value, "12");
	CHECK_INT(back.sealed.len, 0);
}

/* Any bytes come back as they were, an empty value and NUL bytes too. */
static void test_sealed(void)
{
	_cleanup_(archive_coder_freep) struct archive_coder *c = NULL;
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	_cleanup_(arena_release) struct arena a;
	const struct archive_field fields[] = {{SPAN_LIT("e"), SPAN_LIT("{\"userId\":\"u1\"}")},
		{SPAN_LIT("m"), SPAN_LIT("web/web 1 -")}, {SPAN_LIT("b"), SPAN_LIT("\0\xff\n\"")},
		{SPAN_LIT("o"), SPAN_EMPTY}};
	struct archive_line back, line = {.kind = ARCHIVE_EVENT,
					  .id = {AT, 5},
					  .source = SPAN_LIT("web"),
					  .name = SPAN_LIT("Order Completed"),
					  .fields = fields,
					  .n_fields = ARRAY_SIZE(fields)};
	struct archive_field *got;
	struct seal_key key;
	size_t n;

	arena_init(&a);
	REQUIRE(archive_coder_new(&c) == 0 && seal_key_read(span_str(key_text), &key) == 0);
	REQUIRE(archive_line_write(c, &line, &key, &out) == 0);
	CHECK(span_starts(buf_span(&out),
		SPAN_LIT("{\"id\":\"1795334400123-5\",\"at\":\"2026-11-22T08:00:00.123Z\","
			 "\"kind\":\"event\",\"source\":\"web\",\"name\":\"Order Completed\","
			 "\"key\":\"404142434445464748494a4b4c4d4e4f\",\"sealed\":\"")));
	REQUIRE(archive_line_read(c, without_end(&out), &a, &back) == 0);
	CHECK_STR(back.source, "web");
	CHECK_STR(back.name, "Order Completed");
	CHECK_STR(back.key, "404142434445464748494a4b4c4d4e4f");
	REQUIRE(archive_open(c, &back, &key, &a, &got, &n) == 0);
	REQUIRE(n == ARRAY_SIZE(fields));
	for (size_t i = 0; i < n; i++) {
		CHECK_SPAN(got[i].name, fields[i].name);
		CHECK_SPAN(got[i].value, fields[i].value);
	}
	/* The clear part belongs to it. */
	out.ptr[sizeof("{\"id\":\"1795334400123-") - 1] = '6';
	REQUIRE(archive_line_read(c, without_end(&out), &a, &back) == 0);
	CHECK_INT(archive_open(c, &back, &key, &a, &got, &n), ARCHIVE_BAD);
}

static void test_refused(void)
{
	static const char *const lines[] = {
		"",
		"{}",
		"null",
		"{\"kind\":\"news\"}",
		"{\"kind\":\"event\"}",
		"{\"kind\":\"event\",\"id\":\"1-0\"}",
		"{\"kind\":\"event\",\"id\":\"1\",\"plain\":{}}",
		"{\"kind\":\"event\",\"id\":\"1-0\",\"plain\":{\"w\":1}}",
		"{\"kind\":\"event\",\"id\":\"1-0\",\"sealed\":\"\"}",
		"{\"kind\":\"event\",\"id\":\"1-0\",\"key\":\"12\",\"sealed\":\"\"}",
		"{\"kind\":\"event\",\"id\":\"1-0\",\"plain\":{}} x",
		"{\"kind\":\"file\",\"format\":2,\"dataset\":\"" DATASET
		"\",\"partition\":0,\"partitions\":1,\"after\":\"0-0\"}",
		"{\"kind\":\"file\",\"format\":1,\"dataset\":\"" DATASET
		"\",\"partition\":1,\"partitions\":1,\"after\":\"0-0\"}",
		"{\"kind\":\"file\",\"format\":1,\"dataset\":\"0\",\"partition\":0,"
		"\"partitions\":1,\"after\":\"0-0\"}",
		"{\"kind\":\"end\",\"through\":\"1-0\",\"lines\":1,\"clock\":1,\"sha256\":\"\"}",
		"{\"kind\":\"end\",\"through\":\"1-0\",\"lines\":-1,\"clock\":1,\"sha256\":"
		"\"" DIGEST "\"}",
	};
	_cleanup_(archive_coder_freep) struct archive_coder *c = NULL;
	_cleanup_(arena_release) struct arena a;

	arena_init(&a);
	REQUIRE(archive_coder_new(&c) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct archive_line back;

		CHECK_INT(archive_line_read(c, span_str(lines[i]), &a, &back), ARCHIVE_BAD);
	}
}

/* In pieces of any size, twice with the same stream; an empty member, too. */
static void test_gzip(void)
{
	_cleanup_(gzip_out_freep) struct gzip_out *g = NULL;
	_cleanup_(buf_release) struct buf text = BUF_INIT, packed = BUF_INIT, back = BUF_INIT;
	_cleanup_(gunzip_freep) struct gunzip *u = NULL;

	REQUIRE(gzip_out_new(&g) == 0 && gunzip_new(&u) == 0);
	for (int i = 0; i < 40000; i++)
		buf_printf(&text, "%d %d\n", i, i * 7919);
	for (size_t at = 0, step = 1; at < text.len; at += step, step = step * 3 % 70001 + 1) {
		size_t n = text.len - at < step ? text.len - at : step;

		REQUIRE(gzip_out_add(g, span_of(text.ptr + at, n), &packed) == 0);
	}
	REQUIRE(gzip_out_end(g, &packed) == 0);
	REQUIRE(gzip_out_end(g, &packed) == 0);
	REQUIRE(gzip_out_add(g, SPAN_LIT("end"), &packed) == 0);
	REQUIRE(gzip_out_end(g, &packed) == 0);
	CHECK(packed.len < text.len / 2);
	REQUIRE(gunzip_feed(u, buf_span(&packed), &back) == 0);
	REQUIRE(gunzip_finish(u, &back) == 0);
	buf_add_str(&text, "end");
	CHECK_SPAN(buf_span(&back), buf_span(&text));
}

int main(void)
{
	static const struct check_case cases[] = {
		{"a file's first line and last", test_frame},
		{"entries about nobody", test_plain},
		{"sealed entries", test_sealed},
		{"what is no such line", test_refused},
		{"gzip", test_gzip},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
