/* SPDX-License-Identifier: MIT */
#include "collector/hooks.h"

#include "codec/preset_table.h"
#include "door_tally.h"
#include "io/file.h"

#define WORDS_MAX 1024 /* bytes of problems that are logged */

struct loading {
	const char *folder;
	const struct log *log;
	struct hooks *hooks;
};

static int complain(const struct loading *l, const struct hook *hook, const char *what,
	struct span file, struct span why)
{
	log_error(l->log, what,
		LOG_FIELDS(log_str("hook", hook->source->name), log_text("file", file),
			log_text("reason", why)));
	return HOOKS_BAD;
}

/* PATH, or PATH below the folder. */
static int full_path(const struct loading *l, struct span path, struct buf *out)
{
	if (path.ptr[0] != '/') {
		buf_add_str(out, l->folder);
		buf_add_char(out, '/');
	}
	buf_add_span(out, path);
	buf_add_char(out, '\0');
	return buf_failed(out);
}

static int read_file(const struct loading *l, struct span path, size_t max, struct buf *out)
{
	_cleanup_(buf_release) struct buf name = BUF_INIT;
	int r = full_path(l, path, &name);

	r = r ? r : file_read(name.ptr, max, out);
	return r > 0 ? -EFBIG : r;
}

/* ---- the mapping --------------------------------------------------------------------------- */

static int mapping_text(
	const struct loading *l, struct hook *hook, struct buf *room, struct span *ret_text)
{
	const struct write_key *source = hook->source;
	const struct preset_file *preset;
	int r;

	if (source->mapping.len > 0) {
		r = read_file(l, source->mapping, MAPPING_FILE_MAX, room);
		*ret_text = buf_span(room);
		return r == 0 ? 0
			      : complain(l, hook, "Cannot read a hook's mapping.", source->mapping,
					span_str(strerror(-r)));
	}
	preset = preset_find(source->preset);
	if (!preset)
		return complain(l, hook, "A hook's preset is unknown.", source->preset,
			SPAN_LIT("`waymark hook list` shows those that there are"));
	*ret_text = preset->text;
	return 0;
}

static int check_answers(const struct loading *l, struct hook *hook, struct span file)
{
	for (int i = 0; i < MAPPING_ANSWER_COUNT; i++) {
		int status = (int)mapping_answer(hook->mapping, (enum mapping_answer)i);

		if (status && !tally_knows(status))
			return complain(l, hook, "A hook's mapping is wrong.", file,
				SPAN_LIT("answers: only 200, 201, 202, 204, 400, 401, 403, 404, "
					 "410, "
					 "422, 429 and 503 are answered"));
	}
	return 0;
}

static int load_mapping(const struct loading *l, struct hook *hook)
{
	struct file_problems *problems = calloc(1, sizeof(*problems));
	_cleanup_(buf_release) struct buf room = BUF_INIT;
	_cleanup_(buf_release) struct buf words = BUF_INIT;
	struct signature_fault fault;
	struct span text,
		file = hook->source->mapping.len ? hook->source->mapping : hook->source->preset;
	int r = problems ? mapping_text(l, hook, &room, &text) : -ENOMEM;

	if (r == 0)
		r = mapping_compile(file.ptr, text, problems, &hook->mapping);
	if (r == MAPPING_BAD && !hook->mapping && problems->n > 0) {
		file_problems_text(problems, &words);
		r = complain(l, hook, "A hook's mapping is wrong.", file,
			span_of(words.ptr, words.len < WORDS_MAX ? words.len : WORDS_MAX));
	}
	free(problems);
	if (r != 0)
		return r;
	r = signature_compile_text(mapping_verify(hook->mapping), &hook->plan, &fault);
	if (r == SIGNATURE_PLAN_BAD) {
		buf_printf(&words, "verify%s: %s", fault.pointer, fault.text);
		r = complain(l, hook, "A hook's mapping is wrong.", file, buf_span(&words));
	}
	return r ? r : check_answers(l, hook, file);
}

/* ---- secrets ------------------------------------------------------------------------------- */

static int load_secret(const struct loading *l, struct hook *hook, struct span path)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	char why[SIGNATURE_WHY_SIZE];
	struct span secret;
	int r;

	if (path.len == 0)
		return 0;
	r = read_file(l, path, SIGNATURE_SECRET_MAX + 2, &text);
	if (r != 0)
		return complain(
			l, hook, "Cannot read a hook's secret.", path, span_str(strerror(-r)));
	secret = buf_span(&text);
	while (secret.len > 0 &&
		(secret.ptr[secret.len - 1] == '\n' || secret.ptr[secret.len - 1] == '\r'))
		secret.len--;
	if (signature_secret_check(hook->plan, secret, why) != 0)
		r = complain(l, hook, "A hook's secret cannot be used.", path, span_str(why));
	else
		secret = arena_copy(&l->hooks->texts, secret);
	explicit_bzero(text.ptr, text.len);
	if (r == 0 && !secret.ptr)
		return -ENOMEM;
	if (r == 0)
		hook->secrets[hook->n_secrets++] = secret;
	return r;
}

