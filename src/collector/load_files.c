/* SPDX-License-Identifier: MIT */
/* The files that a collector lives by. Each is read whole and understood before it takes the place
 * of the one before. */
#include "collector_parts.h"
#include "io/file.h"
#include "program/contract_files.h"

#define KEYS_FILE_MAX ((size_t)1024 * 1024)

/* Puts KEYS, and the hooks among them, in the place of those before; or frees them. */
static int take_keys(struct collector *c, struct write_keys *keys)
{
	const struct log *log = &c->program->log;
	const char *path = c->settings->keys, *slash = strrchr(path, '/');
	char folder[PATH_MAX] = ".";
	struct hooks *hooks = NULL;
	int r;

	if (slash && (size_t)(slash - path) < sizeof(folder))
		(void)snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
	r = hooks_load(keys, folder, log, &hooks);
	if (r >= 0)
		r = hooks_inherit(hooks, c->hook_door.hooks, log);
	if (r == 0)
		r = intake_set_keys(&c->intake, keys);
	if (r != 0) {
		hooks_free(hooks);
		write_keys_free(keys);
		if (r < 0)
			log_error(log, "Out of memory.", NULL);
		return PROGRAM_EXIT;
	}
	hook_door_set(&c->hook_door, hooks);
	return 0;
}

/* Reads the file of write keys. 0, or PROGRAM_EXIT with the reason logged. */
static int load_keys(struct collector *c)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	const struct log *log = &c->program->log;
	const char *path = c->settings->keys;
	struct config_fault fault = {.line = 0};
	struct write_keys *keys = NULL;
	int r = file_read(path, KEYS_FILE_MAX, &text);

	if (r != 0) {
		log_error(log, "Cannot read the write keys.",
			LOG_FIELDS(log_str("file", path), log_errno("error", r < 0 ? r : -EFBIG),
				log_str("advice", "`waymark key add` makes one; [collector] keys "
						  "names the file.")));
		return PROGRAM_EXIT;
	}
	r = write_keys_parse(buf_span(&text), &keys, &fault);
	if (r != 0) {
		log_error(log, "The file of write keys is wrong.",
			LOG_FIELDS(log_str("file", path), log_int("line", fault.line),
				log_str("reason", r < 0 ? "out of memory" : fault.text)));
		return PROGRAM_EXIT;
	}
	log_info(log, "Read the write keys.",
		LOG_FIELDS(log_str("file", path), log_int("keys", (int64_t)keys->n)));
	return take_keys(c, keys);
}

static int load_plan(struct collector *c)
{
	const struct log *log = &c->program->log;
	struct file_problems *problems;
	_cleanup_(buf_release) struct buf words = BUF_INIT;
	struct tracking_plan *plan = NULL;
	int r;

	if (!c->settings->plan[0])
		return 0;
	problems = calloc(1, sizeof(*problems));
	r = problems ? tracking_plan_load(c->settings->plan, problems, &plan) : -ENOMEM;
	if (r > 0)
		file_problems_text(problems, &words);
	free(problems);
	if (r == 0) {
		intake_set_plan(&c->intake, plan);
		return 0;
	}
	log_error(log, "The tracking plan is wrong.",
		LOG_FIELDS(log_str("plan", c->settings->plan),
			log_text("reason", r < 0 ? SPAN_LIT("out of memory") : buf_span(&words)),
			log_str("advice", "`waymark schema check` shows all of it.")));
	return PROGRAM_EXIT;
}

int load_files(struct collector *c)
{
	int r = load_keys(c);

	return r ? r : load_plan(c);
}

/* Reads one secret of links in mails into TEXT, without its line end; nothing for an empty PATH. */
static int read_mail_secret(
	struct program *p, const char *path, struct buf *text, struct span *ret_secret)
{
	struct span secret;
	int r;

	*ret_secret = SPAN_EMPTY;
	if (!path[0])
		return 0;
	r = file_read(path, MAIL_TOKEN_SECRET_MAX + 2, text);
	if (r != 0)
		return program_fail(p, "Cannot read the secret of links in mails.",
			LOG_FIELDS(log_str("file", path), log_errno("error", r < 0 ? r : -EFBIG)));
	secret = buf_span(text);
	while (secret.len > 0 &&
		(secret.ptr[secret.len - 1] == '\n' || secret.ptr[secret.len - 1] == '\r'))
		secret.len--;
	*ret_secret = secret;
	return 0;
}

int load_mail(struct collector *c)
{
	struct buf texts[MAIL_TOKEN_KEYS_MAX] = {BUF_INIT, BUF_INIT};
	struct span secrets[MAIL_TOKEN_KEYS_MAX];
	const struct settings *s = c->settings;
	size_t n;
	int r = read_mail_secret(c->program, s->mail_secret, &texts[0], &secrets[0]);

	r = r ? r : read_mail_secret(c->program, s->old_mail_secret, &texts[1], &secrets[1]);
	n = s->mail_secret[0] ? (s->old_mail_secret[0] ? 2 : 1) : 0;
	if (r == 0) {
		r = mail_door_init(&c->mail, &c->intake, secrets, n);
		if (r != 0)
			r = program_fail(c->program, "The secret of links in mails cannot be used.",
				LOG_FIELDS(log_str("file", s->mail_secret),
					log_str("advice", "`openssl rand -hex 32` makes one; the "
							  "old one must be another.")));
	}
	for (size_t i = 0; i < MAIL_TOKEN_KEYS_MAX; i++) {
		if (texts[i].len > 0)
			explicit_bzero(texts[i].ptr, texts[i].len);
		buf_release(&texts[i]);
	}
	return r;
}
