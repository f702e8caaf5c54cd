/* SPDX-License-Identifier: MIT */
#include "archive_command.h"

#include "store/keys.h"

struct archive_command archive_command_of(struct archive_log *l, struct arena *a, size_t max)
{
	struct archive_command c = {.log = l, .arena = a, .max = max};

	c.args = arena_calloc(a, max, sizeof(*c.args));
	c.failed = !c.args;
	return c;
}

void archive_add(struct archive_command *c, struct span arg)
{
	assert(c->failed || c->n < c->max);
	if (!c->failed)
		c->args[c->n++] = arg;
}

void archive_add_copy(struct archive_command *c, struct span arg)
{
	struct span copy = arena_copy(c->arena, arg);

	c->failed = c->failed || !copy.ptr;
	archive_add(c, copy);
}

void archive_add_key(struct archive_command *c, const char *name)
{
	_cleanup_(buf_release) struct buf key = BUF_INIT;

	key_add(&key, c->log->partition, name);
	c->failed = c->failed || buf_failed(&key) < 0;
	archive_add_copy(c, buf_span(&key));
}

void archive_add_id(struct archive_command *c, struct log_id id)
{
	char text[LOG_ID_SIZE];

	log_id_format(id, text);
	archive_add_copy(c, span_str(text));
}

void archive_add_number(struct archive_command *c, uint64_t n)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)n);
	archive_add_copy(c, span_str(text));
}

void archive_add_script(
	struct archive_command *c, const char *script, const char *const *keys, size_t n)
{
	archive_add(c, SPAN_LIT("EVAL"));
	archive_add(c, span_str(script));
	archive_add_number(c, n);
	for (size_t i = 0; i < n; i++)
		archive_add_key(c, keys[i]);
}

int archive_refuse(struct archive_log *l, struct span words)
{
	size_t n = words.len < sizeof(l->words) ? words.len : sizeof(l->words) - 1;

	if (n > 0)
		memcpy(l->words, words.ptr, n);
	l->words[n] = '\0';
	return ARCHIVE_REFUSED;
}

int archive_send(struct archive_command *c, const struct redis_value **ret_value)
{
	struct archive_log *l = c->log;
	int r = c->failed ? -ENOMEM : redis_call(l->redis, c->args, c->n, c->arena, ret_value);

	if (r != 0)
		return r == -ENOMEM ? r : ARCHIVE_UNKNOWN;
	if ((*ret_value)->type != REDIS_ERROR)
		return 0;
	(void)archive_refuse(l, (*ret_value)->text);
	return redis_value_is_error(*ret_value, "FENCED") ? ARCHIVE_FENCED : ARCHIVE_REFUSED;
}
