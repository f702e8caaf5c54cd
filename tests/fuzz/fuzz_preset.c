/* SPDX-License-Identifier: MIT */
/*
 * Files of presets: whatever the bytes, either there are problems that say something, or a mapping
 * that can be run over payloads, whose events the envelope takes.
 */
#include "codec/envelope.h"
#include "codec/mapping.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_problems(const struct file_problems *problems)
{
	assert(problems->n > 0 && problems->n <= ARRAY_SIZE(problems->list));
	for (size_t i = 0; i < problems->n; i++) {
		const struct file_problem *p = &problems->list[i];

		assert(memchr(p->message, '\0', sizeof(p->message)) && p->message[0]);
		assert(memchr(p->pointer, '\0', sizeof(p->pointer)));
		assert(p->pointer[0] == '\0' || p->pointer[0] == '/');
	}
}

static bool look_up(void *user, struct span name, struct span *ret_value)
{
	(void)user;
	*ret_value = name;
	return true;
}

static void check_event(struct span event)
{
	const struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	_cleanup_(buf_release) struct buf batch = BUF_INIT;
	struct envelope_request request = {
		SPAN_EMPTY, ENVELOPE_KIND_BATCH, limits, &IDENTITY_DEFAULT};
	struct envelope envelope;
	struct envelope_fault fault;
	struct arena a;

	arena_init(&a);
	buf_add_str(&batch, "{\"batch\":[");
	buf_add_span(&batch, event);
	buf_add_str(&batch, "]}");
	request.body = buf_span(&batch);
	assert(envelope_read(&request, &a, &envelope, &fault) == 0 && envelope.n_refused == 0);
	arena_release(&a);
}

static void run(const struct mapping *m, const char *payload, bool form)
{
	struct mapping_input input = {.body = span_str(payload),
		.form = form,
		.hook = SPAN_LIT("h"),
		.header = look_up,
		.query = look_up};
	struct mapping_result res;
	struct arena a;

	arena_init(&a);
	assert(mapping_run(m, &input, &a, &res) == 0);
	for (size_t i = 0; i < res.n_events; i++)
		check_event(res.events[i].json);
	arena_release(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const payloads[] = {
		"{\"id\":1,\"a\":{\"b\":[1,2,{\"c\":\"x\"}]},\"t\":\"2026-01-01\",\"e\":\"\"}",
		"[{\"id\":\"1\",\"a\":1.50},{\"id\":null,\"a\":\"\\u0000\"}]", "{}", "7"};
	static struct file_problems problems;
	_cleanup_(mapping_freep) struct mapping *m = NULL;
	int r = mapping_compile("f.json", span_of((const char *)data, size), &problems, &m);

	if (r == MAPPING_BAD) {
		assert(!m);
		check_problems(&problems);
		return 0;
	}
	assert(r == 0 && problems.n == 0);
	assert(mapping_name(m).len > 0 && mapping_verify(m).len > 0);
	for (size_t i = 0; i < ARRAY_SIZE(payloads); i++)
		run(m, payloads[i], false);
	run(m, "id=1&a=b+c&a[b]=%C3%A9", true);
	return 0;
}
