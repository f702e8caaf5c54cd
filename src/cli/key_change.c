/* SPDX-License-Identifier: MIT */
/*
 * Sources made, given new keys and switched off. A key is printed once; the file keeps its digest,
 * except of a page's, which is public and which the shop will want to read again.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "base/instant.h"
#include "codec/preset_table.h"
#include "ini_edit.h"
#include "key_tool.h"
#include "up_place.h"

/* ---- words --------------------------------------------------------------------------------- */

static const char taken_up[] = "A running `waymark up` takes it up within a second, a collector on "
			       "its own when it gets SIGHUP.";

/* Whether the collector will be able to read a secret; said now, while somebody listens. */
static void look_at_secret(struct key_tool *k, const char *file)
{
	const char *path = key_file_beside(k, file);
	struct stat st;

	if (!path)
		return;
	if (stat(path, &st) < 0)
		(void)fprintf(stderr,
			"%s: %s. Put the secret that the sender signs with there, readable by its "
			"owner only (chmod 600).\n",
			path, strerror(errno));
	else if (st.st_mode & 077)
		(void)fprintf(stderr, "Others can use %s: chmod 600 it.\n", path);
}

static void look_at_mapping(struct key_tool *k, const char *file)
{
	const char *path = key_file_beside(k, file);

	if (path && access(path, R_OK) < 0)
		(void)fprintf(stderr, "%s: %s. The hook works once the mapping is there.\n", path,
			strerror(errno));
}

/* The end of add and rotate: SECRET is the new key, empty where there is none. */
static int tell(struct key_tool *k, const char *name, struct span secret, const char *words)
{
	const struct write_key *key = write_keys_named(k->keys, span_str(name));

	assert(key);
	if (k->tool.program.common.json)
		key_print_json(k, key, secret);
	else if (secret.len > 0)
		printf("%.*s\n", (int)secret.len, secret.ptr);
	else if (key->preset.len > 0 || key->mapping.len > 0)
		printf("/hooks/%s\n", key->name);
	if (k->settings.secret_file[0])
		look_at_secret(k, k->settings.secret_file);
	if (k->settings.mapping[0])
		look_at_mapping(k, k->settings.mapping);
	if (!k->tool.program.common.json)
		(void)fprintf(stderr, "%s %s\n", words, taken_up);
	return STATUS_DONE;
}

/* The key as its line will have it: as it is, or its digest. 0 or -errno. */
static int make_key(bool clear, char secret[KEY_TEXT_SIZE], char stored[WRITE_KEY_HEX_SIZE])
{
	int r = random_key(secret);

	if (r < 0)
		return r;
	if (!clear)
		return write_key_hex(span_str(secret), stored);
	memcpy(stored, secret, KEY_TEXT_SIZE);
	return 0;
}

/* ---- add ----------------------------------------------------------------------------------- */

/* Room for values in a line of the file, whatever its name. */
#define ORIGINS_IN_LINE 170

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Origins, in as many lines as they need. */
static void add_origins(struct buf *text, struct span origins)
{
	size_t used = 0, n;
	int line = 0;

	for (struct span rest = span_trim(origins); rest.len > 0;
		rest = span_trim(span_of(rest.ptr + n, rest.len - n))) {
		for (n = 0; n < rest.len && !is_blank(rest.ptr[n]);)
			n++;
		if (line == 0 || used + 1 + n > ORIGINS_IN_LINE) {
			if (++line == 1)
				buf_add_str(text, "origins =");
			else
				buf_printf(text, "\norigins_%d =", line);
			used = 0;
		}
		buf_add_char(text, ' ');
		buf_add(text, rest.ptr, n);
		used += 1 + n;
	}
	if (line > 0)
		buf_add_char(text, '\n');
}

/* What would be read as something else than it was written as; NULL if VALUE stands for itself. */
static const char *judge_value(const char *value)
{
	for (size_t i = 0; value[i]; i++) {
		if ((unsigned char)value[i] < 0x20 || value[i] == 0x7f)
			return "a control character";
		if (value[i] == ';' && (i == 0 || value[i - 1] == ' '))
			return "`;` behind a blank, which begins a comment";
	}
	return NULL;
}

