/* SPDX-License-Identifier: MIT */
/* What a hook needs, asked while somebody is there to answer: a hook without it cannot work. */
#include "codec/mapping.h"
#include "codec/preset_table.h"
#include "codec/signature.h"
#include "io/file.h"
#include "key_tool.h"

/* The mapping is yet to be written. */
enum { NOT_THERE = STATUS_USAGE + 1 };

static int refuse(const struct key_tool *k, const char *words)
{
	return tool_say(&k->tool.program, STATUS_FOUND, "%s", words);
}

/* The text of the preset or of the shop's own mapping. */
static int read_text(
	struct key_tool *k, struct buf *room, const char **ret_name, struct span *ret_text)
{
	const struct preset_file *preset = preset_find(span_str(k->settings.preset));
	const char *path;
	int r;

	if (preset) {
		*ret_name = k->settings.preset;
		*ret_text = preset->text;
		return 0;
	}
	path = key_file_beside(k, k->settings.mapping);
	r = path ? file_read(path, MAPPING_FILE_MAX, room) : -ENOMEM;
	if (r == -ENOENT)
		return NOT_THERE;
	if (r != 0)
		return tool_say(&k->tool.program, STATUS_FOUND, "%s: %s.", k->settings.mapping,
			r < 0 ? strerror(-r) : "too large");
	*ret_name = path;
	*ret_text = buf_span(room);
	return 0;
}

static int compile(struct key_tool *k, struct mapping **ret_mapping)
{
	struct file_problems *problems = calloc(1, sizeof(*problems));
	_cleanup_(buf_release) struct buf room = BUF_INIT;
	_cleanup_(buf_release) struct buf words = BUF_INIT;
	const char *name = NULL;
	struct span text = SPAN_EMPTY;
	int r = problems ? read_text(k, &room, &name, &text) : -ENOMEM;

	if (r == 0) {
		r = mapping_compile(name, text, problems, ret_mapping);
		if (r > 0) {
			file_problems_text(problems, &words);
			buf_add_char(&words, '\0');
			r = refuse(k, buf_failed(&words) < 0 ? "the mapping is wrong" : words.ptr);
		}
	}
	free(problems);
	return r < 0 ? refuse(k, strerror(-r)) : r;
}

static int judge_needs(struct key_tool *k, const struct signature_plan *plan)
{
	if (signature_plan_needs_secret(plan) && !k->settings.secret_file[0])
		return refuse(k,
			"its sender signs what it sends, so the hook needs --secret-file FILE, "
			"where the secret stands that the sender shows or is given; a relative "
			"path "
			"begins where the file of keys lies.");
	if (signature_plan_needs_url(plan) && !k->settings.url[0])
		return refuse(k, "its sender signs the address too, so the hook needs --url "
				 "https://…/hooks/NAME as the sender knows it.");
	return 0;
}

int key_hook_judge(struct key_tool *k)
{
	_cleanup_(mapping_freep) struct mapping *mapping = NULL;
	_cleanup_(signature_plan_freep) struct signature_plan *plan = NULL;
	struct signature_fault fault;
	int r;

	if (!k->settings.preset[0] && !k->settings.mapping[0])
		return 0;
	r = compile(k, &mapping);
	if (r != 0)
		return r == NOT_THERE ? 0 : r;
	r = signature_compile_text(mapping_verify(mapping), &plan, &fault);
	if (r != 0)
		return tool_say(&k->tool.program, STATUS_FOUND, "verify%s: %s",
			r < 0 ? "" : fault.pointer, r < 0 ? strerror(-r) : fault.text);
	return judge_needs(k, plan);
}
