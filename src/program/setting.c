/* SPDX-License-Identifier: MIT */
/*
 * From file, environment and command line to one struct. The order of the sources is the order of
 * their urgency: a file is written once, the environment belongs to a machine, the command line to
 * this one run.
 */
#include "program/setting.h"

#include "codec/config.h"
#include "setting_impl.h"

#define ENV_SIZE 96

struct reader {
	const struct settings_input *input;
	struct arena *arena;
	struct buf *words;
};

struct found {
	const struct setting *row;
	void *target;
};

/* WORDS holds why; puts where and what in front of it. */
static int blame(struct reader *r, const struct setting *row, const char *where, struct span text)
{
	_cleanup_(buf_release) struct buf why = *r->words;

	*r->words = BUF_INIT;
	buf_add_str(r->words, where);
	buf_add_str(r->words, ": ");
	if (row->kind == SETTING_SECRET) {
		buf_add_str(r->words, "the value");
	} else {
		buf_add_char(r->words, '"');
		buf_add_span(r->words, text);
		buf_add_char(r->words, '"');
	}
	buf_add_char(r->words, ' ');
	buf_add_span(r->words, buf_span(&why));
	buf_add_char(r->words, '.');
	return SETTINGS_WRONG;
}

/* TEXT as given at WHERE; FROM_FILE: it is the path of a secret. */
static int apply(
	struct reader *r, struct found f, const char *where, struct span text, bool from_file)
{
	int result;

	if (from_file) {
		struct span path = arena_copy(r->arena, text);

		if (!path.ptr)
			return -ENOMEM;
		result = setting_set_file(f.row, f.target, path.ptr, r->arena, r->words);
	} else {
		result = setting_set(f.row, f.target, text, r->arena, r->words);
	}
	if (result == SETTING_REFUSED)
		return blame(r, f.row, where, text);
	return result;
}

static int apply_fallbacks(struct reader *r)
{
	for (size_t t = 0; t < r->input->n_tables; t++) {
		const struct setting_table *table = &r->input->tables[t];

		for (size_t i = 0; i < table->n; i++) {
			const struct setting *row = &table->rows[i];
			const char *text = row->fallback;
			int result;

			if (!text)
				text = row->kind <= SETTING_SECRET ? "" : "0";
			result = apply(r, (struct found){row, table->target}, "fallback",
				span_str(text), false);
			if (result != 0)
				return result;
		}
	}
	return 0;
}

/* NAME is KEY, or KEY and `_file` of a secret. */
static bool key_fits(const struct setting *row, struct span name, bool *ret_from_file)
{
	size_t len = strlen(row->key);

	if (span_is(name, row->key)) {
		*ret_from_file = false;
		return true;
	}
	if (row->kind != SETTING_SECRET || name.len != len + 5 ||
		memcmp(name.ptr, row->key, len) != 0 || memcmp(name.ptr + len, "_file", 5) != 0)
		return false;
	*ret_from_file = true;
	return true;
}

static bool find_key(const struct reader *r, struct span section, struct span key,
	struct found *ret_found, bool *ret_from_file)
{
	for (size_t t = 0; t < r->input->n_tables; t++) {
		const struct setting_table *table = &r->input->tables[t];

		for (size_t i = 0; i < table->n; i++) {
			const struct setting *row = &table->rows[i];

			if (!row->section || !span_is(section, row->section) ||
				!key_fits(row, key, ret_from_file))
				continue;
			*ret_found = (struct found){row, table->target};
			return true;
		}
	}
	return false;
}

static bool is_owned(const struct reader *r, struct span section)
{
	for (const char *const *s = r->input->owned; s && *s; s++)
		if (span_is(section, *s))
			return true;
	return false;
}

/* What apply_entry returns for a name that nobody knows or a value that is wrong, WORDS saying so;
 * not config_read's own outcome. */
enum { ENTRY_WRONG = 100 };

