/* SPDX-License-Identifier: MIT */
/*
 * Everything held of one customer, part by part onto a stream: where they stand, what names them
 * since when, who they were before they became one, the jobs about them and what became of those,
 * the bytes that senders sent, and the timeline of all who they were with every decision. What is
 * derived from these and only kept for speed (indexes, due times) is not said twice.
 *
 * Memory is one page of the timeline, of the log or of jobs, and the names: these are bounded
 * (identity limits), and have to be known before the rest can be told apart.
 */
#include "archive_tool.h"
#include "base/base64.h"
#include "base/instant.h"
#include "codec/job_view.h"
#include "codec/json_scan.h"
#include "codec/timeline_json.h"
#include "export_impl.h"
#include "rules_at_hand.h"
#include "timeline_print.h"

#define NAMES_PAGE "1000"

/* Of an identifier: what a set of all that lead there knows, or the journey. */
static const char *const states[] = {
	[ID_REFUSED] = "refused", [ID_CLAIMED] = "claimed", [ID_LINKED] = "linked"};

/* ---- writing ----------------------------------------------------------------------------- */

int export_flush(struct export *x)
{
	int r = buf_failed(&x->text);

	errno = 0;
	if (r == 0 && x->text.len && fwrite(x->text.ptr, 1, x->text.len, x->out) != x->text.len)
		r = errno ? -errno : -EIO;
	buf_reset(&x->text);
	return r;
}

void export_comma(struct export *x)
{
	buf_add_str(&x->text, x->n++ ? ",\n" : "\n");
}

void export_open(struct export *x, const char *name)
{
	x->n = 0;
	buf_printf(&x->text, "\"%s\":[", name);
}

int export_close(struct export *x)
{
	buf_add_str(&x->text, "\n],\n");
	return export_flush(x);
}

void export_text(struct export *x, const char *name, struct span value)
{
	buf_printf(&x->text, "\"%s\":", name);
	json_escape(value, &x->text);
}

void export_instant(struct export *x, const char *name, int64_t at)
{
	buf_printf(&x->text, "\"%s\":", name);
	if (at == INT64_MIN || at == TIME_NEVER) {
		buf_add_str(&x->text, "null");
		return;
	}
	buf_add_char(&x->text, '"');
	buf_add_instant(&x->text, at);
	buf_add_char(&x->text, '"');
}

void export_bytes(struct export *x, const char *name, struct span bytes)
{
	_cleanup_(buf_release) struct buf again = BUF_INIT, text = BUF_INIT;

	json_escape(bytes, &text);
	if (text.len > 2)
		json_unescape(span_of(text.ptr + 1, text.len - 2), &again);
	buf_printf(&x->text, "\"%s\":", name);
	if (span_equal(buf_span(&again), bytes)) {
		buf_add_span(&x->text, buf_span(&text));
	} else {
		buf_add_str(&x->text, "{\"base64\":\"");
		base64_encode(bytes, &x->text);
		buf_add_str(&x->text, "\"}");
	}
	x->text.failed |= text.failed || again.failed;
}

struct span export_field(const struct redis_value *fields, const char *name)
{
	for (size_t i = 0; i + 1 < fields->n_items; i += 2)
		if (span_is(fields->items[i].text, name))
			return fields->items[i + 1].text;
	return SPAN_EMPTY;
}

const struct redis_value *export_ask(
	struct export *x, const struct span *args, size_t n, struct arena *a)
{
	return tool_ask(x->tool, x->redis, args, n, a);
}

bool export_has(const struct export *x, struct span key)
{
	const char *state = key.len ? map_get(&x->names, key) : NULL;

	return state && strcmp(state, states[ID_REFUSED]) != 0;
}

/* A member of the document, another following. */
static void text_member(struct export *x, const char *name, struct span value)
{
	export_text(x, name, value);
	buf_add_str(&x->text, ",\n");
}

/* ---- names ------------------------------------------------------------------------------- */

