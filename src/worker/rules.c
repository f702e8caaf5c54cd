/* SPDX-License-Identifier: MIT */
/*
 * The rules that this worker works with. Which set is in force is a matter of the log: a set stands
 * in Redis under its digest, and an entry of each partition says from where on it counts, so that
 * several workers, a restart and a replay all change rules at the same place. A worker brings the
 * set that its files make and asks for whichever else a position or an entry names.
 */
#include "worker_parts.h"

#include "base/map.h"

/* A set with what decodes events for it. Kept as long as the worker, since there are few: one for
 * each change of the files. */
struct rule_set {
	uint64_t digest; /* of its text */
	struct rules *rules;
	struct event_decoder *decoder;
	bool borrowed; /* both are another set's, which stands in for this one */
	struct rule_set *next;
};

static struct rule_set *find(const struct worker *w, uint64_t digest)
{
	struct rule_set *s = w->sets;

	while (s && s->digest != digest)
		s = s->next;
	return s;
}

bool worker_find_rules(void *worker, uint64_t digest, const struct rules **ret_rules,
	const struct event_decoder **ret_decoder)
{
	struct worker *w = worker;
	struct rule_set *s = find(w, digest);

	if (!s)
		return false;
	*ret_rules = s->rules;
	*ret_decoder = s->decoder;
	return true;
}

static void set_freep(struct rule_set **s)
{
	if (!*s)
		return;
	if (!(*s)->borrowed) {
		event_decoder_free((*s)->decoder);
		rules_free((*s)->rules);
	}
	free(*s);
}

/* Takes RULES. 0 or -ENOMEM. */
static int add(struct worker *w, uint64_t digest, struct rules *rules)
{
	_cleanup_(set_freep) struct rule_set *s = NULL;

	if (find(w, digest)) {
		rules_free(rules);
		return 0;
	}
	s = calloc(1, sizeof(*s));
	if (!s) {
		rules_free(rules);
		return -ENOMEM;
	}
	s->digest = digest;
	s->rules = rules;
	if (event_decoder_new(&rules->fields, w->program.identity, &s->decoder) < 0)
		return -ENOMEM;
	s->next = w->sets;
	w->sets = s;
	s = NULL;
	return 0;
}

void worker_rules_release(struct worker *w)
{
	while (w->sets) {
		struct rule_set *s = w->sets;

		w->sets = s->next;
		set_freep(&s);
	}
	buf_release(&w->set_text);
}

static void log_problems(struct worker *w, const struct file_problems *problems)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct span rest;

	file_problems_text(problems, &text);
	if (buf_failed(&text) < 0)
		return;
	rest = buf_span(&text);
	while (rest.len > 0) {
		const char *end = memchr(rest.ptr, '\n', rest.len);
		size_t n = end ? (size_t)(end - rest.ptr) : rest.len;

		log_error(&w->program.log, "A rule cannot be used.",
			LOG_FIELDS(log_text("problem", span_of(rest.ptr, n))));
		n = end ? n + 1 : n;
		rest = span_of(rest.ptr + n, rest.len - n);
	}
}

int worker_read_rules(struct worker *w, struct span last)
{
	_cleanup_free_ struct file_problems *problems = malloc(sizeof(*problems));
	const struct rule_set_plan plan = {w->settings.rules, w->settings.store_zone, last};
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct rules *rules = NULL;
	uint64_t digest;
	size_t n;
	int r;

	if (!problems)
		return -1;
	r = rule_set_compose(&plan, problems, &text, &rules);
	if (r > 0)
		log_problems(w, problems);
	if (r != 0)
		return -1;
	digest = rule_set_digest(buf_span(&text));
	n = rules->n;
	if (add(w, digest, rules) < 0)
		return -1;
	if (digest != w->own_rules)
		log_info(&w->program.log, "Rules are loaded.",
			LOG_FIELDS(
				log_int("rules", (int64_t)n), log_str("from", w->settings.rules)));
	w->own_rules = digest;
	/* Only now: as long as the files are no good, the text is that of the set which stays. */
	buf_release(&w->set_text);
	w->set_text = text;
	text = BUF_INIT;
	return 0;
}

/* ---- to and from Redis ------------------------------------------------------------------- */

#define RULES_KEY "wm:rules"

