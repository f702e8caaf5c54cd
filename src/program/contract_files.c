/* SPDX-License-Identifier: MIT */
/* Finding and reading the files of contracts. */
#include "program/contract_files.h"

#include <dirent.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "codec/event_schema.h"
#include "io/file.h"

#define PLAN_NAME "plan.json"

struct folder {
	struct arena arena;
	const char *path;
	struct tracking_plan_file files[TRACKING_PLAN_FILES_MAX];
	size_t n;
};

static void folder_release(struct folder *f)
{
	arena_release(&f->arena);
}

/* The text of a file, in the arena of FOLDER. */
static int read_text(struct folder *folder, const char *path, struct file_problems *problems,
	struct span *ret_text)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	int r = file_read(path, JSON_SCHEMA_FILE_MAX, &text);
	struct span copy;

	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return file_problems_only(
			problems, TRACKING_PLAN_BAD, path, "cannot be read: %s", strerror(-r));
	if (r > 0)
		return file_problems_only(problems, TRACKING_PLAN_BAD, path,
			"is larger than %zu bytes", JSON_SCHEMA_FILE_MAX);
	copy = arena_copy(&folder->arena, buf_span(&text));
	if (!copy.ptr)
		return -ENOMEM;
	*ret_text = copy;
	return 0;
}

static int is_schema_file(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return entry->d_name[0] != '.' && n > 5 && strcmp(entry->d_name + n - 5, ".json") == 0 &&
	       strcmp(entry->d_name, PLAN_NAME) != 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int add_file(struct folder *f, const char *name, struct file_problems *problems)
{
	struct tracking_plan_file *file = &f->files[f->n];
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/%s", f->path, name);
	int r;

	if ((size_t)n >= sizeof(path))
		return file_problems_only(
			problems, TRACKING_PLAN_BAD, f->path, "has a path that is too long");
	r = read_text(f, path, problems, &file->text);
	if (r != 0)
		return r;
	file->name = arena_copy(&f->arena, span_str(name));
	f->n++;
	return file->name.ptr ? 0 : -ENOMEM;
}

/* All schema files of the directory f->path. */
static int read_folder(struct folder *f, struct file_problems *problems)
{
	struct dirent **entries = NULL;
	int n = scandir(f->path, &entries, is_schema_file, by_name);
	int r = 0;

	if (n < 0)
		return file_problems_only(problems, TRACKING_PLAN_BAD, f->path,
			"cannot be read: %s", strerror(errno));
	if (n > TRACKING_PLAN_FILES_MAX)
		r = file_problems_only(problems, TRACKING_PLAN_BAD, f->path,
			"has more than %d schema files", TRACKING_PLAN_FILES_MAX);
	for (int i = 0; i < n; i++) {
		if (r == 0)
			r = add_file(f, entries[i]->d_name, problems);
		free(entries[i]);
	}
	free(entries);
	return r;
}

/* Where PATH stands: `.` if it says no directory. NULL: out of memory. */
static const char *folder_of(struct folder *f, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return ".";
	return arena_copy(&f->arena, span_of(path, slash > path ? (size_t)(slash - path) : 1)).ptr;
}

int tracking_plan_load(
	const char *path, struct file_problems *problems, struct tracking_plan **ret_plan)
{
	_cleanup_(folder_release) struct folder f = {.n = 0};
	struct tracking_plan_source source = {.schemas = f.files};
	char file[PATH_MAX];
	struct stat st;
	int r;

	arena_init(&f.arena);
	problems->n = problems->more = 0;
	if (stat(path, &st) < 0)
		return file_problems_only(
			problems, TRACKING_PLAN_BAD, path, "cannot be read: %s", strerror(errno));
	f.path = S_ISDIR(st.st_mode) ? path : folder_of(&f, path);
	if (!f.path)
		return -ENOMEM;
	r = snprintf(file, sizeof(file), "%s%s", path, S_ISDIR(st.st_mode) ? "/" PLAN_NAME : "");
	if ((size_t)r >= sizeof(file))
		return file_problems_only(
			problems, TRACKING_PLAN_BAD, path, "is a path that is too long");
	source.file = file;
	r = read_text(&f, file, problems, &source.text);
	if (r == 0)
		r = read_folder(&f, problems);
	source.n_schemas = f.n;
	return r ? r : tracking_plan_compile(&source, problems, ret_plan);
}

int json_schema_load(const char *path, bool formats, struct file_problems *problems,
	struct json_schema **ret_schema)
{
	_cleanup_(folder_release) struct folder f = {.n = 0};
	struct json_schema_source given[TRACKING_PLAN_FILES_MAX + EVENT_SCHEMAS_MAX];
	struct json_schema_options options = {.given = given, .formats = formats};
	struct json_schema_source main = {.file = path};
	const char *slash = strrchr(path, '/');
	int r;

	arena_init(&f.arena);
	problems->n = problems->more = 0;
	main.uri = span_str(slash ? slash + 1 : path);
	f.path = folder_of(&f, path);
	r = f.path ? read_text(&f, path, problems, &main.text) : -ENOMEM;
	if (r == 0)
		r = read_folder(&f, problems);
	if (r)
		return r;
	for (size_t i = 0; i < f.n; i++)
		given[options.n_given++] = (struct json_schema_source){
			f.files[i].name.ptr, f.files[i].name, f.files[i].text};
	options.n_given += event_schemas_given(given + options.n_given, EVENT_SCHEMAS_MAX);
	return json_schema_compile(&main, &options, problems, ret_schema);
}