static int list_name(struct export *x, struct span key)
{
	if (x->n_list == x->cap_list) {
		size_t cap = x->cap_list ? 2 * x->cap_list : 64;
		struct span *list = realloc(x->list, cap * sizeof(*list));

		if (!list)
			return -ENOMEM;
		x->list = list;
		x->cap_list = cap;
	}
	x->list[x->n_list++] = key;
	return 0;
}

static int add_name(struct export *x, struct span key, const char *state)
{
	struct span copy;
	int r;

	if (map_get(&x->names, key))
		return 0;
	copy = arena_copy(&x->arena, key);
	if (!copy.ptr)
		return -ENOMEM;
	x->partitions[partition_of(copy, x->tool->program.dataset.partitions)] = true;
	r = list_name(x, copy);
	return r ? r : map_put(&x->names, copy, (void *)(uintptr_t)state);
}

static void put_name(struct export *x, struct span key, const char *state, int64_t first_at)
{
	export_comma(x);
	buf_add_char(&x->text, '{');
	export_text(x, "key", key);
	buf_printf(&x->text, ",\"state\":\"%s\",", state);
	export_instant(x, "first_at", first_at);
	buf_add_char(&x->text, '}');
}

/* One that leads to them, if it was not named before. */
static int take_name(struct export *x, struct span key)
{
	if (key.len == 0 || key.len > CUSTOMER_MAX || map_get(&x->names, key))
		return 0;
	put_name(x, key, "linked", INT64_MIN);
	return add_name(x, key, "linked");
}

/* A job that is theirs since then lies where it was made. */
static int add_apart(struct export *x, struct span key)
{
	struct span copy;

	if (map_get(&x->apart, key))
		return 0;
	copy = arena_copy(&x->arena, key);
	if (!copy.ptr)
		return -ENOMEM;
	x->partitions[partition_of(copy, x->tool->program.dataset.partitions)] = true;
	return map_put(&x->apart, copy, x);
}

/* What the journey knows of them. */
static int put_known_names(struct export *x, const struct journey *j)
{
	int r = add_name(x, x->customer, "customer");

	put_name(x, x->customer, "customer", INT64_MIN);
	for (size_t i = 0; i < j->n_ids && r == 0; i++) {
		const struct customer_id *id = &j->ids[i];

		put_name(x, text_span(id->key), states[id->state], id->first_at);
		/* Who was refused is somebody else. */
		if (id->state != ID_REFUSED)
			r = add_name(x, text_span(id->key), states[id->state]);
	}
	for (size_t i = 0; i < j->n_parts && r == 0; i++)
		r = take_name(x, text_span(j->parts[i].key));
	for (size_t i = 0; i < j->n_apart && r == 0; i++)
		r = add_apart(x, text_span(j->apart[i].key));
	return r;
}

static int take_names(struct export *x, const struct redis_value *keys)
{
	int r = 0;

	for (size_t i = 0; i < keys->n_items && r == 0; i++)
		r = take_name(x, keys->items[i].text);
	return r;
}

/* All that ever led to CUSTOMER. */
static int put_set(struct export *x, struct span customer)
{
	_cleanup_(buf_release) struct buf key = BUF_INIT;
	char cursor[24] = "0";
	int r = 0;

	key_add_id(
		&key, partition_of(customer, x->tool->program.dataset.partitions), "ids", customer);
	do {
		_cleanup_(arena_release) struct arena a;
		const struct span args[] = {SPAN_LIT("SSCAN"), buf_span(&key), span_str(cursor),
			SPAN_LIT("COUNT"), SPAN_LIT(NAMES_PAGE)};
		const struct redis_value *reply;

		arena_init(&a);
		reply = tool_ask(x->tool, x->redis, args, ARRAY_SIZE(args), &a);
		if (!reply || reply->n_items != 2 || reply->items[0].text.len >= sizeof(cursor))
			return -EIO;
		memcpy(cursor, reply->items[0].text.ptr, reply->items[0].text.len);
		cursor[reply->items[0].text.len] = '\0';
		r = take_names(x, &reply->items[1]);
		r = r ? r : export_flush(x);
	} while (r == 0 && strcmp(cursor, "0") != 0);
	return r;
}

