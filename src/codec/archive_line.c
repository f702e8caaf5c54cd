/* SPDX-License-Identifier: MIT */
/*
 * Only ourselves write these lines, and they are years old when they are read again: nothing is
 * guessed. What a later version adds to a line is passed over; a kind it adds is ARCHIVE_BAD.
 */
#include "codec/archive_line.h"

#include "base/base64.h"
#include "codec/compress.h"
#include "codec/json_path.h"
#include "json_out.h"

#define SEALED_KEY ",\"sealed\":"
/* Bytes of an entry; a record that a merge brings is far smaller. */
#define ENTRY_MAX ((uint64_t)1 << 28)

enum member {
	MEMBER_ID,
	MEMBER_KIND,
	MEMBER_SOURCE,
	MEMBER_NAME,
	MEMBER_KEY,
	MEMBER_SEALED,
	MEMBER_PLAIN,
	MEMBER_FORMAT,
	MEMBER_DATASET,
	MEMBER_PARTITION,
	MEMBER_PARTITIONS,
	MEMBER_AFTER,
	MEMBER_THROUGH,
	MEMBER_LINES,
	MEMBER_CLOCK,
	MEMBER_SHA256,
	MEMBER_COUNT
};

struct archive_coder {
	struct sealer *sealer;
	struct compressor *compressor;
	struct json_paths *paths;
	struct buf fields, packed, sealed;
};

struct span archive_kind_name(enum archive_kind kind)
{
	static const struct span names[] = {
#define X(ID, NAME) [ARCHIVE_##ID] = {(NAME), sizeof(NAME) - 1},
		ARCHIVE_KINDS(X)
#undef X
	};

	return names[kind];
}

int archive_coder_new(struct archive_coder **ret_coder)
{
	static const char *const names[MEMBER_COUNT] = {"id", "kind", "source", "name", "key",
		"sealed", "plain", "format", "dataset", "partition", "partitions", "after",
		"through", "lines", "clock", "sha256"};
	struct archive_coder *c = calloc(1, sizeof(*c));
	struct json_path paths[MEMBER_COUNT];
	int r = c ? sealer_new(&c->sealer) : -ENOMEM;

	for (size_t i = 0; i < MEMBER_COUNT; i++)
		paths[i] = (struct json_path){span_str(names[i]), i};
	if (r == 0)
		r = compressor_new(&c->compressor);
	if (r == 0)
		r = json_paths_new(paths, MEMBER_COUNT, &c->paths);
	if (r != 0) {
		archive_coder_free(c);
		return -ENOMEM;
	}
	*ret_coder = c;
	return 0;
}

struct archive_coder *archive_coder_free(struct archive_coder *c)
{
	if (c) {
		sealer_free(c->sealer);
		compressor_free(c->compressor);
		json_paths_free(c->paths);
		buf_release(&c->fields);
		buf_release(&c->packed);
		buf_release(&c->sealed);
		free(c);
	}
	return NULL;
}

void archive_coder_freep(struct archive_coder **c)
{
	*c = archive_coder_free(*c);
}

/* ---- writing ---------------------------------------------------------------------------- */

static void write_id(struct json_out *o, const char *key, struct log_id id)
{
	json_out_key(o, key);
	buf_printf(o->buf, "\"%llu-%llu\"", (unsigned long long)id.ms, (unsigned long long)id.seq);
}

static void write_file(struct json_out *o, const struct archive_line *l)
{
	json_out_text(o, "kind", archive_kind_name(l->kind));
	json_out_number(o, "format", ARCHIVE_FORMAT);
	json_out_text(o, "dataset", l->dataset);
	json_out_number(o, "partition", l->partition);
	json_out_number(o, "partitions", l->partitions);
	write_id(o, "after", l->through);
}

static void write_end(struct json_out *o, const struct archive_line *l)
{
	json_out_text(o, "kind", archive_kind_name(l->kind));
	write_id(o, "through", l->through);
	json_out_number(o, "lines", l->lines);
	json_out_key(o, "clock");
	buf_add_i64(o->buf, l->clock);
	json_out_text(o, "sha256", l->sha256);
}

