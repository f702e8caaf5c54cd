/* SPDX-License-Identifier: MIT */
/* Finding and reading rule files and zones; what they mean is the codec's. */
#include "program/rule_set.h"

#include <dirent.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "io/file.h"

struct source_list {
	struct arena arena;
	struct rule_source sources[RULE_FILES_MAX];
	size_t n;
};

static void source_list_release(struct source_list *l)
{
	arena_release(&l->arena);
}

static int add_source(
	struct source_list *l, const char *path, struct span text, struct file_problems *problems)
{
	struct rule_source *s = &l->sources[l->n];

	if (l->n == RULE_FILES_MAX)
		return file_problems_only(problems, RULE_SET_UNREADABLE, path,
			"is one file of rules more than %d", RULE_FILES_MAX);
	s->file = arena_copy(&l->arena, span_str(path)).ptr;
	s->text = arena_copy(&l->arena, text);
	if (!s->file || !s->text.ptr)
		return -ENOMEM;
	l->n++;
	return 0;
}

static int read_source(struct source_list *l, const char *path, struct file_problems *problems)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	int r = file_read(path, RULE_FILE_MAX, &text);

	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return file_problems_only(
			problems, RULE_SET_UNREADABLE, path, "cannot be read: %s", strerror(-r));
	if (r > 0)
		return file_problems_only(problems, RULE_SET_UNREADABLE, path,
			"is larger than %zu bytes: split it", RULE_FILE_MAX);
	return add_source(l, path, buf_span(&text), problems);
}

static int is_rule_file(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return entry->d_name[0] != '.' && n > 5 && strcmp(entry->d_name + n - 5, ".json") == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int read_directory(
	struct source_list *l, const char *path, bool no_policy, struct file_problems *problems)
{
	struct dirent **entries = NULL;
	int n = scandir(path, &entries, is_rule_file, by_name);
	int r = 0;

	if (n < 0)
		return file_problems_only(
			problems, RULE_SET_UNREADABLE, path, "cannot be read: %s", strerror(errno));
	if (n == 0)
		r = file_problems_only(problems, RULE_SET_UNREADABLE, path,
			"has no .json file: put a rule there, or name "
			"another directory with --rules");
	else if (n > RULE_FILES_MAX)
		r = file_problems_only(problems, RULE_SET_UNREADABLE, path,
			"has more than %d rule files", RULE_FILES_MAX);
	for (int i = 0; i < n; i++) {
		char file[PATH_MAX];
		int len = snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);

		if (r == 0 && (size_t)len >= sizeof(file))
			r = file_problems_only(
				problems, RULE_SET_UNREADABLE, path, "has a path that is too long");
		if (r == 0 && !(no_policy && strcmp(entries[i]->d_name, RULE_POLICY_FILE) == 0))
			r = read_source(l, file, problems);
		free(entries[i]);
	}
	free(entries);
	return r;
}

#define ZONE_FILE_MAX 65536

/* Names come from rule files: nothing but a plain relative path may become part of a file's. */
static bool zone_name_is_plain(struct span name)
{
	if (name.len == 0 || name.len > 64 || name.ptr[0] == '/' || name.ptr[0] == '.')
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!letter && !(c >= '0' && c <= '9') && !strchr("_+-/", c))
			return false;
	}
	return true;
}

static int read_zone(void *user, struct span name, struct buf *out)
{
	char path[128];

	(void)user;
	if (!zone_name_is_plain(name))
		return -ENOENT;
	(void)snprintf(path, sizeof(path), "/usr/share/zoneinfo/%.*s", (int)name.len, name.ptr);
	return file_read(path, ZONE_FILE_MAX, out);
}

/* With the zones of customers, who are decided about wherever a program loads rules. */
static int compile(const struct rule_source *sources, size_t n, const struct rule_options *options,
	struct file_problems *problems, struct rules **ret_rules)
{
	_cleanup_(rules_freep) struct rules *rules = NULL;
	int r = rules_compile(sources, n, options, problems, &rules);

	if (r == 0)
		r = rules_add_zones(rules, options);
	if (r != 0)
		return r;
	*ret_rules = rules;
	rules = NULL;
	return 0;
}

static int read_place(
	struct source_list *l, const struct rule_set_place *place, struct file_problems *problems)
{
	struct stat st;

	if (place->text.len > 0)
		return add_source(l, place->path, place->text, problems);
	if (stat(place->path, &st) < 0)
		return file_problems_only(problems, RULE_SET_UNREADABLE, place->path,
			"cannot be read: %s", strerror(errno));
	if (S_ISDIR(st.st_mode))
		return read_directory(l, place->path, place->no_policy, problems);
	return read_source(l, place->path, problems);
}

static int read_places(
	struct source_list *l, const struct rule_set_places *places, struct file_problems *problems)
{
	int r = 0;

	for (size_t i = 0; places && i < places->n && r == 0; i++)
		r = read_place(l, &places->list[i], problems);
	return r;
}

