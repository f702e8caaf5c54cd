/* SPDX-License-Identifier: MIT */
/* Names in Redis, and the two small texts that stand in the log beside an event. */
#include "store/keys.h"

#include "base/instant.h"

#include "base/hash.h"
#include "codec/envelope.h"

/*
 * The key of the hash that gives a customer their partition: "waymark:" and "customer" as
 * little-endian words. Part of the data's format; a sender who crowds one partition on purpose
 * only slows that one down.
 */
static const uint64_t partition_key[2] = {
	UINT64_C(0x3a6b72616d796177), UINT64_C(0x72656d6f74737563)};

uint32_t partition_of(struct span customer, uint32_t n)
{
	assert(n > 0 && n <= PARTITIONS_MAX);
	return (uint32_t)(siphash24(partition_key, customer) % n);
}

void key_add(struct buf *out, uint32_t partition, const char *name)
{
	buf_add_str(out, "wm:{p");
	buf_add_u64(out, partition);
	buf_add_str(out, "}:");
	buf_add_str(out, name);
}

void key_add_id(struct buf *out, uint32_t partition, const char *name, struct span id)
{
	key_add(out, partition, name);
	buf_add_char(out, ':');
	buf_add_span(out, id);
}

bool key_parse(struct span key, struct key_parts *ret_parts)
{
	const struct span head = SPAN_LIT("wm:{p");
	const char *end = span_starts(key, head) ? memchr(key.ptr, '}', key.len) : NULL;
	size_t at = end ? (size_t)(end - key.ptr) : 0;
	uint64_t n;

	if (!end || key.len < at + 5 || end[1] != ':' || end[3] != ':' ||
		span_to_u64(span_of(key.ptr + head.len, at - head.len), PARTITIONS_MAX - 1, &n) !=
			0)
		return false;
	*ret_parts = (struct key_parts){(uint32_t)n, end[2], span_of(end + 4, key.len - at - 4)};
	return true;
}

/* A word ends at a blank; a source also at the slash before its channel. */
static bool source_valid(struct span source)
{
	for (size_t i = 0; i < source.len; i++)
		if ((unsigned char)source.ptr[i] <= ' ' || source.ptr[i] == '/')
			return false;
	return source.len > 0 && source.len <= SOURCE_MAX;
}

/* The letters behind the type, in their order. */
static const struct {
	char letter;
	unsigned link; /* LINK_…; 0: one of the two bools */
} flags[] = {{'b', 0}, {'t', 0}, {'l', LINK_TRUSTED}, {'x', LINK_EXPLICIT}, {'w', LINK_BROWSER}};

static bool flag_of(const struct log_meta *m, size_t i)
{
	return flags[i].link ? m->link_rights & flags[i].link : i == 0 ? m->machine : m->no_traits;
}

static bool has_flags(const struct log_meta *m)
{
	return m->machine || m->no_traits || m->link_rights;
}

void log_meta_add(struct buf *out, const struct log_meta *m)
{
	assert(source_valid(m->source));
	buf_add_span(out, m->source);
	buf_add_char(out, '/');
	buf_add_span(out, channel_name(m->channel));
	if (m->has_type || has_flags(m))
		buf_add_char(out, '/');
	if (m->has_type)
		buf_add_span(out, envelope_type_name(m->type));
	if (has_flags(m))
		buf_add_char(out, '/');
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (flag_of(m, i))
			buf_add_char(out, flags[i].letter);
	buf_add_char(out, ' ');
	buf_add_i64(out, m->recv_at);
	buf_add_char(out, ' ');
	if (m->sent_at == TIME_NEVER)
		buf_add_char(out, '-');
	else
		buf_add_i64(out, m->sent_at);
	if (m->context.len) {
		buf_add_char(out, ' ');
		buf_add_span(out, m->context);
	}
}

/* Takes what stands before the first SEPARATOR and the separator; all of S if there is none. */
static struct span take_until(struct span *s, char separator)
{
	const char *end = s->len ? memchr(s->ptr, separator, s->len) : NULL;
	struct span word = *s;

	if (!end) {
		*s = SPAN_EMPTY;
		return word;
	}
	word.len = (size_t)(end - s->ptr);
	*s = span_of(end + 1, s->len - word.len - 1);
	return word;
}

/* Decimal, the only way to write it: no plus, no zeros in front. */
static bool number_parse(struct span s, uint64_t max, uint64_t *ret_n)
{
	if (s.len > 1 && s.ptr[0] == '0')
		return false;
	return span_to_u64(s, max, ret_n) == 0;
}

static bool instant_ms_parse(struct span s, int64_t *ret_at)
{
	bool before = s.len > 1 && s.ptr[0] == '-';
	uint64_t ms;

	if (before)
		s = span_of(s.ptr + 1, s.len - 1);
	if (!number_parse(s, before ? (uint64_t)INT64_MAX + 1 : INT64_MAX, &ms))
		return false;
	if (before && ms == 0)
		return false;
	*ret_at = before ? (int64_t)(0 - ms) : (int64_t)ms;
	return true;
}