/* The section of NAME but for its key. 0, or STATUS_FOUND when a sentence was said. */
static int add_section(struct key_tool *k, const char *name, const char *kind, struct buf *text)
{
	const struct key_settings *s = &k->settings;
	const struct {
		const char *name, *value;
	} members[] = {
		{"kind", kind}, {"channel", s->channel}, {"rights", s->rights}, {"class", s->class},
		{"rate", s->rate}, {"burst", s->burst}, {"api_host", s->api_host},
		{"preset", s->preset}, {"mapping", s->mapping}, {"secret_file", s->secret_file},
		{"url", s->url}, {"credentials", s->credentials ? "yes" : ""},
		{"origins", s->origins}, /* last: it makes lines of its own */
	};

	if (text->len && text->ptr[text->len - 1] != '\n')
		buf_add_char(text, '\n');
	buf_printf(text, "\n[%s]\n", name);
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		const char *why = judge_value(members[i].value);

		if (why)
			return tool_say(&k->tool.program, STATUS_FOUND, "%s holds %s.",
				members[i].name, why);
		if (members[i].value[0] && i + 1 < ARRAY_SIZE(members))
			buf_printf(text, "%s = %s\n", members[i].name, members[i].value);
	}
	add_origins(text, span_str(s->origins));
	return 0;
}

/* What the file cannot tell. 0, or STATUS_FOUND when a sentence was said. */
static int judge_new(const struct key_tool *k, const char *name)
{
	if (!write_key_name_ok(span_str(name)))
		return tool_say(&k->tool.program, STATUS_FOUND,
			"the name of a source has 1 to 32 small letters, digits, _ and -.");
	if (write_keys_named(k->keys, span_str(name)))
		return tool_say(&k->tool.program, STATUS_FOUND,
			"there is a source named %s already; names of revoked ones are not used "
			"again.",
			name);
	if (k->settings.preset[0] && !preset_find(span_str(k->settings.preset)))
		return tool_say(&k->tool.program, STATUS_FOUND,
			"there is no preset named %s; `waymark hook list` shows which there are. A "
			"mapping of the shop's own is --mapping FILE.",
			k->settings.preset);
	return 0;
}

/* What does not is told of when it is written. */
static bool parses(const struct buf *text)
{
	_cleanup_(write_keys_freep) struct write_keys *keys = NULL;
	struct config_fault fault;

	return write_keys_parse(buf_span(text), &keys, &fault) == 0;
}

int key_tool_add(struct key_tool *k, const char *name)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct program *p = &k->tool.program;
	bool maps = k->settings.preset[0] || k->settings.mapping[0];
	const char *kind = k->settings.kind[0] ? k->settings.kind : maps ? "hook" : "server";
	char secret[KEY_TEXT_SIZE] = "", stored[WRITE_KEY_HEX_SIZE];
	bool clear = strcmp(kind, "browser") == 0, keyless = strcmp(kind, "hook") == 0;
	int r;

	r = judge_new(k, name);
	if (r != 0)
		return r;
	buf_add_span(&text, buf_span(&k->text));
	r = add_section(k, name, kind, &text);
	if (r != 0)
		return r;
	if (!keyless) {
		r = make_key(clear, secret, stored);
		if (r < 0)
			return tool_say(p, STATUS_FOUND, "cannot make a key: %s.", strerror(-r));
		buf_printf(&text, "%s = %s\n", clear ? "key" : "key_sha256", stored);
	}
	if (parses(&text))
		r = key_hook_judge(k);
	r = r ? r : key_file_write(k, &text);
	if (r != 0)
		return r;
	return tell(k, name, span_str(secret),
		keyless ? "This is the path that its sender calls, below the address of the shop's "
			  "collector."
		: clear ? "The key for the pages; it is also in the file of keys."
			: "The key. It is not shown again.");
}

/* ---- revoke and rotate --------------------------------------------------------------------- */

/* Entries of a section that are set, or taken out where the value's ptr is NULL. */
struct change {
	const char *name;
	struct span value;
};

static int change(
	struct key_tool *k, const char *name, const struct change *changes, size_t n_changes)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	_cleanup_(buf_release) struct buf next = BUF_INIT;
	int r = 0;

	buf_add_span(&text, buf_span(&k->text));
	for (size_t i = 0; r == 0 && i < n_changes; i++) {
		struct span key = span_str(changes[i].name);
		struct buf swap = next;

		buf_reset(&swap);
		r = changes[i].value.ptr
			    ? ini_set(buf_span(&text), span_str(name), key, changes[i].value, &swap)
			    : ini_unset(buf_span(&text), span_str(name), key, &swap);
		next = text;
		text = swap;
	}
	return r < 0 ? tool_say(&k->tool.program, STATUS_FOUND, "out of memory.")
		     : key_file_write(k, &text);
}

/* NULL, a sentence having been said, if there is no such source. */
static const struct write_key *named(struct key_tool *k, const char *name)
{
	const struct write_key *key = write_keys_named(k->keys, span_str(name));

	if (!key)
		(void)tool_say(&k->tool.program, STATUS_FOUND,
			"there is no source named %s; `waymark key list` shows them.", name);
	return key;
}