/* ---- the customer ------------------------------------------------------------------------ */

static void put_parts(struct export *x, const struct journey *j)
{
	x->n = 0;
	buf_add_str(&x->text, "\"merged\":[");
	for (size_t i = 0; i < j->n_parts; i++) {
		export_comma(x);
		buf_add_str(&x->text, "{\"customer\":");
		json_escape(text_span(j->parts[i].key), &x->text);
		buf_add_str(&x->text, ",\"sealed_entries\":");
		buf_add_u64(&x->text, j->parts[i].sealed_n);
		buf_add_char(&x->text, '}');
	}
	buf_add_str(&x->text, "\n],\n");
}

static void on_customer(void *user, int r, const struct query_answer *a)
{
	struct export *x = user;

	x->r = r;
	if (r != 0)
		return;
	x->customer = arena_copy(&x->arena, a->customer);
	if (!x->customer.ptr) {
		x->r = -ENOMEM;
		return;
	}
	export_instant(x, "exported_at", a->now);
	buf_add_str(&x->text, ",\n");
	text_member(x, "matched", a->matched);
	text_member(x, "customer", a->customer);
	buf_add_str(&x->text, "\"state\":");
	x->r = journey_json(a->record, &x->lapse, a->now, &x->text);
	buf_add_str(&x->text, ",\n");
	put_parts(x, a->record->journey);
	x->r = x->r ? x->r : export_sends(x, a->record->journey);
	export_open(x, "identifiers");
	if (x->r == 0)
		x->r = put_known_names(x, a->record->journey);
}

static int settle(struct export *x, int asked)
{
	int r = asked ? asked : query_wait(x->source, x->tool->program.loop);

	r = r ? r : x->r;
	return r ? r : export_flush(x);
}

/* Up to the names, those of the sets too. */
static int put_customer(struct export *x, struct span id)
{
	const struct query_ask ask = {.id = id, .fn = on_customer, .user = x, .orders = true};
	int r;

	buf_add_str(&x->text, "{\"export\":1,\n");
	text_member(x, "asked", id);
	r = settle(x, query_customer(x->source, &ask));
	/* Who became part of them was led to by others. */
	for (size_t i = 0; i < x->n_list && r == 0; i++)
		r = put_set(x, x->list[i]);
	return r ? r : export_close(x);
}

/* ---- jobs -------------------------------------------------------------------------------- */

/* What has become of the job: every outcome that was reported, when. */
static void put_outcomes(struct export *x, const struct redis_value *fields)
{
	bool more = false;

	buf_add_str(&x->text, ",\"outcomes\":{");
	for (size_t i = 0; i + 1 < fields->n_items; i += 2) {
		struct span name = fields->items[i].text;
		uint64_t at;

		if (!span_starts(name, SPAN_LIT("x:")) ||
			span_to_u64(fields->items[i + 1].text, INT64_MAX, &at) != 0)
			continue;
		buf_add_str(&x->text, more ? "," : "");
		json_escape(span_of(name.ptr + 2, name.len - 2), &x->text);
		buf_add_str(&x->text, ":\"");
		buf_add_instant(&x->text, (int64_t)at);
		buf_add_char(&x->text, '"');
		more = true;
	}
	buf_add_char(&x->text, '}');
}

static void put_some(struct export *x, const char *name, struct span value)
{
	if (value.len == 0)
		return;
	buf_add_char(&x->text, ',');
	export_text(x, name, value);
}