/* As take_until('/'), and whether there was a slash. */
static struct span take_part(struct span *s, bool *ret_more)
{
	*ret_more = s->len && memchr(s->ptr, '/', s->len);
	return take_until(s, '/');
}

/* Letters in their order, each at most once, and at least one. */
static bool parse_flags(struct span s, struct log_meta *m)
{
	size_t at = 0;

	for (size_t i = 0; i < ARRAY_SIZE(flags) && at < s.len; i++) {
		if (s.ptr[at] != flags[i].letter)
			continue;
		at++;
		if (i < 2)
			*(i == 0 ? &m->machine : &m->no_traits) = true;
		m->link_rights |= flags[i].link;
	}
	return s.len > 0 && at == s.len;
}

/* `TYPE` or `[TYPE]/FLAGS`; the flags in their order, and at least one. */
static bool parse_type_and_flags(struct span s, struct log_meta *m)
{
	bool flagged;
	struct span type = take_part(&s, &flagged);

	if (type.len > 0 || !flagged)
		m->has_type = envelope_type_of(type, &m->type);
	if ((type.len > 0 || !flagged) && !m->has_type)
		return false;
	if (!flagged)
		return true;
	return parse_flags(s, m);
}

int log_meta_parse(struct span s, struct log_meta *ret_m)
{
	struct log_meta m = {.sent_at = TIME_NEVER};
	struct span origin = take_until(&s, ' '), channel, recv, sent;
	bool more;
	bool slash = origin.len && memchr(origin.ptr, '/', origin.len);

	m.source = take_until(&origin, '/');
	channel = take_part(&origin, &more);
	m.channel = channel_of(channel);
	if (more && !parse_type_and_flags(origin, &m))
		return LOG_META_BAD;
	recv = take_until(&s, ' ');
	sent = take_until(&s, ' ');
	m.context = s;
	if (!slash || !source_valid(m.source) || (channel.len > 0 && m.channel == CHANNEL_UNKNOWN))
		return LOG_META_BAD;
	if (!instant_ms_parse(recv, &m.recv_at))
		return LOG_META_BAD;
	if (!span_is(sent, "-") && !instant_ms_parse(sent, &m.sent_at))
		return LOG_META_BAD;
	*ret_m = m;
	return 0;
}

#define BAD_COUNTER "quarantined/"

void bad_counter(struct span source, struct span reason, char out[BAD_COUNTER_SIZE])
{
	int n_source = (int)(source.len < SOURCE_MAX ? source.len : SOURCE_MAX);
	int n_reason = (int)(reason.len < 64 ? reason.len : 64);

	(void)snprintf(out, BAD_COUNTER_SIZE, BAD_COUNTER "%.*s/%.*s", n_source, source.ptr,
		n_reason, reason.ptr);
}

bool bad_counter_parse(struct span name, struct span *ret_source, struct span *ret_reason)
{
	const size_t n = sizeof(BAD_COUNTER) - 1;

	if (name.len <= n || memcmp(name.ptr, BAD_COUNTER, n) != 0)
		return false;
	name = span_of(name.ptr + n, name.len - n);
	*ret_source = take_until(&name, '/');
	*ret_reason = name;
	return true;
}

void rules_digest_format(uint64_t digest, char out[RULES_DIGEST_SIZE])
{
	(void)snprintf(out, RULES_DIGEST_SIZE, "%016llx", (unsigned long long)digest);
}

bool rules_digest_parse(struct span s, uint64_t *ret_digest)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t digest = 0;

	if (s.len != RULES_DIGEST_SIZE - 1)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		const char *digit = memchr(digits, s.ptr[i], sizeof(digits) - 1);

		if (!digit)
			return false;
		digest = digest << 4 | (uint64_t)(digit - digits);
	}
	*ret_digest = digest;
	return digest != 0;
}

void key_add_day(struct buf *out, uint32_t partition, int64_t at)
{
	char date[INSTANT_SIZE];

	instant_format(at, date);
	key_add_id(out, partition, "day", span_of(date, 10));
}

void log_id_format(struct log_id id, char out[LOG_ID_SIZE])
{
	int n = snprintf(out, LOG_ID_SIZE, "%llu-%llu", (unsigned long long)id.ms,
		(unsigned long long)id.seq);

	assert(n > 0 && n < LOG_ID_SIZE);
}

int log_id_parse(struct span s, struct log_id *ret_id)
{
	struct span ms = take_until(&s, '-');
	struct log_id id;

	if (!number_parse(ms, UINT64_MAX, &id.ms) || !number_parse(s, UINT64_MAX, &id.seq))
		return LOG_ID_BAD;
	*ret_id = id;
	return 0;
}
