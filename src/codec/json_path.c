/* SPDX-License-Identifier: MIT */
/*
 * The paths are sorted name by name, so that all paths through a node of the name tree are
 * neighbours: a node knows its paths as a range, of which the first few end there. One hash table
 * leads from (node, name) to the node below; most members of an event miss it at the first probe.
 */
#include "codec/json_path.h"

struct path_node {
	struct span name;
	uint16_t parent;
	uint16_t first, own_end, end; /* paths[first..own_end) end here, [first..end) pass here */
};

/* Nodes are numbered from 1; 0 in the table is a free place. Node 0 is the object itself. */
struct json_paths {
	struct json_path *paths; /* sorted */
	size_t n_paths;
	struct path_node *nodes;
	size_t n_nodes;
	uint16_t *table;
	size_t mask;
	bool dense; /* the slots are 0 to n_paths - 1, each once */
};

struct json_paths *json_paths_free(struct json_paths *p)
{
	if (p) {
		free(p->paths);
		free(p->nodes);
		free(p->table);
		free(p);
	}
	return NULL;
}

void json_paths_freep(struct json_paths **p)
{
	json_paths_free(*p);
}

static size_t slot_of(const struct json_paths *p, size_t parent, struct span name)
{
	size_t first = name.len ? (unsigned char)name.ptr[0] : 0;
	size_t last = name.len ? (unsigned char)name.ptr[name.len - 1] : 0;

	return (parent * 7 + name.len * 31 + first * 5 + last * 13) & p->mask;
}

/* The node of NAME below PARENT, or 0. */
static size_t find_node(const struct json_paths *p, size_t parent, struct span name)
{
	size_t i = slot_of(p, parent, name);

	for (; p->table[i]; i = (i + 1) & p->mask) {
		const struct path_node *node = &p->nodes[p->table[i]];

		if (node->parent == parent && span_equal(node->name, name))
			return p->table[i];
	}
	return 0;
}

static size_t add_node(struct json_paths *p, size_t parent, struct span name, size_t path)
{
	size_t i = slot_of(p, parent, name);
	size_t n = p->n_nodes++;

	while (p->table[i])
		i = (i + 1) & p->mask;
	p->table[i] = (uint16_t)n;
	p->nodes[n] = (struct path_node){
		.name = name,
		.parent = (uint16_t)parent,
		.first = (uint16_t)path,
		.own_end = (uint16_t)path,
	};
	return n;
}

/* The first name of *path, which is cut off; PATH's pointer is NULL after the last. */
static struct span take_name(struct span *path)
{
	const char *dot = path->len ? memchr(path->ptr, '.', path->len) : NULL;
	struct span name = *path;

	if (dot) {
		name.len = (size_t)(dot - path->ptr);
		*path = span_of(dot + 1, path->len - name.len - 1);
	} else {
		*path = SPAN_EMPTY;
	}
	return name;
}

/* Name by name, a path before those that it leads to. */
static int compare_paths(const void *a, const void *b)
{
	struct span x = ((const struct json_path *)a)->path;
	struct span y = ((const struct json_path *)b)->path;

	while (x.ptr && y.ptr) {
		int r = span_compare(take_name(&x), take_name(&y));

		if (r)
			return r;
	}
	return (x.ptr != NULL) - (y.ptr != NULL);
}

/* The number of names in PATH; 0 if one is empty. */
static size_t count_names(struct span path)
{
	size_t n = 0;

	if (!path.ptr)
		return 0;
	while (path.ptr) {
		if (take_name(&path).len == 0)
			return 0;
		n++;
	}
	return n;
}

bool json_path_valid(struct span path)
{
	size_t names = count_names(path);

	return names > 0 && names <= JSON_PATH_DEPTH_MAX;
}

static void insert_path(struct json_paths *p, size_t i)
{
	struct span rest = p->paths[i].path;
	size_t node = 0;

	while (rest.ptr) {
		struct span name = take_name(&rest);
		size_t below = find_node(p, node, name);

		if (!below)
			below = add_node(p, node, name, i);
		node = below;
		p->nodes[node].end = (uint16_t)(i + 1);
	}
	p->nodes[node].own_end = (uint16_t)(i + 1);
}

/* An empty set with room for so many; NULL when out of memory. */
static struct json_paths *paths_alloc(size_t n_paths, size_t n_names)
{
	struct json_paths *p = calloc(1, sizeof(*p));
	size_t places = 16;

	if (!p)
		return NULL;
	while (places < 4 * n_names)
		places *= 2;
	p->paths = calloc(n_paths + 1, sizeof(*p->paths));
	p->nodes = calloc(n_names + 1, sizeof(*p->nodes));
	p->table = calloc(places, sizeof(*p->table));
	if (!p->paths || !p->nodes || !p->table)
		return json_paths_free(p);
	p->mask = places - 1;
	p->n_nodes = 1;
	p->n_paths = n_paths;
	return p;
}

