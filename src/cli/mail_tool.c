/* SPDX-License-Identifier: MIT */
/*
 * `waymark mail`: the links of one mail, for whoever writes it: the picture that tells of its being
 * opened, a link that tells of its being followed, and the two header fields by which mailbox
 * providers show a button for unsubscribing.
 */
#include "base/instant.h"
#include "cli.h"
#include "codec/mail_token.h"
#include "io/file.h"
#include "io/loop.h"
#include "tool.h"

struct mail_settings {
	const char *data, *secret, *base, *customer, *message, *url, *list;
	int64_t link;
};

#define ROW(MEMBER) offsetof(struct mail_settings, MEMBER)

static const struct setting settings[] = {
	{NULL, "secret", "secret", SETTING_TEXT, ROW(secret), "", 0, 4095, "FILE",
		"the secret that [collector] mail_secret names"},
	{NULL, "base", "base", SETTING_TEXT, ROW(base), "http://127.0.0.1:8480", 8, 256, "URL",
		"where readers reach the collector, without a slash at its end"},
	{NULL, "customer", "customer", SETTING_TEXT, ROW(customer), "", 0, CUSTOMER_MAX, "CUSTOMER",
		"whom the mail goes to, as `waymark timeline` knows them"},
	{NULL, "message", "message", SETTING_TEXT, ROW(message), "", 0, MAIL_TOKEN_MESSAGE_MAX,
		"ID", "the mail: the id of its job"},
	{NULL, "url", "url", SETTING_TEXT, ROW(url), "", 0, MAIL_TOKEN_URL_MAX, "URL",
		"click: where the link leads"},
	{NULL, "link", "link", SETTING_INT, ROW(link), "0", 0, 65535, "N",
		"click: its number in the mail"},
	{NULL, "list", "list", SETTING_TEXT, ROW(list), "", 0, MAIL_TOKEN_LIST_MAX, "LIST",
		"unsubscribe: from what"},
	TOOL_DATA_ROW(struct mail_settings),
};

static const struct program_spec spec = {
	.name = "mail",
	.operands = "open|click|unsubscribe",
	.max_operands = 1,
	.about = "Prints what goes into a mail: the address of a picture that tells when it is "
		 "opened,\n"
		 "of a link that tells when it is followed, or the header fields for "
		 "unsubscribing with\n"
		 "one click (RFC 8058). None of it shows whom the mail went to.",
	.settings = settings,
	.n_settings = ARRAY_SIZE(settings),
	.tool = true,
};

struct mail_tool {
	struct tool tool;
	struct mail_settings settings;
	struct mail_token_keys keys;
};

static void mail_release(struct mail_tool *m)
{
	mail_token_keys_release(&m->keys);
	tool_release(&m->tool);
}

static int load_secret(struct mail_tool *m)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	const struct program *p = &m->tool.program;
	const char *path = m->settings.secret;
	struct span secret;
	int r;

	if (!path[0])
		return tool_say(p, STATUS_USAGE,
			"--secret names the file that [collector] mail_secret names; `openssl rand "
			"-hex 32` makes one.");
	r = file_read(path, MAIL_TOKEN_SECRET_MAX + 2, &text);
	if (r != 0)
		return tool_say(
			p, STATUS_FOUND, "cannot read %s: %s.", path, strerror(r < 0 ? -r : EFBIG));
	secret = buf_span(&text);
	while (secret.len > 0 &&
		(secret.ptr[secret.len - 1] == '\n' || secret.ptr[secret.len - 1] == '\r'))
		secret.len--;
	r = mail_token_keys_init(&m->keys, &secret, 1);
	explicit_bzero(text.ptr, text.len);
	if (r != 0)
		return tool_say(p, STATUS_FOUND, "%s holds no secret: it must have %d to %d bytes.",
			path, MAIL_TOKEN_SECRET_MIN, MAIL_TOKEN_SECRET_MAX);
	return 0;
}

static int print_token(struct mail_tool *m, enum mail_token_kind kind, const char *form)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	const struct program *p = &m->tool.program;
	const struct mail_settings *s = &m->settings;
	const struct mail_token token = {
		.kind = kind,
		.link = (uint32_t)s->link,
		.issued_at = io_wall_now(),
		.customer = span_str(s->customer),
		.message = span_str(s->message),
		.list = span_str(s->list),
		.url = kind == MAIL_TOKEN_CLICK ? span_str(s->url) : SPAN_EMPTY,
	};
	int r = load_secret(m);

	if (r != 0)
		return r;
	if (kind == MAIL_TOKEN_CLICK && !mail_token_url_ok(token.url))
		return tool_say(p, STATUS_USAGE,
			"--url must be http:// or https:// and all of it visible ASCII; a link to "
			"anything else is not wrapped.");
	if (mail_token_make(&m->keys, &token, &text) != 0)
		return tool_say(p, STATUS_USAGE,
			"--customer and --message are required: whom, which mail.");
	buf_add_char(&text, '\0');
	if (buf_failed(&text) < 0)
		return tool_say(p, STATUS_FOUND, "%s.", strerror(ENOMEM));
	for (const char *at = form; *at; at++) {
		if (*at == '$')
			(void)fputs(s->base, stdout);
		else if (*at == '#')
			(void)fputs(text.ptr, stdout);
		else
			(void)putchar(*at);
	}
	return STATUS_DONE;
}

static const struct {
	const char *name;
	enum mail_token_kind kind;
	const char *form; /* $: the base, #: the token */
} actions[] = {
	{"open", MAIL_TOKEN_OPEN, "$/e/o/#.gif\n"},
	{"click", MAIL_TOKEN_CLICK, "$/e/c/#\n"},
	{"unsubscribe", MAIL_TOKEN_UNSUBSCRIBE,
		"List-Unsubscribe: <$/e/u/#>\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\n"},
};

int mail_main(int argc, char **argv)
{
	_cleanup_(mail_release) struct mail_tool m = {.keys = {.n = 0}};
	struct program *p = &m.tool.program;

	(void)argc;
	if (tool_init(&m.tool, &spec, &m.settings, argv))
		return p->status;
	for (size_t i = 0; i < ARRAY_SIZE(actions) && p->n_operands == 1; i++)
		if (strcmp(p->operands[0], actions[i].name) == 0)
			return print_token(&m, actions[i].kind, actions[i].form);
	return tool_say(p, STATUS_USAGE, "say what for: open, click or unsubscribe.");
}