static void write_plain(struct json_out *o, const struct archive_line *l)
{
	json_out_open(o, "plain", '{');
	for (size_t i = 0; i < l->n_fields; i++) {
		json_out_comma(o);
		json_escape(l->fields[i].name, o->buf);
		buf_add_char(o->buf, ':');
		json_escape(l->fields[i].value, o->buf);
	}
	json_out_close(o, '}');
}

/* The fields of L, compressed, in c->packed. */
static int pack(struct archive_coder *c, const struct archive_line *l)
{
	int r;

	buf_reset(&c->fields);
	for (size_t i = 0; i < l->n_fields; i++) {
		buf_add_block(&c->fields, l->fields[i].name);
		buf_add_block(&c->fields, l->fields[i].value);
	}
	r = c->fields.len > ENTRY_MAX ? -ENOMEM : buf_failed(&c->fields);
	buf_reset(&c->packed);
	for (unsigned i = 0; i < 4; i++)
		buf_add_char(&c->packed, (char)(c->fields.len >> (8 * i) & 0xff));
	return r == 0 ? compress_block(c->compressor, buf_span(&c->fields), &c->packed) : r;
}

static int write_sealed(struct archive_coder *c, const struct archive_line *l,
	const struct seal_key *key, struct span head, struct buf *out)
{
	int r = pack(c, l);

	buf_reset(&c->sealed);
	if (r == 0)
		r = seal(c->sealer, key, head, buf_span(&c->packed), &c->sealed);
	if (r < 0)
		return r;
	buf_add_str(out, SEALED_KEY "\"");
	base64_encode(buf_span(&c->sealed), out);
	buf_add_char(out, '"');
	return buf_failed(out);
}

static int write_entry(struct archive_coder *c, const struct archive_line *l,
	const struct seal_key *key, size_t start, struct json_out *o)
{
	write_id(o, "id", l->id);
	json_out_instant(o, "at", (int64_t)l->id.ms);
	json_out_text(o, "kind", archive_kind_name(l->kind));
	json_out_some(o, "source", l->source);
	json_out_some(o, "name", l->name);
	if (!key) {
		write_plain(o, l);
		return buf_failed(o->buf);
	}
	json_out_text(o, "key", span_str(key->id));
	if (buf_failed(o->buf) < 0)
		return -ENOMEM;
	return write_sealed(c, l, key, span_of(o->buf->ptr + start, o->buf->len - start), o->buf);
}

int archive_line_write(struct archive_coder *c, const struct archive_line *line,
	const struct seal_key *key, struct buf *out)
{
	struct json_out o = {.buf = out};
	size_t start = out->len;
	int r = 0;

	json_out_open(&o, NULL, '{');
	if (line->kind == ARCHIVE_FILE)
		write_file(&o, line);
	else if (line->kind == ARCHIVE_END)
		write_end(&o, line);
	else
		r = write_entry(c, line, key, start, &o);
	if (r < 0)
		out->failed = true;
	buf_add_str(out, "}\n");
	return buf_failed(out);
}

/* ---- reading ---------------------------------------------------------------------------- */

/* One line on its way into the struct. */
struct reading {
	struct json_value values[MEMBER_COUNT];
	struct arena *arena;
	struct archive_line line;
};

static bool read_kind(const struct json_value *v, enum archive_kind *ret_kind)
{
	for (int k = 0; k < ARCHIVE_KIND_COUNT; k++) {
		*ret_kind = (enum archive_kind)k;
		if (v->type == JSON_TYPE_STRING && json_is(v, archive_kind_name(*ret_kind)))
			return true;
	}
	return false;
}

