/* SPDX-License-Identifier: MIT */
/*
 * A TZif file is a header with six counts, a block of data with times of 4 bytes and, from version
 * 2 on, the same again with times of 8 bytes and a footer:
 *
 *	"TZif" version 15×0  isut std leap time type char   (six counts, big-endian 32 bits)
 *	time × (4|8)  time × 1 (index of type)  type × 6  char  leap × (8|12)  std  isut
 *	"\n" POSIX TZ string "\n"
 *
 * Only changes of the offset matter here: names, and whether an offset counts as summer time, are
 * skipped. Files with leap seconds ("right/…") are refused, because our instants have none.
 */
#include "base/zone.h"

#include "zone_rule.h"

enum { HEADER_SIZE = 44, TYPE_SIZE = 6, FOOTER_MAX = 256 };

/* RFC 8536 section 3.2: more than -25 and less than 26 hours. */
enum { OFFSET_MIN = -25 * 3600 + 1, OFFSET_MAX = 26 * 3600 - 1 };

/* Files begin at the Big Bang, -2^59 s, at the earliest (RFC 8536 appendix A). */
#define SECOND_TOP (INT64_C(1) << 59)

struct change {
	int64_t second; /* since 1970, UTC */
	int32_t from, to;
};

struct zone {
	bool has_rule;
	struct zone_rule rule; /* after the last change */
	int32_t first_offset;  /* before the first */
	size_t n_changes;
	struct change changes[]; /* ascending */
};

/* The parts of one header and its block. */
struct tzif {
	int version;
	uint32_t n_isut, n_std, n_leaps, n_times, n_types, n_chars;
	struct span times, indexes, types;
	bool wide; /* times have 8 bytes */
};

struct zone *zone_free(struct zone *z)
{
	free(z);
	return NULL;
}

void zone_freep(struct zone **z)
{
	zone_free(*z);
}

static struct zone *zone_new(size_t n_changes)
{
	struct zone *z = calloc(1, sizeof(*z) + n_changes * sizeof(struct change));

	if (z)
		z->n_changes = n_changes;
	return z;
}

int zone_utc(struct zone **ret_zone)
{
	struct zone *z = zone_new(0);

	if (!z)
		return -ENOMEM;
	*ret_zone = z;
	return 0;
}

static bool take(struct span *s, uint64_t n, struct span *ret_piece)
{
	if (n > s->len)
		return false;
	*ret_piece = span_of(s->ptr, (size_t)n);
	*s = span_of(s->ptr + n, s->len - (size_t)n);
	return true;
}

static uint64_t load_be(const char *ptr, size_t width)
{
	uint64_t n = 0;

	for (size_t i = 0; i < width; i++)
		n = n << 8 | (unsigned char)ptr[i];
	return n;
}

static uint32_t load_u32(const char *ptr)
{
	return (uint32_t)load_be(ptr, 4);
}

static int64_t load_time(const struct tzif *t, size_t i)
{
	if (t->wide)
		return (int64_t)load_be(t->times.ptr + 8 * i, 8);
	return (int32_t)load_u32(t->times.ptr + 4 * i);
}

static bool take_header(struct span *s, struct tzif *t)
{
	struct span head;

	if (!take(s, HEADER_SIZE, &head) || !span_starts(head, SPAN_LIT("TZif")))
		return false;
	t->version = head.ptr[4] ? head.ptr[4] - '0' : 1; /* there is no '1' */
	t->n_isut = load_u32(head.ptr + 20);
	t->n_std = load_u32(head.ptr + 24);
	t->n_leaps = load_u32(head.ptr + 28);
	t->n_times = load_u32(head.ptr + 32);
	t->n_types = load_u32(head.ptr + 36);
	t->n_chars = load_u32(head.ptr + 40);
	return head.ptr[4] != '1' && t->version >= 1 && t->version <= 4;
}

/* Counts are 32 bits and widths small, so no product here leaves 64 bits. */
static bool take_block(struct span *s, struct tzif *t)
{
	uint64_t width = t->wide ? 8 : 4;
	struct span skipped;

	return take(s, t->n_times * width, &t->times) && take(s, t->n_times, &t->indexes) &&
	       take(s, t->n_types * (uint64_t)TYPE_SIZE, &t->types) &&
	       take(s, t->n_chars, &skipped) && take(s, t->n_leaps * (width + 4), &skipped) &&
	       take(s, t->n_std, &skipped) && take(s, t->n_isut, &skipped);
}

static bool counts_valid(const struct tzif *t)
{
	return t->n_types >= 1 && t->n_types <= 256 && t->n_chars >= 1 && t->n_leaps == 0 &&
	       (t->n_std == 0 || t->n_std == t->n_types) &&
	       (t->n_isut == 0 || t->n_isut == t->n_types);
}

static bool types_valid(const struct tzif *t)
{
	for (size_t i = 0; i < t->n_types; i++) {
		const char *type = t->types.ptr + i * TYPE_SIZE;
		int32_t offset = (int32_t)load_u32(type);

		if (offset < OFFSET_MIN || offset > OFFSET_MAX || (unsigned char)type[4] > 1 ||
			(unsigned char)type[5] >= t->n_chars)
			return false;
	}
	return true;
}

