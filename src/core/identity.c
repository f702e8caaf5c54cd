/* SPDX-License-Identifier: MIT */
/*
 * Every event asks for the kind of a key and whether a value is blocked, so both look at as few
 * bytes as they can: a key's kind ends at a colon near its begin, and two masks (lengths and first
 * bytes of what is blocked) let nearly every honest value pass without a search.
 */
#include "core/identity.h"

#include "base/hash.h"
#include "core/news.h"

#define ALL	  UINT32_MAX
#define EMAIL_BIT (1U << IDENTIFIER_EMAIL)
#define PHONE_BIT (1U << IDENTIFIER_PHONE)

/*
 * Texts that programs write where they know nobody, in byte order. First byte, text, kinds.
 * Source: the ids that PostHog refuses to merge ($identify, "illegal distinct ids") and those that
 * Segment blocks by default (Unify, identity resolution settings), and the usual test addresses.
 */
#define BLOCKED(X)                                                                                 \
	X('-', "-1", ALL)                                                                          \
	X('1', "123456789", PHONE_BIT)                                                             \
	X('1', "1234567890", PHONE_BIT)                                                            \
	X('[', "[object object]", ALL)                                                             \
	X('a', "a@a.com", EMAIL_BIT)                                                               \
	X('a', "anonymous", ALL)                                                                   \
	X('d', "distinct_id", ALL)                                                                 \
	X('d', "distinctid", ALL)                                                                  \
	X('e', "email", ALL)                                                                       \
	X('e', "email@example.com", EMAIL_BIT)                                                     \
	X('f', "false", ALL)                                                                       \
	X('g', "guest", ALL)                                                                       \
	X('g', "guest@guest.com", EMAIL_BIT)                                                       \
	X('i', "id", ALL)                                                                          \
	X('n', "n/a", ALL)                                                                         \
	X('n', "nan", ALL)                                                                         \
	X('n', "nil", ALL)                                                                         \
	X('n', "no@email.com", EMAIL_BIT)                                                          \
	X('n', "none", ALL)                                                                        \
	X('n', "none@none.com", EMAIL_BIT)                                                         \
	X('n', "not_authenticated", ALL)                                                           \
	X('n', "null", ALL)                                                                        \
	X('t', "test@example.com", EMAIL_BIT)                                                      \
	X('t', "test@test.com", EMAIL_BIT)                                                         \
	X('t', "test@test.de", EMAIL_BIT)                                                          \
	X('t', "true", ALL)                                                                        \
	X('u', "undefined", ALL)                                                                   \
	X('u', "unknown", ALL)

static const struct identity_blocked default_blocked[] = {
#define X(FIRST, TEXT, KINDS) {{TEXT, sizeof(TEXT) - 1}, KINDS},
	BLOCKED(X)
#undef X
};

