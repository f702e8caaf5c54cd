/* SPDX-License-Identifier: MIT */
/*
 * `waymark hook verify`: would the collector believe this? It has the secret and the mapping from
 * where the collector has them, so that what is said here is what is true there.
 */
#include "base/instant.h"
#include "codec/json_scan.h"
#include "hook_sources.h"
#include "hook_tool.h"
#include "io/url.h"

#define CERT_MAX ((size_t)64 * 1024)

/* --query, else the parameter as --url has it. */
static bool look_up_query(void *user, struct span name, struct span *ret_value)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	_cleanup_free_ char *key = span_dup(name);
	struct hook_tool *h = user;
	const char *mark = strchr(h->settings.url, '?');
	struct span value;

	if (hook_tool_query(h, name, ret_value))
		return true;
	if (!key || !mark || url_param(span_str(mark + 1), key, &text) != 0)
		return false;
	value = arena_copy(&h->arena, buf_span(&text));
	if (!value.ptr)
		return false;
	*ret_value = value;
	return true;
}

static int when(struct hook_tool *h, int64_t *ret_at)
{
	*ret_at = io_wall_now();
	if (!h->settings.at[0] || instant_parse(span_str(h->settings.at), ret_at) == 0)
		return 0;
	return tool_say(&h->tool.program, STATUS_USAGE,
		"\"%s\" is no instant, such as 2026-11-20T10:00:00Z.", h->settings.at);
}

static void print_json(int outcome, const struct signature_proof *proof, struct span words)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;

	buf_printf(&out, "{\"outcome\":\"%s\",\"scheme\":\"%s\",\"message\":",
		signature_outcome_name((enum signature_outcome)outcome),
		proof->scheme ? proof->scheme : "");
	json_escape(words, &out);
	buf_add_str(&out, "}\n");
	if (buf_failed(&out) == 0)
		(void)fwrite(out.ptr, 1, out.len, stdout);
}

/* What is said, and the status. */
static int judge(struct hook_tool *h, const struct hook *hook,
	const struct signature_request *request, int64_t at)
{
	const struct signature_secrets secrets = {hook->secrets, hook_secrets(hook, at)};
	_cleanup_(buf_release) struct buf words = BUF_INIT;
	struct signature_proof proof;
	int outcome = signature_verify(hook->plan, secrets, request, at, &proof);

	if (outcome >= 0)
		signature_explain(hook->plan, secrets, request, at, &words);
	if (outcome < 0 || buf_failed(&words) < 0)
		return tool_say(&h->tool.program, STATUS_FOUND, "%s", strerror(ENOMEM));
	if (h->tool.program.common.json)
		print_json(outcome, &proof,
			words.len ? span_of(words.ptr, words.len - 1) : SPAN_EMPTY);
	else if (words.len > 0)
		(void)fwrite(words.ptr, 1, words.len, stdout);
	return outcome == SIGNATURE_OK ? STATUS_DONE : STATUS_FOUND;
}

int hook_verify(struct hook_tool *h)
{
	_cleanup_(hook_sources_release) struct hook_sources sources = {.keys = NULL};
	_cleanup_(buf_release) struct buf cert = BUF_INIT;
	const char *path = hook_sources_path(&h->tool, h->settings.keys);
	const char *name = h->tool.program.operands[1];
	struct signature_request request = {
		.header = hook_tool_header, .query = look_up_query, .user = h};
	const struct hook *hook;
	int64_t at;
	int r = when(h, &at);

	if (r == 0)
		r = path ? hook_sources_load(&h->tool, path, &sources) : STATUS_FOUND;
	if (r != 0)
		return r;
	hook = hooks_find(sources.hooks, span_str(name));
	if (!hook)
		return tool_say(
			&h->tool.program, STATUS_USAGE, "there is no hook %s in %s.", name, path);
	r = hook_tool_read(h, h->tool.program.operands[2], HOOK_PAYLOAD_MAX, &h->payload);
	if (r == 0 && h->settings.cert[0])
		r = hook_tool_read(h, h->settings.cert, CERT_MAX, &cert);
	if (r != 0)
		return r;
	request.body = buf_span(&h->payload);
	request.url = h->settings.url[0] ? span_str(h->settings.url) : hook->source->url;
	request.certificate = buf_span(&cert);
	return judge(h, hook, &request, at);
}