static int32_t type_offset(const struct tzif *t, size_t type)
{
	return (int32_t)load_u32(t->types.ptr + type * TYPE_SIZE);
}

static int read_changes(const struct tzif *t, struct zone *z)
{
	int32_t offset = type_offset(t, 0); /* RFC 8536: type 0 before the first change */

	z->first_offset = offset;
	for (size_t i = 0; i < t->n_times; i++) {
		struct change *change = &z->changes[i];
		size_t type = (unsigned char)t->indexes.ptr[i];

		if (type >= t->n_types)
			return ZONE_INVALID;
		*change = (struct change){load_time(t, i), offset, type_offset(t, type)};
		if (change->second < -SECOND_TOP || change->second > SECOND_TOP)
			return ZONE_INVALID;
		if (i && change->second <= change[-1].second)
			return ZONE_INVALID;
		offset = change->to;
	}
	return 0;
}

static int read_footer(struct span s, struct zone *z)
{
	if (s.len < 2 || s.len > FOOTER_MAX || s.ptr[0] != '\n' || s.ptr[s.len - 1] != '\n')
		return ZONE_INVALID;
	s = span_of(s.ptr + 1, s.len - 2);
	if (s.len == 0)
		return 0;
	z->has_rule = true;
	return zone_rule_parse(s, &z->rule);
}

int zone_parse(struct span tzif, struct zone **ret_zone)
{
	_cleanup_(zone_freep) struct zone *z = NULL;
	struct tzif t = {0};
	int r;

	if (!take_header(&tzif, &t) || !take_block(&tzif, &t))
		return ZONE_INVALID;
	if (t.version > 1) {
		t.wide = true;
		if (!take_header(&tzif, &t) || !take_block(&tzif, &t))
			return ZONE_INVALID;
	}
	if (!counts_valid(&t) || !types_valid(&t))
		return ZONE_INVALID;
	z = zone_new(t.n_times);
	if (!z)
		return -ENOMEM;
	r = read_changes(&t, z);
	if (!r && t.wide)
		r = read_footer(tzif, z);
	if (r)
		return r;
	*ret_zone = z;
	z = NULL;
	return 0;
}

/* When CHANGE takes place, by UTC or the local clock; see change_at in zone_rule.c. */
static int64_t change_second(const struct change *change, bool local)
{
	if (!local)
		return change->second;
	return change->second + (change->from > change->to ? change->from : change->to);
}

static int32_t offset_at(const struct zone *z, int64_t second, bool local)
{
	size_t low = 0, high = z->n_changes; /* changes before low are past, from high on not */

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (change_second(&z->changes[middle], local) <= second)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == z->n_changes && z->has_rule)
		return zone_rule_offset(&z->rule, second, local);
	return low ? z->changes[low - 1].to : z->first_offset;
}

static int64_t floor_seconds(int64_t at)
{
	return at / MS_SECOND - (at % MS_SECOND < 0);
}

/* AT moved by OFFSET seconds; what is beyond all time stays at its end. */
static int64_t shift(int64_t at, int64_t offset)
{
	int64_t moved;

	if (__builtin_add_overflow(at, offset * MS_SECOND, &moved))
		return offset < 0 ? INT64_MIN : INT64_MAX;
	return moved;
}

int32_t zone_offset(const struct zone *z, int64_t at)
{
	return offset_at(z, floor_seconds(at), false);
}

void zone_civil(const struct zone *z, int64_t at, struct civil *ret_c)
{
	civil_from_instant(shift(at, zone_offset(z, at)), ret_c);
}

int64_t zone_instant(const struct zone *z, const struct civil *c)
{
	int64_t local = civil_to_instant(c);

	return shift(local, -(int64_t)offset_at(z, floor_seconds(local), true));
}

/* The first instant with another offset than LOW has; there is one change up to HIGH. */
static int64_t find_change(const struct zone *z, int64_t low, int64_t high)
{
	int32_t offset = zone_offset(z, low);

	while (high - low > 1) {
		int64_t middle = low + (high - low) / 2;

		if (zone_offset(z, middle) == offset)
			low = middle;
		else
			high = middle;
	}
	return high;
}

int64_t zone_day_end(const struct zone *z, int64_t at)
{
	struct civil c, midnight;
	int64_t local, end, skipped;

	zone_civil(z, at, &c);
	midnight = (struct civil){.year = c.year, .month = c.month, .day = c.day + 1};
	local = civil_to_instant(&midnight);
	end = zone_instant(z, &midnight);
	/* A midnight inside a gap is read as some time after it; the day began with the change. */
	skipped = shift(end, zone_offset(z, end)) - local;
	if (skipped > 0)
		end = find_change(z, end - skipped, end);
	if (end > at)
		return end;
	/* The clock went back over a midnight, and AT lies behind the first of the two. */
	return shift(local, -(int64_t)zone_offset(z, at));
}
