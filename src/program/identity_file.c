/* SPDX-License-Identifier: MIT */
#include "program/identity_file.h"

#include "io/file.h"

int identity_file_load(
	const char *path, struct file_problems *problems, struct identity_settings **ret_settings)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct rule_source source = {.file = path};
	struct file_problem *p = &problems->list[0];
	int r = file_read(path, IDENTITY_FILE_MAX, &text);

	if (r == -ENOMEM)
		return r;
	source.text = buf_span(&text);
	if (r == 0)
		return identity_json_compile(&source, problems, ret_settings);
	problems->n = 1;
	problems->more = 0;
	*p = (struct file_problem){.line = 0};
	(void)snprintf(p->file, sizeof(p->file), "%s", path);
	if (r < 0)
		(void)snprintf(p->message, sizeof(p->message), "cannot be read: %s", strerror(-r));
	else
		(void)snprintf(p->message, sizeof(p->message), "is larger than %zu bytes",
			IDENTITY_FILE_MAX);
	return IDENTITY_BAD;
}