static int load_secrets(const struct loading *l, struct hook *hook)
{
	const struct write_key *source = hook->source;
	int r = load_secret(l, hook, source->secret_file);

	r = r ? r : load_secret(l, hook, source->old_secret_file);
	if (r != 0)
		return r;
	if (hook->n_secrets == 0 && signature_plan_needs_secret(hook->plan))
		return complain(l, hook, "A hook has no secret.", source->preset,
			SPAN_LIT("give it secret_file = FILE in the file of keys; without it "
				 "nothing "
				 "that it sends can be believed"));
	if (source->url.len == 0 && signature_plan_needs_url(hook->plan))
		return complain(l, hook, "A hook does not say its address.", source->preset,
			SPAN_LIT("its sender signs the address too: give it url = https://… in the "
				 "file of keys"));
	return 0;
}

/* ---- all of them --------------------------------------------------------------------------- */

/* 0, -ENOMEM, or HOOKS_BAD: then the hook is broken and holds nothing. */
static int load_one(const struct loading *l, struct hook *hook)
{
	int r = load_mapping(l, hook);

	r = r ? r : load_secrets(l, hook);
	if (r == 0)
		return 0;
	hook->mapping = mapping_free(hook->mapping);
	hook->plan = signature_plan_free(hook->plan);
	hook->n_secrets = 0;
	hook->broken = true;
	return r;
}

static struct hook *find(const struct hooks *h, struct span name)
{
	for (size_t i = 0; i < h->n; i++)
		if (span_is(name, h->list[i].source->name))
			return &h->list[i];
	return NULL;
}

int hooks_load(const struct write_keys *keys, const char *folder, const struct log *log,
	struct hooks **ret_hooks)
{
	_cleanup_(hooks_freep) struct hooks *h = calloc(1, sizeof(*h));
	struct loading loading = {folder, log, h};
	int r = 0;

	if (!h)
		return -ENOMEM;
	arena_init(&h->texts);
	h->list = calloc(keys->n + 1, sizeof(*h->list));
	if (!h->list)
		return -ENOMEM;
	for (size_t i = 0; i < keys->n; i++) {
		int bad;

		if (keys->list[i].kind != WRITE_KEY_HOOK)
			continue;
		h->list[h->n].source = &keys->list[i];
		bad = load_one(&loading, &h->list[h->n++]);
		if (bad < 0)
			return bad;
		r = bad ? bad : r;
	}
	*ret_hooks = h;
	h = NULL;
	return r;
}

int hooks_inherit(struct hooks *h, struct hooks *old, const struct log *log)
{
	for (size_t i = 0; old && i < h->n; i++) {
		struct hook *hook = &h->list[i];
		struct hook *before = find(old, span_str(hook->source->name));

		if (!hook->broken || !before || before->broken)
			continue;
		for (size_t k = 0; k < before->n_secrets; k++) {
			hook->secrets[k] = arena_copy(&h->texts, before->secrets[k]);
			if (!hook->secrets[k].ptr)
				return -ENOMEM;
			hook->n_secrets = k + 1;
		}
		hook->mapping = before->mapping;
		hook->plan = before->plan;
		hook->broken = false;
		before->mapping = NULL;
		before->plan = NULL;
		before->broken = true;
		log_warn(log, "The hook goes on as it was before.",
			LOG_FIELDS(log_str("hook", hook->source->name)));
	}
	return 0;
}

struct hooks *hooks_free(struct hooks *h)
{
	if (!h)
		return NULL;
	for (size_t i = 0; i < h->n; i++) {
		mapping_free(h->list[i].mapping);
		signature_plan_free(h->list[i].plan);
		for (size_t k = 0; k < h->list[i].n_secrets; k++)
			explicit_bzero((char *)(uintptr_t)h->list[i].secrets[k].ptr,
				h->list[i].secrets[k].len);
	}
	free(h->list);
	arena_release(&h->texts);
	free(h);
	return NULL;
}

void hooks_freep(struct hooks **h)
{
	*h = hooks_free(*h);
}

const struct hook *hooks_find(const struct hooks *h, struct span name)
{
	return find(h, name);
}

size_t hook_secrets(const struct hook *hook, int64_t now)
{
	return hook->n_secrets > 1 && !write_key_old_counts(hook->source, now) ? 1
									       : hook->n_secrets;
}
