/* SPDX-License-Identifier: MIT */
/*
 * The file of keys, and what is named in it, secrets and mappings of hooks, are looked at twice a
 * second: a secret that was renewed must count before its sender uses it, and nobody should have to
 * remember a signal for that.
 */
#include <signal.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "hook_sources.h"
#include "io/file.h"
#include "up.h"

#define LOOK_MS	      500
#define KEYS_FILE_MAX ((size_t)1024 * 1024)

/* SO_FAR, and what tells the file at PATH from another at its place. */
static uint64_t add_file(uint64_t so_far, const char *path)
{
	static const uint64_t key[2] = {0, 0};
	uint64_t what[5] = {so_far, 0, 0, 0, 0};
	struct stat st;

	if (stat(path, &st) == 0) {
		what[1] = (uint64_t)st.st_mtim.tv_sec;
		what[2] = (uint64_t)st.st_mtim.tv_nsec;
		what[3] = st.st_ino;
		what[4] = (uint64_t)st.st_size;
	}
	return siphash24(key, span_of((const char *)what, sizeof(what)));
}

static uint64_t add_named(const struct up *u, uint64_t so_far)
{
	_cleanup_(buf_release) struct buf path = BUF_INIT;

	for (size_t i = 0; u->watched && i < u->watched->n; i++) {
		const struct hook_files files = hook_files_of(&u->watched->list[i]);

		for (size_t k = 0; k < HOOK_FILES; k++) {
			hook_file_path(u->keys, files.list[k], &path);
			if (files.list[k].len > 0 && buf_failed(&path) == 0)
				so_far = add_file(so_far, path.ptr);
		}
	}
	return so_far;
}

/* Which files the keys name now; a file of keys that cannot be used changes nothing. */
static void read_names(struct up *u)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct write_keys *keys = NULL;
	struct config_fault fault;

	if (file_read(u->keys, KEYS_FILE_MAX, &text) != 0 ||
		write_keys_parse(buf_span(&text), &keys, &fault) != 0)
		return;
	write_keys_free(u->watched);
	u->watched = keys;
}

/* Have the files changed since it was asked last? */
static bool changed(struct up *u)
{
	uint64_t own = add_file(0, u->keys), all;

	if (own != u->keys_own) {
		u->keys_own = own;
		read_names(u);
	}
	all = add_named(u, own);
	if (all == u->keys_all)
		return false;
	u->keys_all = all;
	return true;
}

static void look(void *arg)
{
	struct up *u = arg;

	if (changed(u))
		child_signal(&u->collector.child, SIGHUP);
	(void)timer_set_in(&u->keys_timer, LOOK_MS);
}

void up_watch_keys(struct up *u)
{
	(void)changed(u);
	timer_init(&u->keys_timer, u->tool.program.loop, look, u);
	(void)timer_set_in(&u->keys_timer, LOOK_MS);
}
