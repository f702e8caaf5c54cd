/* SPDX-License-Identifier: MIT */
#include "foreign_door.h"

#include "base/base64.h"
#include "call.h"
#include "codec/json_path.h"
#include "codec/preset_table.h"
#include "cors.h"
#include "io/url.h"
#include "translate.h"

#define KEY_PATHS_MAX 6

static const struct {
	const char *preset, *castoff;
	const struct answer_style *style;
	const char *keys[KEY_PATHS_MAX]; /* paths, tried in this order */
} rows[FOREIGN_COUNT] = {
	[FOREIGN_POSTHOG] = {"posthog", "@posthog", &answer_status,
		{"api_key", "token", "properties.token", "0.properties.token", "0.api_key",
			"batch.0.properties.token"}},
	[FOREIGN_SNOWPLOW] = {"snowplow", "@snowplow", &answer_ok, {"data.0.aid"}},
};

int foreign_init(struct foreign_doors *doors, const struct log *log)
{
	struct file_problems *problems = calloc(1, sizeof(*problems));
	int r = problems ? 0 : -ENOMEM;

	*doors = (struct foreign_doors){.mappings = {NULL}};
	for (size_t i = 0; i < FOREIGN_COUNT && r == 0; i++) {
		const struct preset_file *preset = preset_find(span_str(rows[i].preset));
		struct json_path paths[KEY_PATHS_MAX];
		size_t n = 0;

		for (; n < KEY_PATHS_MAX && rows[i].keys[n]; n++)
			paths[n] = (struct json_path){span_str(rows[i].keys[n]), n};
		r = json_paths_new(paths, n, &doors->keys[i]);
		/* The binary carries it. */
		assert(preset);
		if (r == 0)
			r = mapping_compile(
				rows[i].preset, preset->text, problems, &doors->mappings[i]);
		if (r > 0)
			log_error(log, "A preset that came with Waymark is broken.",
				LOG_FIELDS(log_str("preset", rows[i].preset)));
	}
	free(problems);
	return r;
}

void foreign_release(struct foreign_doors *doors)
{
	for (size_t i = 0; i < FOREIGN_COUNT; i++) {
		doors->mappings[i] = mapping_free(doors->mappings[i]);
		doors->keys[i] = json_paths_free(doors->keys[i]);
	}
}

/* ---- the body ------------------------------------------------------------------------------ */

/* `data=BASE64` in a form, as old PostHog snippets send it. */
static int decode_form(struct call *c)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	size_t len;
	char *plain;

	if (url_param(c->body, "data", &text) != 0 || buf_failed(&text) < 0)
		return call_refuse(c, &(struct problem){400, "bad_form",
					      "The form has no member data.", "data", SPAN_EMPTY});
	/* A plus that was not encoded has become a blank. */
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] == ' ')
			text.ptr[i] = '+';
	plain = arena_alloc(&c->in->arena, BASE64_DECODED_SIZE(text.len) + 1);
	if (!plain)
		return call_unavailable(c, "Out of memory.");
	if (base64_decode(buf_span(&text), plain, &len) != 0)
		return call_refuse(
			c, &(struct problem){400, "bad_base64", "The member data is not base 64.",
				   "data", SPAN_EMPTY});
	c->body = span_of(plain, len);
	return 0;
}

/* PostHog says in the query how its browser script has packed the body. */
static int read_body(struct call *c, enum foreign which)
{
	struct asked asked = {c->request, &c->in->arena};
	struct span how = SPAN_EMPTY;
	int r = call_body(c, call_body_max(c));

	if (r != 0 || which != FOREIGN_POSTHOG)
		return r;
	if (!asked_query(&asked, SPAN_LIT("compression"), &how) && c->body.len > 5 &&
		memcmp(c->body.ptr, "data=", 5) == 0)
		how = SPAN_LIT("base64");
	if (span_is(how, "gzip-js") && c->body.ptr == http_request_body(c->request).ptr)
		return call_inflate(c, c->body, call_body_max(c));
	return span_is(how, "base64") ? decode_form(c) : 0;
}

static int find_key(
	struct call *c, const struct foreign_doors *doors, enum foreign which, struct span *ret_key)
{
	struct json_value found[KEY_PATHS_MAX];
	struct asked asked = {c->request, &c->in->arena};
	struct json_cursor cursor;

	*ret_key = SPAN_EMPTY;
	for (size_t i = 0; i < KEY_PATHS_MAX; i++)
		found[i].type = JSON_TYPE_ABSENT;
	json_cursor_init(&cursor, c->body);
	if (json_paths_read(doors->keys[which], &cursor, found) != 0 || json_finish(&cursor) != 0) {
		struct envelope_fault fault = {.code = ENVELOPE_MALFORMED,
			.json = cursor.fault.code,
			.offset = cursor.fault.offset};

		cors_allow(c->in->keys, c->request);
		c->in->tally->bodies[ENVELOPE_MALFORMED]++;
		answer_fault(c->style, c->in->tally, c->request, &fault, &c->in->limits.items);
		return CALL_ANSWERED;
	}
	for (size_t i = 0; i < KEY_PATHS_MAX; i++)
		if (found[i].type == JSON_TYPE_STRING) {
			*ret_key = json_text(&found[i], &c->in->arena);
			return 0;
		}
	(void)asked_query(&asked, SPAN_LIT("api_key"), ret_key);
	return 0;
}

static void take(struct call *c, const struct foreign_doors *doors, enum foreign which)
{
	struct translation how = {
		doors->mappings[which], SPAN_EMPTY, span_str(rows[which].castoff)};
	const struct verdict nothing = {.n_accepted = 0};
	struct translated t;
	struct span key;
	int r = find_key(c, doors, which, &key);

	if (r == 0)
		r = call_sender(c, key);
	if (r != 0)
		return;
	how.name = span_str(c->key->name);
	if (translate(c, &how, &t) != 0)
		return;
	if (t.nothing)
		c->style->verdict(c->in->tally, c->request, &nothing);
	else
		deliver(c, &t.delivery);
}

void foreign_take(const struct foreign_doors *doors, enum foreign which, struct intake *in,
	struct http_request *request)
{
	struct call call = call_of(in, request, rows[which].style);
	int r = call_begin(&call);

	if (r == 0)
		r = read_body(&call, which);
	if (r == 0)
		take(&call, doors, which);
	arena_reset(&in->arena);
}
