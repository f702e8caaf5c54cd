/* SPDX-License-Identifier: MIT */
/*
 * `waymark archive check`: every file is read to its end, every line opened whose key is kept, and
 * the files of a partition must follow each other up to where Redis says they have come.
 */
#include "archive_keyring.h"
#include "archive_tool.h"
#include "codec/json_scan.h"
#include "counted.h"
#include "store/archive_log.h"
#include "store/keys.h"

struct check {
	struct archive_tool *tool;
	struct archive_dir dir;
	struct archive_coder *coder;
	struct redis *redis; /* NULL: without */
	struct arena arena;  /* of what a line holds */
	uint64_t lines, sealed, unreadable, faults;
};

static void complain(struct check *c, const char *words)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;

	c->faults++;
	if (c->tool->tool.program.common.json) {
		buf_add_str(&out, "{\"fault\":");
		json_escape(span_str(words), &out);
		buf_add_str(&out, "}\n");
	} else {
		buf_printf(&out, "%s\n", words);
	}
	if (buf_failed(&out) == 0)
		(void)fwrite(out.ptr, 1, out.len, stdout);
}

/* A line whose key is kept can be opened. 0 or -ENOMEM. */
static int open_line(struct check *c, const struct archive_keyring *keys,
	const struct archive_stream *s, const struct archive_line *l)
{
	const struct archive_key *key = archive_keyring_find(keys, l->key);
	struct archive_field *fields;
	char words[512], id[LOG_ID_SIZE];
	size_t n;
	int r;

	if (!key) {
		c->unreadable++;
		return 0;
	}
	arena_reset(&c->arena);
	r = archive_open(c->coder, l, &key->key, &c->arena, &fields, &n);
	if (r <= 0)
		return r;
	log_id_format(l->id, id);
	(void)snprintf(words, sizeof(words), "%s: entry %s is not what was sealed",
		s->files[s->at].name, id);
	complain(c, words);
	return 0;
}

/* The archive reaches as far as Redis says. */
static int check_end(struct check *c, const struct archive_stream *s, uint32_t partition)
{
	struct archive_log l = {.redis = c->redis, .partition = partition};
	char words[512], is[LOG_ID_SIZE], should[LOG_ID_SIZE];
	struct archive_place place;
	int r = c->redis ? archive_look(&l, &place) : 0;

	if (r != 0)
		return tool_say(&c->tool->tool.program, STATUS_FOUND,
			"Redis does not say how far the archive has come.");
	if (!c->redis || log_id_compare(place.done, s->through) <= 0)
		return 0;
	log_id_format(place.done, should);
	log_id_format(s->through, is);
	(void)snprintf(words, sizeof(words),
		"partition %u: the files end at %s, but it was archived up to %s", partition, is,
		should);
	complain(c, words);
	return 0;
}

/* What the earlier files of a partition had is elsewhere. */
static void check_begin(struct check *c, const struct archive_stream *s, struct log_id first)
{
	char id[LOG_ID_SIZE];

	if (first.ms == 0 || c->tool->tool.program.common.json)
		return;
	log_id_format(first, id);
	printf("%s: what was received up to %s is not in this archive\n", s->files[0].name, id);
}

static int read_all(struct check *c, struct archive_stream *s, const struct archive_keyring *keys)
{
	struct archive_line l;
	bool first = true;
	int r;

	while ((r = archive_stream_next(s, &l)) != ARCHIVE_STREAM_END) {
		if (r < 0)
			return r;
		if (r == ARCHIVE_STREAM_FAULT) {
			complain(c, s->words);
			continue;
		}
		c->lines++;
		c->sealed += l.sealed.len > 0;
		if (first)
			check_begin(c, s, s->through);
		first = false;
		if (l.sealed.len > 0 && c->redis) {
			r = open_line(c, keys, s, &l);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int check_partition(struct check *c, uint32_t partition)
{
	const struct archive_file *files;
	size_t n = archive_dir_files(&c->dir, partition, &files);
	_cleanup_(archive_keyring_release) struct archive_keyring keys = {.by_id = {.len = 0}};
	struct archive_stream s;
	int r = 0;

	arena_init(&keys.arena);
	if (c->redis && archive_keyring_load(&keys, &c->tool->tool.program, c->redis, partition))
		return STATUS_FOUND;
	archive_stream_init(&s, &c->dir, c->coder, files, n);
	r = read_all(c, &s, &keys);
	if (r < 0)
		r = tool_say(&c->tool->tool.program, STATUS_FOUND, "%s.", strerror(-r));
	else
		r = check_end(c, &s, partition);
	archive_stream_release(&s);
	return r;
}

static void sum_up(const struct check *c)
{
	if (c->tool->tool.program.common.json)
		printf("{\"files\":%zu,\"entries\":%llu,\"sealed\":%llu,\"unreadable\":%llu,"
		       "\"faults\":%llu}\n",
			c->dir.n, (unsigned long long)c->lines, (unsigned long long)c->sealed,
			(unsigned long long)c->unreadable, (unsigned long long)c->faults);
	else
		printf("%llu file%s, %llu %s, %llu of them of customers whose key is gone; %llu "
		       "fault%s\n",
			COUNT(c->dir.n), COUNT_AS(c->lines, "entry", "entries"),
			(unsigned long long)c->unreadable, COUNT(c->faults));
}

static int run(struct check *c)
{
	const struct program *p = &c->tool->tool.program;
	uint32_t n = c->dir.n > 0 ? c->dir.files[c->dir.n - 1].partition + 1 : 0;
	int status = STATUS_DONE;

	if (c->redis && strcmp(c->dir.dataset, p->dataset.id) != 0)
		return tool_say(p, STATUS_FOUND,
			"the archive is of another data set than Redis holds; --offline looks at "
			"the files alone.");
	if (c->redis)
		n = p->dataset.partitions;
	for (uint32_t i = 0; i < n && status == STATUS_DONE; i++)
		status = check_partition(c, i);
	if (status != STATUS_DONE)
		return status;
	sum_up(c);
	return c->faults > 0 ? STATUS_FOUND : STATUS_DONE;
}

static void check_release(struct check *c)
{
	archive_dir_release(&c->dir);
	archive_coder_free(c->coder);
	arena_release(&c->arena);
}

int archive_check(struct archive_tool *t)
{
	_cleanup_(check_release) struct check c = {.tool = t};
	int status;

	arena_init(&c.arena);
	status = archive_tool_open(t, &c.dir);
	if (status == STATUS_DONE && archive_coder_new(&c.coder) < 0)
		status = tool_say(&t->tool.program, STATUS_FOUND, "out of memory.");
	if (status == STATUS_DONE && !t->settings.offline && tool_connect(&t->tool, &c.redis))
		status = t->tool.program.status;
	return status == STATUS_DONE ? run(&c) : status;
}