static int apply_entry(void *user, const struct config_entry *entry)
{
	_cleanup_(buf_release) struct buf where = BUF_INIT;
	struct reader *r = user;
	struct found f;
	bool from_file;
	int result;

	buf_printf(&where, "%s:%u: [", r->input->config_name, entry->line);
	buf_add_span(&where, entry->section);
	buf_add_str(&where, "] ");
	buf_add_span(&where, entry->key);
	buf_add_char(&where, '\0');
	if (buf_failed(&where))
		return -ENOMEM;
	if (find_key(r, entry->section, entry->key, &f, &from_file)) {
		result = apply(r, f, where.ptr, entry->value, from_file);
		return result == SETTINGS_WRONG ? ENTRY_WRONG : result;
	}
	if (!is_owned(r, entry->section))
		return 0;
	buf_printf(r->words, "%s: there is no such setting; --help lists them.", where.ptr);
	return ENTRY_WRONG;
}

static int apply_file(struct reader *r)
{
	struct config_fault fault;
	int result = config_read(r->input->config, apply_entry, r, &fault);

	if (result == CONFIG_BAD)
		buf_printf(r->words, "%s:%u: %s", r->input->config_name, fault.line, fault.text);
	return result > 0 ? SETTINGS_WRONG : result;
}

/* One environment variable, for a plain name and for the file of a secret. */
static int apply_env_name(struct reader *r, struct found f, bool from_file)
{
	char name[ENV_SIZE];
	size_t len;

	(void)snprintf(name, sizeof(name), "WAYMARK_%s_%s%s", f.row->section, f.row->key,
		from_file ? "_file" : "");
	len = strlen(name);
	for (size_t i = 0; i < len; i++)
		if (name[i] >= 'a' && name[i] <= 'z')
			name[i] = (char)(name[i] - 'a' + 'A');
	for (char **e = r->input->environ; e && *e; e++) {
		struct span entry = span_str(*e);

		/* Empty counts as not set: that is how compose files say "default". */
		if (entry.len > len + 1 && memcmp(entry.ptr, name, len) == 0 &&
			entry.ptr[len] == '=')
			return apply(r, f, name, span_of(entry.ptr + len + 1, entry.len - len - 1),
				from_file);
	}
	return 0;
}

static int apply_env(struct reader *r)
{
	for (size_t t = 0; t < r->input->n_tables; t++) {
		const struct setting_table *table = &r->input->tables[t];

		for (size_t i = 0; i < table->n; i++) {
			struct found f = {&table->rows[i], table->target};
			int result = 0;

			if (!f.row->section)
				continue;
			if (f.row->kind == SETTING_SECRET)
				result = apply_env_name(r, f, true);
			if (result == 0)
				result = apply_env_name(r, f, false);
			if (result != 0)
				return result;
		}
	}
	return 0;
}

static bool find_option(const struct reader *r, struct span name, struct found *ret_found)
{
	for (size_t t = 0; t < r->input->n_tables; t++) {
		const struct setting_table *table = &r->input->tables[t];

		for (size_t i = 0; i < table->n; i++) {
			if (!table->rows[i].option || !span_is(name, table->rows[i].option))
				continue;
			*ret_found = (struct found){&table->rows[i], table->target};
			return true;
		}
	}
	return false;
}

static int wrong_option(struct reader *r, struct span name, const char *why)
{
	buf_add_str(r->words, "--");
	buf_add_span(r->words, name);
	buf_add_str(r->words, why);
	return SETTINGS_WRONG;
}

