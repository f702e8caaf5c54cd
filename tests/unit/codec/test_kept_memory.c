/* SPDX-License-Identifier: MIT */
/* Memory that runs out at every allocation in turn while customers are read, written and shown:
 * an error each time, nothing half done, nothing lost. */
#include "codec/job_json.h"
#include "codec/record.h"
#include "codec/timeline_json.h"
#include "codec/timeline_page.h"

#include "../base/scarce_memory.h"
#include "check.h"
#include "journey_chance.h"

struct scene {
	struct record record;
	struct buf bytes; /* of the record */
	struct buf chunk;
	struct timeline_entry entry;
	struct packer *packer;
};

/* 0 or -ENOMEM. */
typedef int act_fn(const struct scene *s);

/* Runs ACT with ever more memory until it succeeds. */
static void starve(const struct scene *s, act_fn *act)
{
	int r = -ENOMEM, n;

	for (n = 0; r < 0 && n < 10000; n++) {
		scarce_memory(n);
		r = act(s);
		scarce_memory(-1);
		CHECK(r == 0 || r == -ENOMEM);
	}
	CHECK_INT(r, 0);
	CHECK(n > 1); /* it did need memory */
}

static int act_init(const struct scene *s)
{
	_cleanup_(record_release) struct record r = RECORD_INIT;

	(void)s;
	return record_init(&r, SPAN_LIT("c"));
}

static int act_decode(const struct scene *s)
{
	_cleanup_(record_release) struct record r = RECORD_INIT;

	return record_decode(buf_span(&s->bytes), &r);
}

static int act_encode(const struct scene *s)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	int r = record_encode(&s->record, &b);

	CHECK(r == 0 || b.len == 0);
	return r;
}

static int act_new_packer(const struct scene *s)
{
	_cleanup_(packer_freep) struct packer *p = NULL;

	(void)s;
	return packer_new(&p);
}

/* From the same record each time: with a block, and so full that the next is a chunk. */
static int act_settle(const struct scene *s)
{
	_cleanup_(record_release) struct record r = RECORD_INIT;
	_cleanup_(buf_release) struct buf chunk = BUF_INIT;
	_cleanup_(packer_freep) struct packer *p = NULL;
	enum record_settled settled = RECORD_KEPT;
	uint32_t before;
	int e = packer_new(&p);

	if (e == 0)
		e = record_decode(buf_span(&s->bytes), &r);
	for (int i = 0; i < 5 && e == 0; i++) {
		for (int n = 0; n < TAIL_ENTRIES_MAX; n++)
			timeline_encode(&s->entry, &r.tail);
		if (buf_failed(&r.tail) < 0)
			return -ENOMEM;
		r.tail_n += TAIL_ENTRIES_MAX;
		before = r.packed_n + r.tail_n;
		buf_reset(&chunk);
		e = record_settle(&r, p, &chunk, &settled);
		CHECK(e == 0 || (r.packed_n + r.tail_n == before && chunk.len == 0));
	}
	CHECK(e || r.n_chunks > s->record.n_chunks);
	return e;
}

static int act_seal(const struct scene *s)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	int64_t reach_at = 42;
	int r = chunk_seal(
		s->packer, buf_span(&s->record.tail), s->record.tail_n, INT64_MIN, &b, &reach_at);

	CHECK(r == 0 || (b.len == 0 && reach_at == 42));
	return r;
}

static int act_open(const struct scene *s)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	struct chunk_head head;
	int r = chunk_head(buf_span(&s->chunk), &head);

	return r ? r : timeline_unpack(s->packer, head.block, head.n, &b);
}

static int act_page(const struct scene *s)
{
	_cleanup_(timeline_page_freep) struct timeline_page *page = NULL;
	const struct timeline_query query = TIMELINE_QUERY_ALL;
	const struct timeline_entry *entries;
	char next[TIMELINE_CURSOR_SIZE];
	struct timeline_want want;
	size_t n;
	int r = timeline_page_new(&query, SPAN_EMPTY, &page);

	if (r == 0)
		r = timeline_page_add_record(page, s->packer, &s->record);
	if (r == 0 && timeline_page_wants(page, &want))
		r = timeline_page_add_chunk(page, s->packer, 0, buf_span(&s->chunk));
	return r ? r : timeline_page_finish(page, &entries, &n, next);
}

static int act_timeline_json(const struct scene *s)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	return timeline_json(&s->entry, SPAN_LIT("c"), &b);
}

static int act_journey_json(const struct scene *s)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	return journey_json(&s->record, &lapse_default, 0, &b);
}

static int act_job(const struct scene *s)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	static const struct rule rule = {.n_steps = 1};
	struct decision d = s->entry.decision;
	char id[JOB_ID_SIZE];
	int r = job_id(&d, SPAN_LIT("c"), id);

	d.rule_now = &rule;
	return r < 0 ? r : job_json(&d, SPAN_LIT("c"), id, &b);
}

static void set_scene(struct scene *s)
{
	struct chance c = {5};
	int64_t reach_at = INT64_MIN;
	int r = packer_new(&s->packer);

	s->record.journey = chance_journey(&c, 5);
	s->record.tail_n = 3;
	for (int i = 0; i < 3; i++) {
		s->entry = chance_entry(&c);
		timeline_encode(&s->entry, &s->record.tail);
	}
	s->entry = (struct timeline_entry){.kind = ENTRY_DECISION,
		.decision = {
			.outcome = OUTCOME_FIRED, .rule = SPAN_LIT("r"), .key = SPAN_LIT("k")}};
	if (r == 0)
		r = chunk_seal(
			s->packer, buf_span(&s->record.tail), 3, INT64_MIN, &s->chunk, &reach_at);
	s->record.n_chunks = 1;
	s->record.reach_at = reach_at;
	if (r == 0)
		r = record_encode(&s->record, &s->bytes);
	assert(r == 0);
}

static void test_all(void)
{
	static act_fn *const acts[] = {act_init, act_decode, act_encode, act_new_packer, act_settle,
		act_seal, act_open, act_page, act_timeline_json, act_journey_json, act_job};
	struct scene s = {.record = RECORD_INIT};

	set_scene(&s);
	for (size_t i = 0; i < ARRAY_SIZE(acts); i++)
		starve(&s, acts[i]);
	record_release(&s.record);
	buf_release(&s.bytes);
	buf_release(&s.chunk);
	packer_free(s.packer);
}

static const struct check_case cases[] = {
	{"every allocation fails once", test_all},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
