/* SPDX-License-Identifier: MIT */
/* Who is erased, by their keys; whose an entry is says store/entry_match.h. */
#include "eraser_impl.h"

#include "codec/job_view.h"

static int knows(void *user, struct span key, bool *ret_known)
{
	const struct eraser_match *m = user;

	*ret_known = map_get(&m->names, key) != NULL;
	return 0;
}

int eraser_match_init(struct eraser_match *m, const struct identity *identity)
{
	static const uint64_t seed[2] = {0x77686f73, 0x653f};

	map_init(&m->names, seed);
	map_init(&m->jobs, seed);
	map_init(&m->apart, seed);
	arena_init(&m->arena);
	return entry_match_init(&m->entries, identity, knows, m);
}

void eraser_match_release(struct eraser_match *m)
{
	map_release(&m->names);
	map_release(&m->jobs);
	map_release(&m->apart);
	entry_match_release(&m->entries);
	arena_release(&m->arena);
}

static int put(struct eraser_match *m, struct map *map, struct span key)
{
	struct span copy;

	if (map_get(map, key))
		return 0;
	copy = arena_copy(&m->arena, key);
	return copy.ptr ? map_put(map, copy, m) : -ENOMEM;
}

int eraser_match_add(struct eraser_match *m, struct span key)
{
	return put(m, &m->names, key);
}

int eraser_match_apart(struct eraser_match *m, struct span key)
{
	return put(m, &m->apart, key);
}

int eraser_match_add_job(struct eraser_match *m, struct span id)
{
	return put(m, &m->jobs, id);
}

bool eraser_match_is(const struct eraser_match *m, struct span key)
{
	return key.len > 0 && map_get(&m->names, key) != NULL;
}

static bool is_apart(const struct eraser_match *m, struct span key)
{
	return key.len > 0 && map_get(&m->apart, key) != NULL;
}

int eraser_match_job(struct eraser_match *m, const struct archive_field *fields, size_t n,
	struct span *ret_job, bool *ret_ask)
{
	struct span id = entry_field(fields, n, "id"), json = entry_field(fields, n, "j");
	struct arena *arena = &m->entries.arena;
	struct job_view v;
	int r;

	*ret_job = SPAN_EMPTY;
	*ret_ask = false;
	arena_reset(arena);
	if (json.len > 0) {
		r = job_view_read(json, arena, &v);
		if (r < 0)
			return r;
		if (r == 0 && (eraser_match_is(m, v.customer) || eraser_match_is(m, v.whose))) {
			r = put(m, &m->jobs, id);
			*ret_job = id;
		} else if (r == 0) {
			*ret_ask = is_apart(m, v.customer) || is_apart(m, v.whose);
		}
		return r < 0 ? r : 0;
	}
	if (map_get(&m->jobs, id))
		*ret_job = id;
	return 0;
}