static int put_job(struct export *x, const struct their_job *job)
{
	_cleanup_(buf_release) struct buf key = BUF_INIT;
	_cleanup_(arena_release) struct arena a;
	const struct redis_value *fields;
	struct span whose;
	uint64_t sent;

	arena_init(&a);
	key_add_id(&key, job->partition, "job", job->id);
	fields = export_ask(x, (const struct span[]){SPAN_LIT("HGETALL"), buf_span(&key)}, 2, &a);
	if (!fields)
		return -EIO;
	/* Whose it is stands there, once it is known to be somebody's. */
	whose = export_field(fields, "c");
	if (whose.len > 0 ? !export_has(x, whose) : !job->named)
		return 0;
	export_comma(x);
	buf_add_str(&x->text, "{\"job\":");
	buf_add_span(&x->text, job->json);
	put_some(x, "state", export_field(fields, "s"));
	buf_add_char(&x->text, ',');
	export_instant(x, "emitted_at", job->at);
	buf_add_str(&x->text, ",\"taken_by\":");
	if (export_field(fields, "by").len)
		json_escape(export_field(fields, "by"), &x->text);
	else
		buf_add_str(&x->text, "null");
	put_some(x, "reason", export_field(fields, "r"));
	if (span_to_u64(export_field(fields, "da"), INT64_MAX, &sent) == 0) {
		buf_add_char(&x->text, ',');
		export_instant(x, "sent_at", (int64_t)sent);
	}
	put_outcomes(x, fields);
	buf_add_char(&x->text, '}');
	return export_flush(x);
}

static bool is_apart(const struct export *x, struct span key)
{
	return key.len > 0 && map_get(&x->apart, key);
}

/* Is the job of E about one of their names, or was it made when they were somebody else's? It is
 * kept until it can be asked whose it is, and what became of it. */
static int keep_job(struct export *x, const struct job_entry *e)
{
	_cleanup_(arena_release) struct arena a;
	struct their_job *job;
	struct job_view v;
	int r;

	arena_init(&a);
	r = e->json.len ? job_view_read(e->json, &a, &v) : JOB_VIEW_BAD;
	if (r != 0 ||
		!(export_has(x, v.customer) || is_apart(x, v.customer) || is_apart(x, v.whose)))
		return r < 0 ? r : 0;
	assert(x->n_jobs < ARRAY_SIZE(x->jobs));
	job = &x->jobs[x->n_jobs++];
	*job = (struct their_job){.partition = e->partition,
		.at = (int64_t)e->at.ms,
		.named = export_has(x, v.customer),
		.id = arena_copy(&x->page, e->id),
		.json = arena_copy(&x->page, e->json)};
	return job->id.ptr && job->json.ptr ? 0 : -ENOMEM;
}

static void on_jobs(void *user, int r, const struct job_page *page, const char *words)
{
	struct export *x = user;

	x->asked = false;
	if (r != 0) {
		tool_say(&x->tool->program, 0, "cannot read the jobs: %s.", words);
		x->r = -EIO;
		return;
	}
	for (size_t i = 0; i < page->n && x->r == 0; i++)
		x->r = keep_job(x, &page->entries[i]);
	x->more_jobs = page->more;
	if (page->n > 0)
		x->jobs_after = page->entries[page->n - 1].at;
}

static int put_jobs_of(struct export *x, uint32_t partition)
{
	int r = 0;

	x->jobs_after = (struct log_id){0, 0};
	do {
		const struct job_ask ask = {.partition = partition,
			.max = JOB_PAGE_MAX,
			.after = x->jobs_after,
			.fn = on_jobs,
			.user = x};

		x->more_jobs = false;
		x->n_jobs = 0;
		arena_reset(&x->page);
		r = job_list(x->redis, &ask);
		x->asked = r == 0;
		while (r == 0 && x->asked)
			r = loop_turn(x->tool->program.loop, true);
		r = r ? r : x->r;
		for (size_t i = 0; i < x->n_jobs && r == 0; i++)
			r = put_job(x, &x->jobs[i]);
	} while (r == 0 && x->more_jobs && !x->tool->program.stopping);
	return r;
}

static int put_jobs(struct export *x)
{
	uint32_t partitions = x->tool->program.dataset.partitions;
	int r = 0;

	export_open(x, "jobs");
	for (uint32_t i = 0; i < partitions && r == 0; i++)
		if (x->partitions[i])
			r = put_jobs_of(x, i);
	return r ? r : export_close(x);
}