static bool read_id(const struct json_value *v, struct log_id *ret_id)
{
	struct span text = v->type == JSON_TYPE_STRING ? json_content(v) : SPAN_EMPTY;
	const char *dash = text.len ? memchr(text.ptr, '-', text.len) : NULL;
	size_t n = dash ? (size_t)(dash - text.ptr) : 0;

	return dash && span_to_u64(span_of(text.ptr, n), INT64_MAX, &ret_id->ms) == 0 &&
	       span_to_u64(span_of(dash + 1, text.len - n - 1), UINT64_MAX, &ret_id->seq) == 0;
}

static bool read_number(const struct json_value *v, uint64_t max, uint64_t *ret_n)
{
	return v->type == JSON_TYPE_NUMBER && span_to_u64(v->raw, max, ret_n) == 0;
}

/* Hex digits of exactly N bytes of text. */
static bool read_digits(const struct json_value *v, size_t n, struct span *ret_text)
{
	*ret_text = v->type == JSON_TYPE_STRING ? json_content(v) : SPAN_EMPTY;
	return ret_text->len == n;
}

/* An absent text stays empty. */
static bool read_text(struct reading *g, enum member m, struct span *ret_text)
{
	const struct json_value *v = &g->values[m];

	if (v->type == JSON_TYPE_ABSENT)
		return true;
	if (v->type != JSON_TYPE_STRING)
		return false;
	*ret_text = json_text(v, g->arena);
	return ret_text->ptr;
}

static bool read_file(struct reading *g)
{
	struct archive_line *l = &g->line;
	uint64_t format, p, n;

	if (!read_number(&g->values[MEMBER_FORMAT], UINT64_MAX, &format) ||
		format != ARCHIVE_FORMAT ||
		!read_digits(&g->values[MEMBER_DATASET], 32, &l->dataset) ||
		!read_number(&g->values[MEMBER_PARTITIONS], UINT32_MAX, &n) || n == 0 ||
		!read_number(&g->values[MEMBER_PARTITION], n - 1, &p))
		return false;
	l->partition = (uint32_t)p;
	l->partitions = (uint32_t)n;
	return read_id(&g->values[MEMBER_AFTER], &l->through);
}

static bool read_end(struct reading *g)
{
	struct archive_line *l = &g->line;
	uint64_t clock;

	if (!read_number(&g->values[MEMBER_LINES], UINT64_MAX, &l->lines) ||
		!read_number(&g->values[MEMBER_CLOCK], INT64_MAX, &clock) ||
		!read_digits(&g->values[MEMBER_SHA256], 64, &l->sha256))
		return false;
	l->clock = (int64_t)clock;
	return read_id(&g->values[MEMBER_THROUGH], &l->through);
}

/* Texts by their names. */
static int read_plain(struct reading *g)
{
	struct archive_field *fields = arena_calloc(g->arena, ARCHIVE_FIELDS_MAX, sizeof(*fields));
	struct json_value name, value;
	struct json_cursor c;
	size_t n = 0;
	int r;

	if (!fields)
		return -ENOMEM;
	json_cursor_init(&c, g->values[MEMBER_PLAIN].raw);
	r = json_object_open(&c);
	while (r == 0 && (r = json_object_key(&c, &name)) == 0) {
		r = json_value(&c, &value);
		if (r != 0 || value.type != JSON_TYPE_STRING || n == ARCHIVE_FIELDS_MAX)
			return ARCHIVE_BAD;
		fields[n].name = json_text(&name, g->arena);
		fields[n].value = json_text(&value, g->arena);
		if (!fields[n].name.ptr || !fields[n].value.ptr)
			return -ENOMEM;
		n++;
	}
	g->line.fields = fields;
	g->line.n_fields = n;
	return r == JSON_END ? 0 : ARCHIVE_BAD;
}