static bool are_dense(const struct json_path *paths, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (paths[i].slot >= n)
			return false;
		for (size_t k = 0; k < i; k++)
			if (paths[k].slot == paths[i].slot)
				return false;
	}
	return n > 0;
}

int json_paths_new(const struct json_path *paths, size_t n, struct json_paths **ret_paths)
{
	struct json_paths *p;
	size_t n_names = 0;

	if (n > JSON_PATHS_MAX)
		return JSON_PATH_INVALID;
	for (size_t i = 0; i < n; i++) {
		if (!json_path_valid(paths[i].path))
			return JSON_PATH_INVALID;
		n_names += count_names(paths[i].path);
	}
	p = paths_alloc(n, n_names);
	if (!p)
		return -ENOMEM;
	if (n > 0) {
		memcpy(p->paths, paths, n * sizeof(*paths));
		qsort(p->paths, n, sizeof(*p->paths), compare_paths);
	}
	for (size_t i = 0; i < n; i++)
		insert_path(p, i);
	p->dense = are_dense(paths, n);
	*ret_paths = p;
	return 0;
}

struct walk {
	const struct json_paths *paths;
	struct json_cursor *cursor;
	struct json_value *values;
};

static int walk_into(struct walk *w, size_t node);

static void set_values(struct walk *w, size_t first, size_t end, struct json_value value)
{
	for (size_t i = first; i < end; i++)
		w->values[w->paths->paths[i].slot] = value;
}

/* Passes the value that comes next, which stands at NODE (0: at none). */
static int walk_value(struct walk *w, size_t node)
{
	const struct path_node *n = &w->paths->nodes[node];
	struct json_cursor *c = w->cursor;
	enum json_type type = json_peek(c);
	const char *first = c->at;
	struct json_value value = {.type = type};
	int r;

	if (!node || n->own_end == n->end ||
		(type != JSON_TYPE_OBJECT && type != JSON_TYPE_ARRAY)) {
		r = json_value(c, &value);
		if (r || !node)
			return r;
		set_values(w, n->own_end, n->end, (struct json_value){.type = JSON_TYPE_ABSENT});
	} else {
		set_values(w, n->own_end, n->end, (struct json_value){.type = JSON_TYPE_ABSENT});
		r = walk_into(w, node);
		if (r)
			return r;
		value.raw = span_of(first, (size_t)(c->at - first));
	}
	set_values(w, n->first, n->own_end, value);
	return 0;
}

/* The node that KEY leads to from NODE, or 0. */
static size_t node_of_key(const struct walk *w, size_t node, const struct json_value *key)
{
	if (!key->escaped)
		return find_node(w->paths, node, json_content(key));
	for (size_t i = 1; i < w->paths->n_nodes; i++) {
		const struct path_node *n = &w->paths->nodes[i];

		if (n->parent == node && json_is(key, n->name))
			return i;
	}
	return 0;
}

static int walk_object(struct walk *w, size_t node)
{
	struct json_value key;
	int r = json_object_open(w->cursor);

	while (r == 0) {
		r = json_object_key(w->cursor, &key);
		if (r == 0)
			r = walk_value(w, node_of_key(w, node, &key));
	}
	return r == JSON_END ? 0 : r;
}

#define INDEX_SIZE 20

/* N in decimal at the end of OUT. */
static struct span index_name(size_t n, char out[INDEX_SIZE])
{
	char *p = out + INDEX_SIZE;

	do {
		*--p = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	return span_of(p, (size_t)(out + INDEX_SIZE - p));
}

static int walk_array(struct walk *w, size_t node)
{
	int r = json_array_open(w->cursor);

	for (size_t i = 0; r == 0; i++) {
		char name[INDEX_SIZE];

		r = json_array_next(w->cursor);
		if (r == 0)
			r = walk_value(w, find_node(w->paths, node, index_name(i, name)));
	}
	return r == JSON_END ? 0 : r;
}

/* Recursion follows the paths, so it is no deeper than JSON_PATH_DEPTH_MAX. */
static int walk_into(struct walk *w, size_t node)
{
	return json_peek(w->cursor) == JSON_TYPE_OBJECT ? walk_object(w, node)
							: walk_array(w, node);
}

_Static_assert(JSON_TYPE_ABSENT == 0, "values of zeros are absent");

int json_paths_read(const struct json_paths *p, struct json_cursor *c, struct json_value *values)
{
	struct walk w = {p, c, values};
	enum json_type type = json_peek(c);
	struct json_value skipped;

	if (p->dense)
		memset(values, 0, p->n_paths * sizeof(*values));
	else
		set_values(&w, 0, p->n_paths, (struct json_value){.type = JSON_TYPE_ABSENT});
	if (p->n_paths == 0 || (type != JSON_TYPE_OBJECT && type != JSON_TYPE_ARRAY))
		return json_value(c, &skipped);
	return walk_into(&w, 0);
}
