/* SPDX-License-Identifier: MIT */
#include "sns.h"

#include "base/rate_limit.h"
#include "io/fetch.h"

#define PAGES	      64
#define KEEP_MS	      MS_DAY
#define WAITING_MAX   64
#define WAITING_BYTES ((size_t)16 << 20)
#define FETCH_RATE    10 /* a second … */
#define FETCH_BURST   20 /* … and at once */
#define LOG_EVERY_MS  (10 * MS_SECOND)

struct waiter {
	struct waiter *next;
	struct http_request *request;
	size_t bytes;
	char name[WRITE_KEY_NAME_MAX + 1];
};

struct page {
	struct sns *sns;
	struct buf url; /* empty: this place is free */
	struct buf text;
	bool fetching;
	int64_t at;	 /* when it came */
	int64_t used_at; /* when it was asked for last */
	struct waiter *waiters;
};

struct sns {
	struct loop *loop;
	struct sns_options options;
	struct fetcher *fetcher;
	struct rate_limit rate;
	struct page pages[PAGES];
	size_t n_waiting, bytes_waiting;
	int64_t logged_at;
};

/* sns.REGION.amazonaws.com, or that in China: one name between, of what regions are named with. */
static bool host_ok(void *arg, struct span host)
{
	static const struct span front = {"sns.", 4};
	static const struct span ends[] = {{".amazonaws.com", 14}, {".amazonaws.com.cn", 17}};

	(void)arg;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		size_t at = host.len - ends[i].len;

		if (host.len <= front.len + ends[i].len || !span_starts(host, front) ||
			!span_equal(span_of(host.ptr + at, ends[i].len), ends[i]))
			continue;
		if (!memchr(host.ptr + front.len, '.', at - front.len))
			return true;
	}
	return false;
}

int sns_new(struct loop *loop, const struct sns_options *options, struct sns **ret_sns)
{
	struct sns *s = calloc(1, sizeof(*s));
	struct fetch_options fetch;
	int r;

	if (!s)
		return -ENOMEM;
	s->loop = loop;
	s->options = *options;
	s->logged_at = -LOG_EVERY_MS;
	fetch_options_init(&fetch);
	fetch.host_ok = host_ok;
	fetch.connect_to = options->connect_to[0] ? options->connect_to : NULL;
	fetch.ca_file = options->ca_file[0] ? options->ca_file : NULL;
	r = fetcher_new(loop, &fetch, &s->fetcher);
	if (r < 0) {
		free(s);
		return r;
	}
	*ret_sns = s;
	return 0;
}

/* Hands back all that wait for PAGE, which may become another page's place meanwhile. */
static void hand_back(struct sns *s, struct page *page, bool there)
{
	struct waiter *w = page->waiters, *next;

	page->waiters = NULL;
	for (; w; w = next) {
		next = w->next;
		s->n_waiting--;
		s->bytes_waiting -= w->bytes;
		s->options.go_on(s->options.arg, w->request, w->name, there);
		free(w);
	}
}

static void page_clear(struct page *page)
{
	buf_release(&page->url);
	buf_release(&page->text);
	page->fetching = false;
}

struct sns *sns_free(struct sns *s)
{
	if (!s)
		return NULL;
	s->fetcher = fetcher_free(s->fetcher);
	for (size_t i = 0; i < PAGES; i++) {
		hand_back(s, &s->pages[i], false);
		page_clear(&s->pages[i]);
	}
	free(s);
	return NULL;
}

/* ---- pages --------------------------------------------------------------------------------- */

static struct page *find(struct sns *s, struct span url)
{
	for (size_t i = 0; i < PAGES; i++)
		if (s->pages[i].url.len > 0 && span_equal(buf_span(&s->pages[i].url), url))
			return &s->pages[i];
	return NULL;
}

/* A free place, else that of the page not asked for longest. There are more places than fetches. */
static struct page *place_for(struct sns *s, struct span url)
{
	struct page *best = NULL;

	for (size_t i = 0; i < PAGES; i++) {
		struct page *page = &s->pages[i];

		if (page->fetching)
			continue;
		if (page->url.len == 0) {
			best = page;
			break;
		}
		if (!best || page->used_at < best->used_at)
			best = page;
	}
	assert(best);
	page_clear(best);
	best->sns = s;
	buf_add_span(&best->url, url);
	return buf_failed(&best->url) < 0 ? NULL : best;
}

static void complain(struct sns *s, const struct http_answer *answer)
{
	int64_t now = loop_now_mono(s->loop);

	if (now - s->logged_at < LOG_EVERY_MS)
		return;
	s->logged_at = now;
	log_warn(s->options.log,
		"Cannot fetch what Amazon SNS named; its webhooks are told to come back.",
		LOG_FIELDS(log_int("status", answer->status), log_str("error", answer->error),
			log_str("advice",
				"The collector must reach https://sns.REGION.amazonaws.com: "
				"directly, or by [collector] sns_relay.")));
}

static void on_answer(void *user, const struct http_answer *answer)
{
	struct page *page = user;
	struct sns *s = page->sns;
	bool there = answer->status >= 200 && answer->status < 300;

	page->fetching = false;
	page->at = loop_now_mono(s->loop);
	if (!there)
		complain(s, answer);
	buf_add_span(&page->text, answer->body);
	there = there && buf_failed(&page->text) == 0;
	if (!there)
		page_clear(page);
	hand_back(s, page, there);
}

/* Begins to fetch URL, into PAGE or, if that is NULL, a place of its own. */
static int fetch(struct sns *s, struct span url, struct page **page)
{
	int64_t now = loop_now_mono(s->loop);
	int r;

	if (rate_limit_take(&s->rate, FETCH_RATE, FETCH_BURST, now, 1) > 0)
		return SNS_AWAY;
	if (!*page)
		*page = place_for(s, url);
	if (!*page)
		return -ENOMEM;
	buf_release(&(*page)->text);
	r = fetcher_get(s->fetcher, url, on_answer, *page);
	if (r == 0)
		(*page)->fetching = true;
	else
		page_clear(*page);
	return r > 0 ? SNS_AWAY : r;
}

/* ---- requests ------------------------------------------------------------------------------ */

static int wait(struct sns *s, struct page *page, const struct sns_ask *ask)
{
	struct waiter *w;

	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->request = ask->request;
	w->bytes = http_request_body(ask->request).len;
	(void)snprintf(w->name, sizeof(w->name), "%s", ask->name);
	w->next = page->waiters;
	page->waiters = w;
	s->n_waiting++;
	s->bytes_waiting += w->bytes;
	return SNS_WAIT;
}

static bool is_full(const struct sns *s, const struct sns_ask *ask)
{
	return s->n_waiting >= WAITING_MAX ||
	       s->bytes_waiting + http_request_body(ask->request).len > WAITING_BYTES;
}

int sns_get(struct sns *s, const struct sns_ask *ask, struct span *ret_text)
{
	struct page *page = find(s, ask->url);
	int64_t now = loop_now_mono(s->loop);
	int r = 0;

	if (page && !page->fetching && now - page->at < KEEP_MS) {
		page->used_at = now;
		*ret_text = buf_span(&page->text);
		return 0;
	}
	if (is_full(s, ask))
		return SNS_AWAY;
	if (!page || !page->fetching)
		r = fetch(s, ask->url, &page);
	if (r != 0)
		return r;
	page->used_at = now;
	return wait(s, page, ask);
}

void sns_forget(struct sns *s, struct span url)
{
	struct page *page = find(s, url);

	if (page && !page->fetching)
		page_clear(page);
}