int rule_set_load_places(const struct rule_set_places *now, const struct rule_set_places *earlier,
	const char *store_zone, struct file_problems *problems, struct rules **ret_rules)
{
	_cleanup_(source_list_release) struct source_list l = {.n = 0};
	_cleanup_(source_list_release) struct source_list before = {.n = 0};
	struct rule_options options = {.store_zone = span_str(store_zone), .zone = read_zone};
	int r;

	arena_init(&l.arena);
	arena_init(&before.arena);
	problems->n = problems->more = 0;
	r = read_places(&l, now, problems);
	if (r == 0)
		r = read_places(&before, earlier, problems);
	options.retired = before.sources;
	options.n_retired = before.n;
	return r ? r : compile(l.sources, l.n, &options, problems, ret_rules);
}

int rule_set_load(const char *path, const char *store_zone, struct file_problems *problems,
	struct rules **ret_rules)
{
	const struct rule_set_place place = {.path = path};
	const struct rule_set_places places = {&place, 1};

	return rule_set_load_places(&places, NULL, store_zone, problems, ret_rules);
}

/* Whatever directory they lie in. */
static const char *name_of(const struct rule_source *s)
{
	const char *slash = strrchr(s->file, '/');

	return slash ? slash + 1 : s->file;
}

/* File names without their directory: a set is the same wherever its files lie. */
static void cut_directories(struct source_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		l->sources[i].file = name_of(&l->sources[i]);
}

int rule_set_of_text(struct span text, struct file_problems *problems, struct rules **ret_rules)
{
	_cleanup_(arena_release) struct arena arena;
	struct rule_set_parts parts;
	struct rule_options options = {.zone = read_zone};
	int r;

	arena_init(&arena);
	problems->n = problems->more = 0;
	r = rule_set_read(text, &arena, &parts);
	if (r == RULE_SET_BAD) {
		(void)file_problems_only(problems, RULE_SET_UNREADABLE, "wm:rules",
			"holds no set of rules of this version");
		return RULES_BAD;
	}
	if (r < 0)
		return r;
	options.store_zone = parts.zone;
	options.retired = parts.retired;
	options.n_retired = parts.n_retired;
	return compile(parts.files, parts.n_files, &options, problems, ret_rules);
}

/* So many files of earlier rules are kept, the latest of them. */
#define RETIRED_MAX 64

static bool same_source(const struct rule_source *a, const struct rule_source *b)
{
	return strcmp(name_of(a), name_of(b)) == 0 && span_equal(a->text, b->text);
}

static bool has_source(const struct rule_source *list, size_t n, const struct rule_source *source)
{
	for (size_t i = 0; i < n; i++)
		if (same_source(&list[i], source))
			return true;
	return false;
}

/* What the set before this one knew of earlier rules, and what of its own has changed since. The
 * same files again make the same list. */
static void retire(const struct rule_set_parts *last, const struct source_list *now,
	struct rule_source list[RETIRED_MAX], size_t *ret_n)
{
	size_t n = 0;

	for (size_t k = 0; k < last->n_retired + last->n_files; k++) {
		const struct rule_source *s =
			k < last->n_retired ? &last->retired[k] : &last->files[k - last->n_retired];

		if ((k >= last->n_retired && has_source(now->sources, now->n, s)) ||
			has_source(list, n, s) || strcmp(s->file, RULE_POLICY_FILE) == 0)
			continue;
		if (n == RETIRED_MAX)
			memmove(list, list + 1, --n * sizeof(*list));
		list[n++] = *s;
	}
	*ret_n = n;
}

int rule_set_compose(const struct rule_set_plan *plan, struct file_problems *problems,
	struct buf *out, struct rules **ret_rules)
{
	_cleanup_(source_list_release) struct source_list l = {.n = 0};
	_cleanup_(rules_freep) struct rules *rules = NULL;
	struct rule_options options = {.store_zone = span_str(plan->store_zone), .zone = read_zone};
	struct rule_set_parts parts = {.zone = options.store_zone, .files = l.sources};
	struct rule_set_parts before = {.n_files = 0};
	struct rule_source retired[RETIRED_MAX];
	const struct rule_set_place place = {.path = plan->path};
	int r;

	arena_init(&l.arena);
	problems->n = problems->more = 0;
	r = read_place(&l, &place, problems);
	if (r != 0)
		return r;
	if (plan->last.len > 0 && rule_set_read(plan->last, &l.arena, &before) == -ENOMEM)
		return -ENOMEM;
	retire(&before, &l, retired, &parts.n_retired);
	options.retired = parts.retired = retired;
	options.n_retired = parts.n_retired;
	r = compile(l.sources, l.n, &options, problems, &rules);
	if (r != 0)
		return r;
	cut_directories(&l);
	parts.n_files = l.n;
	r = rule_set_write(&parts, out);
	if (r == -EMSGSIZE)
		return file_problems_only(problems, RULE_SET_UNREADABLE, plan->path,
			"holds more than one set of rules may");
	if (r < 0)
		return r;
	*ret_rules = rules;
	rules = NULL;
	return 0;
}