static int read_entry(struct reading *g, struct span text)
{
	const struct json_value *sealed = &g->values[MEMBER_SEALED];
	struct archive_line *l = &g->line;

	if (!read_id(&g->values[MEMBER_ID], &l->id) || !read_text(g, MEMBER_SOURCE, &l->source) ||
		!read_text(g, MEMBER_NAME, &l->name))
		return ARCHIVE_BAD;
	if (sealed->type == JSON_TYPE_ABSENT)
		return g->values[MEMBER_PLAIN].type == JSON_TYPE_OBJECT ? read_plain(g)
									: ARCHIVE_BAD;
	if (sealed->type != JSON_TYPE_STRING || sealed->escaped ||
		!read_digits(&g->values[MEMBER_KEY], SEAL_ID_TEXT, &l->key))
		return ARCHIVE_BAD;
	l->head =
		span_of(text.ptr, (size_t)(sealed->raw.ptr - text.ptr) - (sizeof(SEALED_KEY) - 1));
	l->sealed = json_content(sealed);
	return 0;
}

int archive_line_read(
	struct archive_coder *c, struct span text, struct arena *a, struct archive_line *ret_line)
{
	struct reading g = {.arena = a};
	struct json_cursor cursor;
	int r = 0;

	json_cursor_init(&cursor, text);
	if (json_paths_read(c->paths, &cursor, g.values) != 0 || json_finish(&cursor) != 0 ||
		cursor.text.code != JSON_SOUND || !read_kind(&g.values[MEMBER_KIND], &g.line.kind))
		return ARCHIVE_BAD;
	if (g.line.kind == ARCHIVE_FILE)
		r = read_file(&g) ? 0 : ARCHIVE_BAD;
	else if (g.line.kind == ARCHIVE_END)
		r = read_end(&g) ? 0 : ARCHIVE_BAD;
	else
		r = read_entry(&g, text);
	if (r == 0)
		*ret_line = g.line;
	return r;
}

/* Name, value, … of what lies in A. */
static int take_fields(
	struct span s, struct arena *a, struct archive_field **ret_fields, size_t *ret_n)
{
	struct archive_field *fields = arena_calloc(a, ARCHIVE_FIELDS_MAX, sizeof(*fields));
	size_t n = 0;

	if (!fields)
		return -ENOMEM;
	for (; s.len > 0; n++)
		if (n == ARCHIVE_FIELDS_MAX || span_take_block(&s, &fields[n].name) != 0 ||
			span_take_block(&s, &fields[n].value) != 0)
			return ARCHIVE_BAD;
	*ret_fields = fields;
	*ret_n = n;
	return 0;
}

/* The compressed fields in c->packed to text in A. */
static int unpack(struct archive_coder *c, struct arena *a, struct span *ret_text)
{
	const unsigned char *at = (const unsigned char *)c->packed.ptr;
	size_t len = 0;
	int r;

	if (c->packed.len < 4)
		return ARCHIVE_BAD;
	for (unsigned i = 0; i < 4; i++)
		len |= (size_t)at[i] << (8 * i);
	if (len > ENTRY_MAX)
		return ARCHIVE_BAD;
	buf_reset(&c->fields);
	r = expand_block(
		c->compressor, span_of(c->packed.ptr + 4, c->packed.len - 4), len, &c->fields);
	if (r != 0)
		return r < 0 ? r : ARCHIVE_BAD;
	*ret_text = arena_copy(a, buf_span(&c->fields));
	return ret_text->ptr ? 0 : -ENOMEM;
}

int archive_open(struct archive_coder *c, const struct archive_line *line,
	const struct seal_key *key, struct arena *a, struct archive_field **ret_fields,
	size_t *ret_n)
{
	struct span text;
	size_t n = 0;
	char *room;
	int r;

	buf_reset(&c->sealed);
	buf_reset(&c->packed);
	room = buf_reserve(&c->sealed, BASE64_DECODED_SIZE(line->sealed.len) + 1);
	if (!room)
		return -ENOMEM;
	if (base64_decode(line->sealed, room, &n) != 0)
		return ARCHIVE_BAD;
	buf_commit(&c->sealed, n);
	r = seal_open(c->sealer, key, line->head, buf_span(&c->sealed), &c->packed);
	if (r == 0)
		r = unpack(c, a, &text);
	return r == 0 ? take_fields(text, a, ret_fields, ret_n) : r < 0 ? r : ARCHIVE_BAD;
}