/* `--NAME=VALUE`, `--NAME VALUE` or `--NAME`; *at is the place of it, moved to its last word. */
static int apply_option(struct reader *r, char **argv, size_t *at)
{
	struct span name = span_str(argv[*at] + 2), value = SPAN_EMPTY;
	const char *equals = strchr(name.ptr, '=');
	struct found f;
	char where[ENV_SIZE];

	if (equals) {
		value = span_str(equals + 1);
		name.len = (size_t)(equals - name.ptr);
	}
	if (!find_option(r, name, &f))
		return wrong_option(r, name, " is no option here; --help lists them.");
	if (!equals && f.row->kind == SETTING_BOOL)
		value = SPAN_LIT("yes");
	else if (!equals && !argv[*at + 1])
		return wrong_option(r, name, " needs a value.");
	else if (!equals)
		value = span_str(argv[++*at]);
	(void)snprintf(where, sizeof(where), "--%s", f.row->option);
	return apply(r, f, where, value, false);
}

/* A word is an option if it begins with `-` and is not just that. */
static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0';
}

static int apply_words(struct reader *r, size_t *ret_n_operands)
{
	char **argv = r->input->argv;
	bool operands_only = false;
	size_t n = 0;

	for (size_t i = 0; argv[i]; i++) {
		int result;

		if (operands_only || !is_option(argv[i])) {
			argv[n++] = argv[i];
		} else if (strcmp(argv[i], "--") == 0) {
			operands_only = true;
		} else if (argv[i][1] != '-') {
			buf_printf(r->words, "%s is no option here; --help lists them.", argv[i]);
			return SETTINGS_WRONG;
		} else if ((result = apply_option(r, argv, &i)) != 0) {
			return result;
		}
	}
	*ret_n_operands = n;
	return 0;
}

bool settings_ask_help(char **argv)
{
	for (size_t i = 0; argv[i] && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

int settings_read(const struct settings_input *input, struct arena *arena, struct buf *words,
	size_t *ret_n_operands)
{
	struct reader r = {input, arena, words};
	int result = apply_fallbacks(&r);

	if (result == 0 && input->config.len)
		result = apply_file(&r);
	if (result == 0)
		result = apply_env(&r);
	if (result == 0)
		result = apply_words(&r, ret_n_operands);
	if (result == 0 || result == SETTINGS_WRONG)
		return buf_failed(words) ? -ENOMEM : result;
	return result;
}

const char *settings_peek(char **argv, const char *option)
{
	size_t len = strlen(option);
	const char *found = NULL;

	for (size_t i = 0; argv[i] && strcmp(argv[i], "--") != 0; i++) {
		if (strncmp(argv[i], "--", 2) != 0 || strncmp(argv[i] + 2, option, len) != 0)
			continue;
		if (argv[i][2 + len] == '=')
			found = argv[i] + 3 + len;
		else if (argv[i][2 + len] == '\0' && argv[i + 1])
			found = argv[++i];
	}
	return found;
}

/* `--listen ADDRESS`, or just the name in the file. */
static size_t add_name(struct buf *out, const struct setting *row)
{
	size_t before = out->len;

	buf_printf(out, "  --%s", row->option);
	if (row->kind != SETTING_BOOL)
		buf_printf(out, " %s", row->value ? row->value : "VALUE");
	return out->len - before;
}

static void add_row(struct buf *out, const struct setting *row)
{
	size_t width = row->option ? add_name(out, row) : 0;
	const char *blank = "                          ";
	size_t column = strlen(blank);

	if (!row->option) {
		size_t before = out->len;

		buf_printf(out, "  [%s] %s", row->section, row->key);
		width = out->len - before;
	}
	if (width + 2 > column) {
		buf_add_char(out, '\n');
		width = 0;
	}
	buf_add(out, blank, column - width);
	buf_add_str(out, row->help);
	if (row->fallback && row->fallback[0] && row->kind != SETTING_BOOL)
		buf_printf(out, " (%s)", row->fallback);
	buf_add_char(out, '\n');
}

void settings_help(struct buf *out, const struct setting_table *tables, size_t n_tables)
{
	for (size_t t = 0; t < n_tables; t++)
		for (size_t i = 0; i < tables[t].n; i++)
			add_row(out, &tables[t].rows[i]);
}