int key_tool_revoke(struct key_tool *k, const char *name)
{
	const struct change changes[] = {{"enabled", SPAN_LIT("no")}};
	int r = named(k, name) ? change(k, name, changes, ARRAY_SIZE(changes)) : STATUS_FOUND;

	if (r != 0)
		return r;
	if (k->tool.program.common.json)
		key_print_json(k, write_keys_named(k->keys, span_str(name)), SPAN_EMPTY);
	else
		printf("%s may not send any more. %s\n", name, taken_up);
	return STATUS_DONE;
}

/* Until when what is replaced counts, as text; empty: no longer. */
static void end_of_old(const struct key_tool *k, char until[INSTANT_SIZE])
{
	int64_t at = k->now + k->settings.keep_ms;

	until[0] = '\0';
	if (k->settings.keep_ms > 0)
		instant_format((at + MS_SECOND - 1) / MS_SECOND * MS_SECOND, until);
}

/* The entry NAME gets VALUE; what it had goes to the entry OLD, unless it ends at once. */
struct exchange {
	const char *name, *old;
	struct span value;
};

static int exchange(struct key_tool *k, const char *source, const struct exchange *x)
{
	static const char *const olds[] = {"old_key", "old_key_sha256", "old_secret_file"};
	struct change changes[ARRAY_SIZE(olds) + 2];
	struct span before = ini_get(buf_span(&k->text), span_str(source), span_str(x->name));
	char until[INSTANT_SIZE];
	size_t n = 0;

	end_of_old(k, until);
	for (size_t i = 0; i < ARRAY_SIZE(olds); i++) {
		bool kept = until[0] && before.len > 0 && strcmp(olds[i], x->old) == 0;

		changes[n++] = (struct change){olds[i], kept ? before : SPAN_EMPTY};
	}
	changes[n++] = (struct change){
		"old_until", until[0] && before.len > 0 ? span_str(until) : SPAN_EMPTY};
	changes[n++] = (struct change){x->name, x->value};
	return change(k, source, changes, n);
}

/* Says what becomes of the key or secret before; OLDER: another was still to count. */
static int tell_rotated(struct key_tool *k, const char *name, struct span secret, bool older)
{
	const struct write_key *key = write_keys_named(k->keys, span_str(name));
	const char *what = k->settings.secret_file[0] ? "secret" : "key";
	char until[INSTANT_SIZE];
	const char *words;

	instant_format(key->old_until, until);
	words = tool_text(&k->tool.program, "%s %s.%s",
		write_key_old_counts(key, k->now) ? "The one before counts until"
						  : "No other counts but this",
		write_key_old_counts(key, k->now) ? until : what,
		older ? " The one before that ends now." : "");
	return tell(k, name, secret, words ? words : "");
}

static int rotate_secret(struct key_tool *k, const struct write_key *key, const char *name)
{
	const char *file = k->settings.secret_file, *why = judge_value(file);
	const struct exchange x = {"secret_file", "old_secret_file", span_str(file)};
	bool older = write_key_old_counts(key, k->now);
	int r;

	if (why)
		return tool_say(&k->tool.program, STATUS_FOUND, "secret_file holds %s.", why);
	if (span_is(key->secret_file, file))
		return tool_say(&k->tool.program, STATUS_FOUND,
			"%s is the secret file already; put the new secret into another, so that "
			"the old one counts beside it for a while.",
			file);
	r = exchange(k, name, &x);
	return r ? r : tell_rotated(k, name, SPAN_EMPTY, older);
}

int key_tool_rotate(struct key_tool *k, const char *name)
{
	const struct write_key *key = named(k, name);
	struct program *p = &k->tool.program;
	char secret[KEY_TEXT_SIZE], stored[WRITE_KEY_HEX_SIZE];
	bool clear, older;
	int r;

	if (!key)
		return STATUS_FOUND;
	if (!key->enabled)
		return tool_say(p, STATUS_FOUND,
			"%s is revoked; `waymark key add` makes another source.", name);
	older = write_key_old_counts(key, k->now);
	if (k->settings.secret_file[0])
		return rotate_secret(k, key, name);
	if (!key->has_key)
		return tool_say(p, STATUS_FOUND,
			"%s has no key; put its new secret into a file of its own and say "
			"--secret-file FILE.",
			name);
	/* A key that somebody reads from the file is still to be read there afterwards. */
	clear = ini_get(buf_span(&k->text), span_str(name), SPAN_LIT("key")).ptr != NULL;
	r = make_key(clear, secret, stored);
	if (r < 0)
		return tool_say(p, STATUS_FOUND, "cannot make a key: %s.", strerror(-r));
	const struct exchange x = {clear ? "key" : "key_sha256",
		clear ? "old_key" : "old_key_sha256", span_str(stored)};

	r = exchange(k, name, &x);
	return r ? r : tell_rotated(k, name, span_str(secret), older);
}
