/* SPDX-License-Identifier: MIT */
/* Bytes to jobs: what can be read has a rank, and becomes an event that is JSON. */
#include "codec/job_event.h"
#include "codec/json_scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_rank(const struct job_view *v)
{
	char rank[JOB_RANK_SIZE];

	job_rank(v, rank);
	assert(strlen(rank) == JOB_RANK_LEN);
	for (size_t i = 0; i < JOB_RANK_LEN; i++)
		assert(rank[i] >= '0' && rank[i] <= (i == 0 ? '2' : '9'));
}

static void check_event(const struct job_view *v)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	struct job_event e = {.identity = &IDENTITY_DEFAULT, .job = v, .channel = v->channel};
	struct json_cursor c;
	struct json_value whole;

	assert(job_event_json(&e, &out) == 0);
	json_cursor_init(&c, buf_span(&out));
	assert(json_value(&c, &whole) == 0 && json_finish(&c) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_release) struct arena a;
	struct job_view v;
	int r;

	arena_init(&a);
	r = job_view_read(span_of((const char *)data, size), &a, &v);
	assert(r == 0 || r == JOB_VIEW_BAD);
	check_rank(&v);
	if (r == 0 && v.whose.len > 0 && v.id.len == 32)
		check_event(&v);
	return 0;
}
