/* SPDX-License-Identifier: MIT */
/* Names and paths of messages. */
#include "core/message.h"

void message_pass(struct message *m, struct span key, int64_t linked_at)
{
	message_pass_at(m, key, linked_at, (struct log_id){0, 0});
}

void message_pass_at(struct message *m, struct span key, int64_t linked_at, struct log_id at)
{
	if (m->n_path < MESSAGE_PATH_MAX)
		m->path[m->n_path++] = (struct message_hop){key, linked_at, at};
}

struct span message_subject(const struct message *m)
{
	return m->n_path > 0 ? m->path[0].key : m->to;
}

struct span message_under(const struct message *m)
{
	for (size_t i = 0; i < m->n_path; i++)
		if (!span_equal(m->path[i].key, m->of))
			return m->path[i].key;
	return m->to;
}

struct span message_kind_name(enum message_kind kind)
{
	static const char *const names[] = {
#define X(ID, NAME) [MESSAGE_##ID] = (NAME),
		MESSAGE_KINDS(X)
#undef X
	};

	return span_str(names[kind]);
}
