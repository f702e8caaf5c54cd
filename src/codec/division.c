/* SPDX-License-Identifier: MIT */
/* Both directions side by side. */
#include "codec/division.h"

#include "base/hash.h"
#include "base/sha256.h"
#include "codec/message_json.h"
#include "codec/record.h"
#include "core/event.h"

#define CRC_AT	3 /* behind `D1 ` */
#define CRC_LEN 8
#define BODY_AT (CRC_AT + CRC_LEN + 1)

#define HOURS_MAX (INT64_MAX / (INT64_C(60) * 60 * 1000))

static void put_crc(struct span body, char out[CRC_LEN])
{
	uint32_t crc = crc32c(0, body);

	for (unsigned i = 0; i < CRC_LEN; i++)
		out[i] = "0123456789abcdef"[crc >> (28 - 4 * i) & 15];
}

static void put_lists(const struct division *d, struct buf *out)
{
	buf_add_varint(out, d->n_snapshots);
	for (size_t i = 0; i < d->n_snapshots; i++) {
		buf_add_block(out, d->snapshots[i].of);
		buf_add_block(out, d->snapshots[i].record);
	}
	buf_add_varint(out, d->n_jobs);
	for (size_t i = 0; i < d->n_jobs; i++) {
		buf_add_block(out, d->jobs[i].id);
		buf_add_block(out, d->jobs[i].key);
		buf_add_varint(out, d->jobs[i].fate);
	}
	if (d->n_heard > 0)
		buf_add_varint(out, d->n_heard);
	for (size_t i = 0; i < d->n_heard; i++) {
		buf_add_varint(out, (uint64_t)d->heard[i].hour);
		buf_add_block(out, d->heard[i].mark);
	}
}

void division_encode(const struct division *d, struct buf *out)
{
	size_t start = out->len;

	buf_add_str(out, "D1 ........ ");
	buf_add_block(out, d->record);
	buf_add_varint(out, d->keep);
	buf_add_varint(out, d->n_chunks);
	for (size_t i = 0; i < d->n_chunks; i++)
		buf_add_block(out, d->chunks[i]);
	put_lists(d, out);
	if (buf_failed(out) == 0)
		put_crc(span_of(out->ptr + start + BODY_AT, out->len - start - BODY_AT),
			out->ptr + start + CRC_AT);
}

bool division_forget_between(struct journey *j)
{
	bool changed = false;

	for (size_t i = j->n_named; i-- > 0;) {
		struct customer_naming *naming = &j->named[i];

		if (!span_equal(text_span(naming->via), text_span(j->customer)) ||
			!message_is_want(text_span(naming->said))) {
			journey_remove_naming(j, i);
			changed = true;
			continue;
		}
		changed = changed || naming->n_asked > 0 || naming->n_open > 0 ||
			  naming->n_wanted > 0 || naming->asked;
		naming->n_asked = naming->n_open = naming->n_wanted = 0;
		naming->asked = false;
	}
	return changed;
}

static void sum_of(struct span record, char ret_sum[DIVISION_SUM_SIZE])
{
	unsigned char digest[SHA256_SIZE];
	struct sha256 s;

	sha256_init(&s);
	sha256_add(&s, record);
	sha256_end(&s, digest);
	for (size_t i = 0; i < (DIVISION_SUM_SIZE - 1) / 2; i++)
		(void)snprintf(ret_sum + 2 * i, 3, "%02x", digest[i]);
}

int division_sum(struct span record, char ret_sum[DIVISION_SUM_SIZE])
{
	_cleanup_(record_release) struct record bare = RECORD_INIT;
	_cleanup_(buf_release) struct buf bytes = BUF_INIT;
	int r = record.len > 0 ? record_decode(record, &bare) : 0;

	if (r < 0)
		return r;
	if (r > 0 || record.len == 0 || !division_forget_between(bare.journey)) {
		sum_of(record, ret_sum);
		return 0;
	}
	r = record_encode(&bare, &bytes);
	if (r == 0)
		sum_of(buf_span(&bytes), ret_sum);
	return r;
}

int division_state(const struct journey *j, char ret_sum[DIVISION_SUM_SIZE])
{
	_cleanup_(buf_release) struct buf bytes = BUF_INIT;
	_cleanup_free_ struct customer_id *ids = NULL;
	struct journey bare = *j;
	int r;

	/* Where parts of the timeline are. */
	bare.n_parts = bare.n_shed = 0;
	bare.n_more = 0;
	bare.more_at = INT64_MIN;
	bare.n_named = 0;
	if (j->n_ids > 0) {
		ids = malloc(j->n_ids * sizeof(*ids));
		if (!ids)
			return -ENOMEM;
		memcpy(ids, j->ids, j->n_ids * sizeof(*ids));
		bare.ids = ids;
	}
	for (size_t i = 0; i < j->n_ids; i++)
		ids[i].place_at = 0;
	r = journey_encode(&bare, &bytes);
	if (r == 0)
		sum_of(buf_span(&bytes), ret_sum);
	return r;
}