#define KIND(ID, NAME, LIMIT, ONCE, PERSONAL)                                                      \
	[IDENTIFIER_##ID] = {{NAME, sizeof(NAME) - 1}, LIMIT, true, ONCE, PERSONAL, IDENTIFIER_##ID}

const struct identity IDENTITY_DEFAULT = {
	.kinds =
		{
			KIND(USER, "user", 5, false, true),
			KIND(CARD, "card", 5, false, true),
			KIND(EMAIL, "email", 10, false, true),
			KIND(PHONE, "phone", 10, false, true),
			KIND(ANONYMOUS, "anon", 200, false, false),
			KIND(ORDER, "order", 1000, false, false),
			KIND(DEVICE, "device", 50, true, false),
		},
	.n_kinds = IDENTIFIER_COUNT,
	.at = {0, 1, 2, 3, 4, 5, 6},
	.browser_from = 1U << IDENTIFIER_ANONYMOUS | 1U << IDENTIFIER_DEVICE,
	.browser_to = 1U << IDENTIFIER_USER,
	.blocked = default_blocked,
	.n_blocked = ARRAY_SIZE(default_blocked),
#define X(FIRST, TEXT, KINDS) | UINT64_C(1) << (sizeof(TEXT) - 1)
	.blocked_lengths = 0 BLOCKED(X),
#undef X
#define X(FIRST, TEXT, KINDS) | 1U << ((FIRST)&31)
	.blocked_firsts = 0 BLOCKED(X),
#undef X
	.zeros = ALL,
};

/* Where the name of KEY's kind ends: the first colon that could end one; 0 if there is none. */
static size_t kind_end(struct span key)
{
	size_t max = key.len <= IDENTITY_NAME_MAX ? key.len : IDENTITY_NAME_MAX + 1;
	const char *colon = max ? memchr(key.ptr, ':', max) : NULL;

	return colon ? (size_t)(colon - key.ptr) : 0;
}

size_t identity_kind_named(const struct identity *id, struct span name)
{
	size_t i = 0;

	while (i < id->n_kinds && !span_equal(id->kinds[i].name, name))
		i++;
	return i;
}

/* The kind that KEY begins with, and where its value begins; n_kinds: it is a bare user id. */
static size_t prefix_of(const struct identity *id, struct span key, size_t *ret_value)
{
	size_t end = kind_end(key);
	size_t kind = end ? identity_kind_named(id, span_of(key.ptr, end)) : id->n_kinds;

	*ret_value = kind < id->n_kinds ? end + 1 : 0;
	return kind;
}

size_t identity_kind_of(const struct identity *id, struct span key)
{
	size_t value, kind = prefix_of(id, key, &value);

	return kind < id->n_kinds ? kind : id->at[IDENTIFIER_USER];
}

struct span identity_value(const struct identity *id, struct span key)
{
	size_t value;

	(void)prefix_of(id, key, &value);
	return span_of(key.ptr + value, key.len - value);
}

bool identity_user_needs_prefix(const struct identity *id, struct span value)
{
	size_t at;

	return prefix_of(id, value, &at) < id->n_kinds || news_is_key(value);
}

int identity_compare(const struct identity *id, struct span a, struct span b)
{
	size_t of_a = identity_kind_of(id, a), of_b = identity_kind_of(id, b);

	if (of_a != of_b)
		return of_a < of_b ? -1 : 1;
	return span_compare(a, b);
}

static bool only_zeros(struct span value)
{
	for (size_t i = 0; i < value.len; i++)
		if (value.ptr[i] != '0' && value.ptr[i] != '-')
			return false;
	return true;
}

bool identity_is_address(struct span value)
{
	size_t at = value.len;

	while (at > 0 && value.ptr[at - 1] != '@')
		at--;
	return at > 1 && at < value.len;
}

bool identity_is_number(struct span value)
{
	size_t digits = 0;

	for (size_t i = 0; i < value.len; i++) {
		if ((unsigned char)value.ptr[i] >= 0x80)
			return true;
		digits += value.ptr[i] >= '0' && value.ptr[i] <= '9';
	}
	return digits >= IDENTITY_PHONE_DIGITS;
}

static char small(char c)
{
	if (c >= 'A' && c <= 'Z')
		c = (char)(c - 'A' + 'a');
	return c;
}

/* span_compare of the two, ASCII letters of VALUE taken as small ones. */
static int compare_small(struct span value, struct span text)
{
	size_t common = value.len < text.len ? value.len : text.len;

	for (size_t i = 0; i < common; i++) {
		unsigned char a = (unsigned char)small(value.ptr[i]);
		unsigned char b = (unsigned char)text.ptr[i];

		if (a != b)
			return a < b ? -1 : 1;
	}
	return (value.len > text.len) - (value.len < text.len);
}

static bool is_listed(const struct identity *id, size_t kind, struct span value)
{
	size_t low = 0, high = id->n_blocked;

	if (value.len > 63 || !(id->blocked_lengths >> value.len & 1) ||
		!(id->blocked_firsts >> (small(value.ptr[0]) & 31) & 1))
		return false;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = compare_small(value, id->blocked[mid].text);

		if (order == 0)
			return id->blocked[mid].kinds >> kind & 1;
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return false;
}

bool identity_is_blocked(const struct identity *id, size_t kind, struct span value)
{
	if (value.len == 0)
		return true;
	if ((value.ptr[0] == '0' || value.ptr[0] == '-') && id->zeros >> kind & 1 &&
		only_zeros(value))
		return true;
	if (kind == id->at[IDENTIFIER_EMAIL] && !identity_is_address(value))
		return true;
	if (kind == id->at[IDENTIFIER_PHONE] && !identity_is_number(value))
		return true;
	return is_listed(id, kind, value);
}

enum identity_shared identity_shared_class(const struct identity *id, struct span key)
{
	size_t low = 0, high = id->n_shared;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = span_compare(key, id->shared[mid].key);

		if (order == 0)
			return id->shared[mid].class;
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return IDENTITY_OWN;
}

enum identity_leave identity_may_link(
	const struct identity *id, unsigned rights, struct span who, struct span other)
{
	size_t from = identity_kind_of(id, other), to = identity_kind_of(id, who);

	if (!id->kinds[from].links || !id->kinds[to].links ||
		identity_shared_class(id, who) != IDENTITY_OWN ||
		identity_shared_class(id, other) != IDENTITY_OWN)
		return IDENTITY_NEVER_LINKS;
	if (rights & (LINK_TRUSTED | LINK_EXPLICIT))
		return IDENTITY_MAY_LINK;
	if (rights & LINK_BROWSER && id->browser_from >> from & 1 && id->browser_to >> to & 1)
		return IDENTITY_MAY_LINK;
	return IDENTITY_NO_RIGHT;
}

struct span identity_leave_word(enum identity_leave leave)
{
	static const struct span words[] = {
		[IDENTITY_MAY_LINK] = {"may_link", 8},
		[IDENTITY_NO_RIGHT] = {"no_right", 8},
		[IDENTITY_NEVER_LINKS] = {"never_links", 11},
	};

	return words[leave];
}

/* Each piece is hashed under the sum of those before it, with its length, so that none can be moved
 * into its neighbour. */
static uint64_t mix(uint64_t sum, struct span bytes)
{
	return siphash24((const uint64_t[]){sum, bytes.len}, bytes);
}

static uint64_t mix_number(uint64_t sum, uint64_t n)
{
	char bytes[8];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(n >> 8 * i);
	return mix(sum, span_of(bytes, sizeof(bytes)));
}

uint64_t identity_digest(const struct identity *id)
{
	uint64_t sum = mix(0, SPAN_LIT("waymark identity 1"));

	for (size_t i = 0; i < id->n_kinds; i++) {
		const struct identity_kind *k = &id->kinds[i];

		sum = mix(sum, k->name);
		sum = mix_number(sum, k->limit);
		sum = mix_number(sum, (uint64_t)k->links | (uint64_t)k->once << 1 |
					      (uint64_t)k->personal << 2 | (uint64_t)k->what << 3);
	}
	sum = mix_number(sum, (uint64_t)id->browser_from << 32 | id->browser_to);
	sum = mix_number(sum, (uint64_t)id->zeros << 32 | id->email_rules);
	sum = mix(sum, span_str(id->country));
	for (size_t i = 0; i < id->n_blocked; i++)
		sum = mix_number(mix(sum, id->blocked[i].text), id->blocked[i].kinds);
	for (size_t i = 0; i < id->n_shared; i++)
		sum = mix_number(mix(sum, id->shared[i].key), id->shared[i].class);
	return sum ? sum : 1;
}
