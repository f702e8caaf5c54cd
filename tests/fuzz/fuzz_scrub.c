/* SPDX-License-Identifier: MIT */
/*
 * Bytes to what is kept of others, from which names are taken out: as a text, as JSON, as an entry
 * of the log and of the archive, and as a customer's record or a chunk whose checksum is made
 * right. Nothing breaks by it, what was taken out is not there when it is looked for again, JSON
 * stays JSON, and of a text all else is as it was. A name that is put into the midst of the bytes
 * is found.
 */
#include "codec/json_scan.h"
#include "store/entry_match.h"

#include "../../src/codec/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of eight bytes or more, so that the whole of SCRUB_WORD takes their place. */
static const char *const names[] = {"janeth.doe77@example.org", "+4915112345677",
	"shopper-erase-77", "c2hvcHBlci1lcmFzZS03Nw==", "73686F707065722D65726173652D3737",
	"5c4e94a32f962097984b45eba7c061509975ae94354d2399582d1e1179246d22"};

static int knows(void *user, struct span key, bool *ret_known)
{
	(void)user;
	*ret_known =
		span_is(key, "email:janeth.doe77@example.org") ||
		span_is(key, "phone:+4915112345677") || span_is(key, "shopper-erase-77") ||
		span_is(key, "sha256:5c4e94a32f962097984b45eba7c061509975ae94354d2399582d1e1179246"
			     "d22");
	return 0;
}

static bool has(struct span bytes, const char *what)
{
	size_t n = strlen(what);

	for (size_t i = 0; i + n <= bytes.len; i++)
		if (memcmp(bytes.ptr + i, what, n) == 0)
			return true;
	return false;
}

/* OUT is TEXT in which SCRUB_WORD stands for something, here and there: both are walked from one
 * such place to the next, and what is between them is looked for in its order. */
static void check_rest(struct span text, struct span out)
{
	static const char word[] = SCRUB_WORD;
	size_t at = 0, from = 0;

	for (size_t i = 0; i <= out.len; i++) {
		bool end = i == out.len;
		struct span piece = span_of(out.ptr + from, i - from);

		if (!end && !span_starts(span_of(out.ptr + i, out.len - i), span_str(word)))
			continue;
		if (from == 0)
			assert(span_starts(text, piece));
		while (!end && at + piece.len <= text.len &&
			memcmp(text.ptr + at, piece.ptr, piece.len) != 0)
			at++;
		assert(at + piece.len <= text.len);
		if (end)
			assert(memcmp(text.ptr + text.len - piece.len, piece.ptr, piece.len) == 0);
		at += piece.len;
		i += end ? 0 : sizeof(word) - 2;
		from = i + 1;
	}
}

static void scrub_a_text(struct scrubber *s, struct span text)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT, again = BUF_INIT;
	int r = scrub_text(s, text, &out);

	assert(r == 0 || r == SCRUB_CLEAN);
	(void)scrub_finds(s, text);
	if (r == SCRUB_CLEAN)
		return;
	check_rest(text, buf_span(&out));
	assert(scrub_text(s, buf_span(&out), &again) == SCRUB_CLEAN);
}

/* Each name in turn where half of BYTES are over, on its own between blanks. */
static void scrub_within(struct scrubber *s, struct span bytes)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_(buf_release) struct buf text = BUF_INIT, out = BUF_INIT;
		size_t half = bytes.len / 2;

		buf_add(&text, bytes.ptr, half);
		buf_printf(&text, " | %s | ", names[i]);
		buf_add(&text, bytes.ptr + half, bytes.len - half);
		assert(scrub_text(s, buf_span(&text), &out) == 0);
		assert(!has(buf_span(&out), names[i]) || has(bytes, names[i]));
	}
}

static bool is_json(struct span bytes)
{
	struct json_fault fault;

	return json_valid(bytes, &fault);
}

static void scrub_a_document(struct scrubber *s, struct span bytes)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT, again = BUF_INIT;
	int r = scrub_json(s, bytes, &out);

	assert(r == 0 || r == SCRUB_CLEAN);
	if (r == SCRUB_CLEAN || !is_json(bytes))
		return;
	assert(is_json(buf_span(&out)));
	assert(scrub_json(s, buf_span(&out), &again) == SCRUB_CLEAN);
}

/* The same bytes as what an entry of the log has: an event, a message with its cargo, and what else
 * there may be. */
static void scrub_an_entry(struct entry_match *m, struct span bytes)
{
	static const char *const fields[] = {"e", "m", "x", "b", "o", "w"};
	_cleanup_(arena_release) struct arena a;

	arena_init(&a);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		struct archive_field entry[] = {{span_str(fields[i]), bytes},
			{SPAN_LIT("m"), SPAN_LIT("web/web/track 1763800000000 {\"ip\":\"::1\"}")}};
		enum theirs theirs = THEIRS_NOT;
		int r;

		assert(entry_whose(m, entry, ARRAY_SIZE(entry), &theirs) == 0);
		r = entry_scrub(m, entry, ARRAY_SIZE(entry), &a);
		assert(r == 0 || r == SCRUB_CLEAN);
		if (r == 0)
			assert(entry_scrub(m, entry, ARRAY_SIZE(entry), &a) == SCRUB_CLEAN);
	}
}

static void scrub_a_value(struct entry_match *m, struct span body)
{
	_cleanup_(buf_release) struct buf framed = BUF_INIT, out = BUF_INIT, again = BUF_INIT;
	_cleanup_(record_release) struct record record = RECORD_INIT;
	int r;

	frame_open(&framed, RECORD_VERSION);
	buf_add_span(&framed, body);
	frame_close(&framed, 0);
	r = scrub_value(m->scrubber, m->packer, buf_span(&framed), &out);
	assert(r == 0 || r == SCRUB_CLEAN);
	if (r == SCRUB_CLEAN)
		return;
	assert(record_decode(buf_span(&out), &record) == 0);
	assert(scrub_value(m->scrubber, m->packer, buf_span(&out), &again) == SCRUB_CLEAN);
}

static void scrub_a_chunk(struct entry_match *m, struct span bytes)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT, again = BUF_INIT;
	struct chunk_head was, is;
	int r = scrub_chunk(m->scrubber, m->packer, bytes, &out);

	assert(r == 0 || r == SCRUB_CLEAN);
	if (r == SCRUB_CLEAN)
		return;
	assert(chunk_head(bytes, &was) == 0 && chunk_head(buf_span(&out), &is) == 0);
	assert(was.n == is.n && was.min_at == is.min_at && was.max_at == is.max_at);
	assert(scrub_chunk(m->scrubber, m->packer, buf_span(&out), &again) == SCRUB_CLEAN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span bytes = span_of((const char *)data, size);
	struct entry_match m;

	assert(entry_match_init(&m, &IDENTITY_DEFAULT, knows, NULL) == 0);
	scrub_a_text(m.scrubber, bytes);
	scrub_within(m.scrubber, bytes);
	scrub_a_document(m.scrubber, bytes);
	scrub_an_entry(&m, bytes);
	scrub_a_value(&m, bytes);
	scrub_a_chunk(&m, bytes);
	entry_match_release(&m);
	return 0;
}
