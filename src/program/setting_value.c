/* SPDX-License-Identifier: MIT */
/*
 * The kinds of settings. A refusal says what would have been right, limits included, since whoever
 * reads it is sitting before a file that does not start.
 */
#include "base/instant.h"
#include "io/file.h"
#include "setting_impl.h"

#define SECRET_FILE_MAX 4096

struct place {
	const struct setting *row;
	void *at;
	struct arena *arena;
	struct buf *words;
};

/* 1024 · 1024, not 1000 · 1000: these are sizes of memory. */
static void size_format(int64_t n, char *out, size_t size)
{
	static const char units[] = {'\0', 'K', 'M', 'G'};
	size_t unit = 0;

	while (n != 0 && n % 1024 == 0 && unit + 1 < ARRAY_SIZE(units)) {
		n /= 1024;
		unit++;
	}
	if (unit)
		(void)snprintf(out, size, "%lld%c", (long long)n, units[unit]);
	else
		(void)snprintf(out, size, "%lld", (long long)n);
}

static void int_format(int64_t n, char *out, size_t size)
{
	(void)snprintf(out, size, "%lld", (long long)n);
}

static void ms_format(int64_t n, char *out, size_t size)
{
	char text[DURATION_SIZE];

	duration_format(n, text);
	(void)snprintf(out, size, "%s", text);
}

static int parse_int(struct span s, int64_t *ret_n)
{
	bool minus = s.len > 1 && s.ptr[0] == '-';
	uint64_t n;

	if (minus)
		s = span_of(s.ptr + 1, s.len - 1);
	if (span_to_u64(s, INT64_MAX, &n))
		return SETTING_REFUSED;
	*ret_n = minus ? -(int64_t)n : (int64_t)n;
	return 0;
}

static int parse_size(struct span s, int64_t *ret_n)
{
	static const char units[] = {'K', 'M', 'G'};
	unsigned shift = 0;
	uint64_t n;

	for (unsigned i = 0; i < ARRAY_SIZE(units); i++)
		if (s.len > 1 && s.ptr[s.len - 1] == units[i])
			shift = 10 * (i + 1);
	if (shift)
		s.len--;
	if (span_to_u64(s, (uint64_t)INT64_MAX >> shift, &n))
		return SETTING_REFUSED;
	*ret_n = (int64_t)(n << shift);
	return 0;
}

struct number_kind {
	const char *noun;
	int (*parse)(struct span s, int64_t *ret_n);
	void (*format)(int64_t n, char *out, size_t size);
};

static int set_number(const struct place *p, struct span s, const struct number_kind *kind)
{
	char min[DURATION_SIZE], max[DURATION_SIZE];
	int64_t n;

	if (kind->parse(s, &n) == 0 && n >= p->row->min && n <= p->row->max) {
		memcpy(p->at, &n, sizeof(n));
		return 0;
	}
	kind->format(p->row->min, min, sizeof(min));
	kind->format(p->row->max, max, sizeof(max));
	buf_printf(p->words, "is not a %s between %s and %s", kind->noun, min, max);
	return SETTING_REFUSED;
}

static int set_int(const struct place *p, struct span s)
{
	static const struct number_kind kind = {"whole number", parse_int, int_format};

	return set_number(p, s, &kind);
}

static int set_size(const struct place *p, struct span s)
{
	static const struct number_kind kind = {"size", parse_size, size_format};

	return set_number(p, s, &kind);
}

static int set_duration(const struct place *p, struct span s)
{
	static const struct number_kind kind = {"duration", duration_parse, ms_format};

	return set_number(p, s, &kind);
}

static int set_text(const struct place *p, struct span s)
{
	struct span copy;

	if (p->row->max > 0 && s.len > (uint64_t)p->row->max) {
		buf_printf(p->words, "is longer than %lld bytes", (long long)p->row->max);
		return SETTING_REFUSED;
	}
	if (s.len && memchr(s.ptr, '\0', s.len)) {
		buf_add_str(p->words, "holds a NUL");
		return SETTING_REFUSED;
	}
	copy = arena_copy(p->arena, s);
	if (!copy.ptr)
		return -ENOMEM;
	memcpy(p->at, &copy.ptr, sizeof(copy.ptr));
	return 0;
}

static int set_bool(const struct place *p, struct span s)
{
	static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		bool value = i % 2 == 1;

		if (!span_equal_nocase(s, span_str(words[i])))
			continue;
		memcpy(p->at, &value, sizeof(value));
		return 0;
	}
	buf_add_str(p->words, "is neither yes nor no");
	return SETTING_REFUSED;
}

int setting_set(const struct setting *row, void *target, struct span text, struct arena *arena,
	struct buf *words)
{
	static int (*const setters[])(const struct place *p, struct span s) = {
		[SETTING_TEXT] = set_text,
		[SETTING_SECRET] = set_text,
		[SETTING_INT] = set_int,
		[SETTING_SIZE] = set_size,
		[SETTING_DURATION] = set_duration,
		[SETTING_BOOL] = set_bool,
	};
	struct place place = {row, (char *)target + row->offset, arena, words};

	return setters[row->kind](&place, text);
}

int setting_set_file(const struct setting *row, void *target, const char *path, struct arena *arena,
	struct buf *words)
{
	_cleanup_(buf_release) struct buf contents = BUF_INIT;
	struct span s;
	int r = file_read(path, SECRET_FILE_MAX, &contents);

	if (r == -ENOMEM)
		return r;
	if (r != 0) {
		buf_printf(words, "names a file that cannot be read (%s)",
			r == FILE_TOO_LARGE ? "it is too large" : strerror(-r));
		return SETTING_REFUSED;
	}
	s = buf_span(&contents);
	if (s.len && s.ptr[s.len - 1] == '\n')
		s.len--;
	if (s.len && s.ptr[s.len - 1] == '\r')
		s.len--;
	return setting_set(row, target, s, arena, words);
}