static void on_kept(void *user, const struct redis_value *reply)
{
	struct worker *w = user;

	if (!reply)
		return; /* the next connection begins anew */
	if (reply->type == REDIS_ERROR) {
		log_error(&w->program.log, "Redis does not take the rules; tried again.",
			LOG_FIELDS(log_text("error", reply->text)));
		timer_set_in(&w->bring, MS_SECOND);
		return;
	}
	w->rules_kept = true;
	if (w->reloading)
		ownership_restart(w);
	w->reloading = false;
	ownership_beat(w);
}

/* The set by its name first, then the name of the latest: whoever reads the second finds the first.
 */
static void keep_own(struct worker *w)
{
	char name[RULES_DIGEST_SIZE];
	const struct span args[] = {SPAN_LIT("HSET"), SPAN_LIT(RULES_KEY),
		span_of(name, RULES_DIGEST_SIZE - 1), buf_span(&w->set_text), SPAN_LIT("active"),
		span_of(name, RULES_DIGEST_SIZE - 1)};

	rules_digest_format(w->own_rules, name);
	if (redis_command(w->redis, on_kept, w, args, ARRAY_SIZE(args)) < 0)
		timer_set_in(&w->bring, MS_SECOND);
}

static void on_last(void *user, const struct redis_value *reply)
{
	struct worker *w = user;

	if (!reply)
		return;
	if (reply->type == REDIS_ERROR)
		log_error(&w->program.log, "The rules in Redis cannot be read; tried again.",
			LOG_FIELDS(log_text("error", reply->text)));
	if (reply->type == REDIS_ERROR ||
		worker_read_rules(w, reply->type == REDIS_STRING ? reply->text : SPAN_EMPTY) < 0) {
		if (reply->type == REDIS_ERROR) {
			timer_set_in(&w->bring, MS_SECOND);
			return;
		}
		log_error(&w->program.log, "The rules stay as they were.", NULL);
		if (w->rules_kept)
			return;
	}
	keep_own(w);
}

static const char last_script[] = "#!lua flags=no-writes\n"
				  "local name = redis.call('HGET', KEYS[1], 'active')\n"
				  "return name and redis.call('HGET', KEYS[1], name)\n";

void worker_bring_rules(void *worker)
{
	struct worker *w = worker;
	const struct span args[] = {SPAN_LIT("EVAL"), span_of(last_script, sizeof(last_script) - 1),
		SPAN_LIT("1"), SPAN_LIT(RULES_KEY)};

	if (w->stopping || !redis_is_up(w->redis))
		return;
	if (redis_command(w->redis, on_last, w, args, ARRAY_SIZE(args)) < 0)
		timer_set_in(&w->bring, MS_SECOND);
}

/* ---- a set that a log names ---------------------------------------------------------------- */

/* The set in force cannot be had: it is better to go on with our own than to stand still. */
static void stand_in(struct worker *w, uint64_t digest)
{
	struct rule_set *own = find(w, w->own_rules), *s = calloc(1, sizeof(*s));
	char name[RULES_DIGEST_SIZE];

	if (!s)
		return; /* asked for again with the next beat */
	*s = *own;
	s->digest = digest;
	s->borrowed = true;
	s->next = w->sets;
	w->sets = s;
	rules_digest_format(digest, name);
	log_error(&w->program.log,
		"A set of rules that the log names is gone or of another version; this worker's "
		"own rules take its place.",
		LOG_FIELDS(log_str("set", name)));
}

static void on_set(void *user, const struct redis_value *reply)
{
	struct owned *o = user;
	struct worker *w = o->worker;
	_cleanup_free_ struct file_problems *problems = malloc(sizeof(*problems));
	struct rules *rules = NULL;

	if (o->state != OWNED_RULES)
		return;
	o->state = OWNED_NOT;
	if (!reply || !problems)
		return;
	if (reply->type != REDIS_STRING || rule_set_digest(reply->text) != o->wanted_rules ||
		rule_set_of_text(reply->text, problems, &rules) != 0)
		stand_in(w, o->wanted_rules);
	else
		(void)add(w, o->wanted_rules, rules);
	timer_set_in(&w->beat, 1);
}

void worker_want_rules(struct owned *o, uint64_t digest)
{
	struct worker *w = o->worker;
	char name[RULES_DIGEST_SIZE];
	const struct span args[] = {
		SPAN_LIT("HGET"), SPAN_LIT(RULES_KEY), span_of(name, RULES_DIGEST_SIZE - 1)};

	rules_digest_format(digest, name);
	o->wanted_rules = digest;
	o->state = OWNED_RULES;
	if (redis_command(w->redis, on_set, o, args, ARRAY_SIZE(args)) < 0)
		o->state = OWNED_NOT;
}