/* ---- decoding ---------------------------------------------------------------------------- */

struct reading {
	struct span rest;
	struct arena *arena;
	int r; /* the first that went wrong */
};

static struct span take_block(struct reading *g)
{
	struct span block = SPAN_EMPTY;

	if (g->r == 0 && span_take_block(&g->rest, &block) != 0)
		g->r = DIVISION_CORRUPT;
	return block;
}

static uint64_t take_number(struct reading *g, uint64_t max)
{
	uint64_t n = 0;

	if (g->r == 0 && (span_take_varint(&g->rest, &n) != 0 || n > max))
		g->r = DIVISION_CORRUPT;
	return g->r == 0 ? n : 0;
}

/* A list of elements of SIZE, each of which takes a byte at least. */
static void *take_list(struct reading *g, size_t size, size_t *ret_n)
{
	size_t n = (size_t)take_number(g, g->rest.len);
	void *list = g->r == 0 ? arena_calloc(g->arena, n + 1, size) : NULL;

	if (g->r == 0 && !list)
		g->r = -ENOMEM;
	*ret_n = g->r == 0 ? n : 0;
	return list;
}

static struct span take_key(struct reading *g)
{
	struct span key = take_block(g);

	if (g->r == 0 && key.len > CUSTOMER_MAX)
		g->r = DIVISION_CORRUPT;
	return key;
}

static void take_lists(struct reading *g, struct division *d)
{
	struct division_snapshot *snapshots = take_list(g, sizeof(*snapshots), &d->n_snapshots);
	struct division_job *jobs;

	for (size_t i = 0; i < d->n_snapshots && g->r == 0; i++) {
		snapshots[i].of = take_key(g);
		snapshots[i].record = take_block(g);
	}
	jobs = take_list(g, sizeof(*jobs), &d->n_jobs);
	for (size_t i = 0; i < d->n_jobs && g->r == 0; i++) {
		jobs[i].id = take_block(g);
		jobs[i].key = take_key(g);
		jobs[i].fate = (enum division_fate)take_number(g, DIVISION_END);
	}
	d->snapshots = snapshots;
	d->jobs = jobs;
}

static void take_heard(struct reading *g, struct division *d)
{
	struct division_heard *heard = take_list(g, sizeof(*heard), &d->n_heard);

	if (g->r == 0 && d->n_heard == 0)
		g->r = DIVISION_CORRUPT;
	for (size_t i = 0; i < d->n_heard && g->r == 0; i++) {
		heard[i].hour = (int64_t)take_number(g, HOURS_MAX);
		heard[i].mark = take_block(g);
		if (g->r == 0 && heard[i].mark.len != DIVISION_MARK)
			g->r = DIVISION_CORRUPT;
	}
	d->heard = heard;
}

static bool has_frame(struct span bytes)
{
	char crc[CRC_LEN];

	if (bytes.len < BODY_AT || !span_starts(bytes, SPAN_LIT("D1 ")) ||
		bytes.ptr[BODY_AT - 1] != ' ')
		return false;
	put_crc(span_of(bytes.ptr + BODY_AT, bytes.len - BODY_AT), crc);
	return memcmp(crc, bytes.ptr + CRC_AT, CRC_LEN) == 0;
}

int division_decode(struct span bytes, struct arena *a, struct division *ret_d)
{
	struct reading g = {.arena = a};
	struct division d = {.keep = 0};
	struct span *chunks;

	if (!has_frame(bytes))
		return DIVISION_CORRUPT;
	g.rest = span_of(bytes.ptr + BODY_AT, bytes.len - BODY_AT);
	d.record = take_block(&g);
	d.keep = (uint32_t)take_number(&g, UINT32_MAX);
	chunks = take_list(&g, sizeof(*chunks), &d.n_chunks);
	for (size_t i = 0; i < d.n_chunks && g.r == 0; i++)
		chunks[i] = take_block(&g);
	d.chunks = chunks;
	take_lists(&g, &d);
	if (g.r == 0 && g.rest.len > 0)
		take_heard(&g, &d);
	if (g.r == 0 && g.rest.len > 0)
		g.r = DIVISION_CORRUPT;
	if (g.r == 0)
		*ret_d = d;
	return g.r;
}
