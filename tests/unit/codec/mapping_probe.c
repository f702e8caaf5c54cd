/* SPDX-License-Identifier: MIT */
/*
 * A payload through a preset, for tests in other languages and for whoever writes a preset:
 *
 *	mapping_probe PRESET.json PAYLOAD [--form] [-H 'name: value'] [-Q name=value] [-N]…
 *
 * prints the canonical events, one a line, then a line `fault CODE: words` for each fault and
 * `ignored TOPIC` or `passed TOPIC` if nothing is kept. Every event is judged by the envelope. With
 * -N the names come first that the preset asks for. 0; 1: the preset is bad, and why.
 */
#include "codec/envelope.h"
#include "codec/mapping.h"
#include "codec/signature.h"

#define FIELDS_MAX 64

struct probe {
	struct span names[2][FIELDS_MAX], values[2][FIELDS_MAX];
	size_t n[2];
	struct arena arena;
};

static void fclosep(FILE **f)
{
	if (*f)
		fclose(*f);
}

static bool read_file(const char *path, struct buf *out)
{
	_cleanup_(fclosep) FILE *f = fopen(path, "rb");
	size_t n;

	if (!f)
		return false;
	do {
		char *room = buf_reserve(out, 65536);

		if (!room)
			return false;
		n = fread(room, 1, 65536, f);
		buf_commit(out, n);
	} while (n > 0);
	return true;
}

static bool look_up(struct probe *p, size_t kind, struct span name, struct span *ret_value)
{
	for (size_t i = 0; i < p->n[kind]; i++) {
		if (span_equal_nocase(p->names[kind][i], name)) {
			*ret_value = p->values[kind][i];
			return true;
		}
	}
	return false;
}

static bool look_up_header(void *user, struct span name, struct span *ret_value)
{
	return look_up(user, 0, name, ret_value);
}

static bool look_up_query(void *user, struct span name, struct span *ret_value)
{
	return look_up(user, 1, name, ret_value);
}

static void add_field(struct probe *p, size_t kind, const char *text)
{
	const char *at = strchr(text, kind == 0 ? ':' : '=');
	size_t n = p->n[kind];

	if (n == FIELDS_MAX || !at)
		return;
	p->names[kind][n] = span_trim(span_of(text, (size_t)(at - text)));
	p->values[kind][n] = span_trim(span_str(at + 1));
	p->n[kind]++;
}

/* Every event must be one that the envelope takes. */
static void judge(struct probe *p, struct span event)
{
	const struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	struct envelope_request request = {event, ENVELOPE_KIND_TRACK, limits, &IDENTITY_DEFAULT};
	_cleanup_(buf_release) struct buf words = BUF_INIT;
	struct envelope_fault fault;
	struct envelope envelope;

	for (unsigned type = EVENT_TRACK; type <= EVENT_ALIAS; type++) {
		request.kind = (enum envelope_kind)type;
		int r = envelope_read(&request, &p->arena, &envelope, &fault);

		if (r == 0 && envelope.items[0].fault.code == ENVELOPE_ACCEPTED)
			return;
		if (r == 0 && envelope.items[0].fault.code != ENVELOPE_TYPE_MISMATCH)
			fault = envelope.items[0].fault;
	}
	envelope_explain(&fault, &limits, &words);
	printf("refused by the envelope: %.*s\n", (int)words.len, words.ptr);
}

static void print_names(const struct mapping *m)
{
	struct mapping_names names = mapping_names(m);

	for (size_t i = 0; i < names.n_headers; i++)
		printf("header %.*s\n", (int)names.headers[i].len, names.headers[i].ptr);
	for (size_t i = 0; i < names.n_queries; i++)
		printf("query %.*s\n", (int)names.queries[i].len, names.queries[i].ptr);
}

static void print_result(struct probe *p, const struct mapping_result *res)
{
	for (size_t i = 0; i < res->n_events; i++) {
		printf("%.*s\n", (int)res->events[i].json.len, res->events[i].json.ptr);
		judge(p, res->events[i].json);
	}
	for (size_t i = 0; i < res->n_faults; i++)
		printf("fault %s: %.*s\n", mapping_fault_name(res->faults[i].code),
			(int)res->faults[i].words.len, res->faults[i].words.ptr);
	if (res->n_events + res->n_faults == 0)
		printf("%s %.*s\n", res->ignored ? "ignored" : "passed", (int)res->topic.len,
			res->topic.len ? res->topic.ptr : "");
}

static int compile(const char *path, struct span text, struct mapping **ret_mapping)
{
	static struct file_problems problems;
	_cleanup_(buf_release) struct buf words = BUF_INIT;
	_cleanup_(signature_plan_freep) struct signature_plan *plan = NULL;
	struct signature_fault fault;

	if (mapping_compile(path, text, &problems, ret_mapping) != 0) {
		file_problems_text(&problems, &words);
		printf("%.*s", (int)words.len, words.ptr);
		return 1;
	}
	if (signature_compile_text(mapping_verify(*ret_mapping), &plan, &fault) != 0) {
		printf("%s: /verify%s: %s\n", path, fault.pointer, fault.text);
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static struct probe p;
	_cleanup_(mapping_freep) struct mapping *m = NULL;
	_cleanup_(buf_release) struct buf preset = BUF_INIT;
	_cleanup_(buf_release) struct buf payload = BUF_INIT;
	struct mapping_input input = {.header = look_up_header,
		.query = look_up_query,
		.user = &p,
		.received_at = INT64_C(1767323045678)}; /* 2026-01-02T03:04:05.678Z */
	struct mapping_result res;
	bool names = false;
	int r;

	if (argc < 3 || !read_file(argv[1], &preset) || !read_file(argv[2], &payload))
		return 2;
	for (int i = 3; i < argc; i++) {
		names = names || strcmp(argv[i], "-N") == 0;
		input.form = input.form || strcmp(argv[i], "--form") == 0;
		if (i + 1 < argc && strcmp(argv[i], "-H") == 0)
			add_field(&p, 0, argv[++i]);
		else if (i + 1 < argc && strcmp(argv[i], "-Q") == 0)
			add_field(&p, 1, argv[++i]);
	}
	r = compile(argv[1], buf_span(&preset), &m);
	if (r)
		return r;
	arena_init(&p.arena);
	if (names)
		print_names(m);
	input.body = buf_span(&payload);
	input.hook = mapping_name(m);
	r = mapping_run(m, &input, &p.arena, &res);
	if (r == 0)
		print_result(&p, &res);
	arena_release(&p.arena);
	return r ? 2 : 0;
}