/* ---- the timeline ------------------------------------------------------------------------ */

static void on_page(void *user, int r, const struct query_answer *a)
{
	struct export *x = user;

	for (size_t i = 0; r == 0 && i < a->n_entries; i++) {
		export_comma(x);
		r = timeline_json(&a->entries[i], a->customer, &x->text);
	}
	if (r == 0)
		memcpy(x->next, a->next, strlen(a->next) + 1);
	x->r = r;
}

static int put_timeline(struct export *x)
{
	const struct query_ask ask = {.id = x->customer, .fn = on_page, .user = x};
	struct timeline_query query = TIMELINE_QUERY_ALL;
	int r;

	query.limit = TIMELINE_PAGE_MAX;
	export_open(x, "timeline");
	do {
		char cursor[TIMELINE_CURSOR_SIZE];

		memcpy(cursor, x->next, sizeof(cursor));
		r = settle(x, query_timeline(x->source, &ask, &query, span_str(cursor)));
	} while (r == 0 && x->next[0] && !x->tool->program.stopping);
	buf_add_str(&x->text, "\n]}\n");
	return r ? r : export_flush(x);
}

/* ------------------------------------------------------------------------------------------- */

static void export_release(struct export *x)
{
	query_source_free(x->source);
	buf_release(&x->text);
	free(x->list);
	arena_release(&x->page);
	map_release(&x->apart);
	map_release(&x->names);
	arena_release(&x->arena);
}

static int say(const struct export *x, int r)
{
	static const char *const words[] = {
		[QUERY_NO_CUSTOMER] = "nothing is known of such a customer",
		[QUERY_BAD_CURSOR] = "the customer has become another meanwhile; export again",
		[QUERY_BAD_LIMIT] = "a page of that size there is not",
		[QUERY_AWAY] = "Redis does not answer",
		[QUERY_REFUSED] = "Redis refused to answer",
		[QUERY_CORRUPT] = "what is stored of the customer cannot be read",
		[QUERY_UNWANTED] = "nobody asked",
		[QUERY_SEVERAL] = QUERY_SEVERAL_WORDS,
	};

	if (r == -EPIPE) /* whoever read has seen enough */
		return STATUS_FOUND;
	return tool_say(&x->tool->program, STATUS_FOUND, "%s.", r < 0 ? strerror(-r) : words[r]);
}

int customer_export(struct tool *t, struct redis *redis, const struct customer_ask *ask)
{
	static int (*const parts[])(struct export * x) = {export_links, export_snapshots,
		export_suppressed, put_jobs, export_originals, export_archived, export_quarantine,
		put_timeline};
	static const uint64_t seed[2] = {0x77617966, 0x6d61726b};
	_cleanup_(archive_dir_release) struct archive_dir archive = {.path = NULL};
	_cleanup_(export_release) struct export x = {.tool = t, .redis = redis, .out = stdout};
	int r;

	arena_init(&x.arena);
	arena_init(&x.page);
	map_init(&x.apart, seed);
	map_init(&x.names, seed);
	if (ask->archive[0]) {
		if (archive_open_own(t, ask->archive, &archive))
			return STATUS_FOUND;
		x.archive = &archive;
	}
	r = tool_query(t, redis, &x.source);
	if (r < 0)
		return say(&x, r);
	x.lapse = lapse_at_hand(t, redis);
	if (customer_note(t, redis, ask, "export"))
		return STATUS_FOUND;
	r = put_customer(&x, ask->customer);
	for (size_t i = 0; i < ARRAY_SIZE(parts) && r == 0; i++)
		r = parts[i](&x);
	if (r == 0 && t->program.stopping)
		return tool_say(&t->program, STATUS_FOUND, "stopped; the document is not whole.");
	if (r == 0 && x.archive_faults > 0)
		return tool_say(&t->program, STATUS_FOUND,
			"the archive has faults; `waymark archive check` says what is wrong.");
	return r ? say(&x, r) : STATUS_DONE;
}
