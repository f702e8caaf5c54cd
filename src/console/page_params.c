/* SPDX-License-Identifier: MIT */
#include "page_params.h"

#include "base/instant.h"
#include "io/url.h"

void page_params_init(struct page_params *p)
{
	*p = (struct page_params){.query = TIMELINE_QUERY_ALL};
	arena_init(&p->arena);
}

void page_params_release(struct page_params *p)
{
	arena_release(&p->arena);
}

/* Each takes a value that is not empty and lives as long as P. False: it will not do. */

static bool set_limit(struct page_params *p, struct span value)
{
	uint64_t n;

	if (span_to_u64(value, TIMELINE_PAGE_MAX, &n) || n == 0)
		return false;
	p->query.limit = (uint32_t)n;
	return true;
}

static bool set_cursor(struct page_params *p, struct span value)
{
	p->cursor = value;
	return value.len < TIMELINE_CURSOR_SIZE;
}

static bool set_from(struct page_params *p, struct span value)
{
	return instant_parse(value, &p->query.from_at) == 0;
}

static bool set_to(struct page_params *p, struct span value)
{
	return instant_parse(value, &p->query.to_at) == 0;
}

static bool set_channel(struct page_params *p, struct span value)
{
	p->query.channel = channel_of(value);
	return p->query.channel != CHANNEL_UNKNOWN;
}

static bool set_event(struct page_params *p, struct span value)
{
	p->query.event = value;
	return value.len <= PAGE_EVENT_MAX;
}

static bool set_kind(struct page_params *p, struct span value)
{
	if (span_is(value, "event"))
		p->query.kinds = 1u << ENTRY_EVENT;
	else if (span_is(value, "decision"))
		p->query.kinds = 1u << ENTRY_DECISION;
	return p->query.kinds != 0;
}

#define TEXT_OF(NUMBER)	 #NUMBER
#define TEXT_FOR(NUMBER) TEXT_OF(NUMBER) /* of what a macro stands for */
#define INSTANT_HELP                                                                               \
	"is an instant such as 2026-11-21 or 2026-11-21T18:58:53.120Z; a + in it is written %2B"

static const struct param {
	const char *name;
	bool (*set)(struct page_params *p, struct span value);
	const char *help; /* goes on from the name */
} params[] = {
	{"limit", set_limit, "is a whole number from 1 to " TEXT_FOR(TIMELINE_PAGE_MAX)},
	{"cursor", set_cursor, "is what `next` said on a page of this customer"},
	{"from", set_from, INSTANT_HELP},
	{"to", set_to, INSTANT_HELP},
#define X(ID, NAME) " " NAME
	{"channel", set_channel, "is one of these:" CHANNELS(X)},
#undef X
	{"event", set_event,
		"is the name of an event, at most " TEXT_FOR(PAGE_EVENT_MAX) " bytes of it"},
	{"kind", set_kind, "is event or decision"},
};

/* The name as far as there is room, and what may be done about it. */
static int fault(struct page_fault *f, struct span name, const char *start, const char *rest)
{
	size_t len = name.len < sizeof(f->name) ? name.len : sizeof(f->name) - 1;

	if (len)
		memcpy(f->name, name.ptr, len);
	f->name[len] = '\0';
	(void)snprintf(f->message, sizeof(f->message), "%s%s%s.", start, start[0] ? " " : "", rest);
	return PAGE_PARAMS_BAD;
}

void page_cursor_fault(struct page_fault *ret_fault)
{
	const struct param *cursor = &params[1];

	assert(cursor->set == set_cursor);
	fault(ret_fault, span_str(cursor->name), cursor->name, cursor->help);
}

/* Decodes S into P's arena. 0, PAGE_PARAMS_BAD or -ENOMEM. */
static int decode(struct page_params *p, struct span s, struct span *ret_text)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct span copy;

	if (url_decode(&text, s, true))
		return PAGE_PARAMS_BAD;
	if (buf_failed(&text) < 0)
		return -ENOMEM;
	copy = arena_copy(&p->arena, buf_span(&text));
	if (!copy.ptr)
		return -ENOMEM;
	*ret_text = copy;
	return 0;
}

static const struct param *find(struct span name)
{
	for (size_t i = 0; i < ARRAY_SIZE(params); i++)
		if (span_is(name, params[i].name))
			return &params[i];
	return NULL;
}

/* SEEN has a bit for each row that was given. */
static int read_one(struct page_params *p, struct span raw_name, struct span raw_value,
	unsigned *seen, struct page_fault *f)
{
	const struct param *param;
	struct span name, value;
	int r = decode(p, raw_name, &name);

	if (r > 0)
		return fault(f, raw_name, "", "A % stands before two hex digits, other than 00");
	if (r < 0)
		return r;
	param = find(name);
	if (!param)
		return fault(f, name, "There is no such parameter; there are",
			"limit, cursor, from, to, channel, event and kind");
	if (*seen & 1u << (param - params))
		return fault(f, name, param->name, "is given twice");
	*seen |= 1u << (param - params);
	r = decode(p, raw_value, &value);
	if (r < 0)
		return r;
	if (r > 0 || (value.len > 0 && !param->set(p, value)))
		return fault(f, name, param->name, param->help);
	return 0;
}

int page_params_read(struct page_params *p, struct span query, struct page_fault *ret_fault)
{
	struct span name, value;
	unsigned seen = 0;

	while (url_next_param(&query, &name, &value) == 0) {
		int r = read_one(p, name, value, &seen, ret_fault);

		if (r != 0)
			return r;
	}
	return 0;
}
