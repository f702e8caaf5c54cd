/* SPDX-License-Identifier: MIT */
#include "program/rule_shelf.h"

#include "store/keys.h"

struct shelved {
	uint64_t digest;
	struct rules *rules; /* NULL: it cannot be had */
};

/* Who waits for a set that is on its way. */
struct wish {
	job_rules_ready_fn *fn;
	void *arg;
	struct wish *next;
};

/* A set on its way. */
struct errand {
	struct rule_shelf *shelf; /* NULL: it is gone */
	uint64_t digest;
	struct wish *wishes;
	struct errand *next;
};

struct rule_shelf {
	struct redis *redis;
	const struct log *log;
	struct rules *stand_in;
	struct shelved sets[RULE_SHELF_MAX]; /* the latest used first */
	size_t n_sets;
	struct errand *errands;
};

int rule_shelf_new(const struct log *log, struct rule_shelf **ret_shelf)
{
	struct rule_shelf *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->log = log;
	*ret_shelf = s;
	return 0;
}

static void drop_wishes(struct errand *e)
{
	while (e->wishes) {
		struct wish *w = e->wishes;

		e->wishes = w->next;
		free(w);
	}
}

struct rule_shelf *rule_shelf_free(struct rule_shelf *s)
{
	if (!s)
		return NULL;
	while (s->errands) {
		struct errand *e = s->errands;

		s->errands = e->next;
		e->shelf = NULL;
		drop_wishes(e);
	}
	for (size_t i = 0; i < s->n_sets; i++)
		rules_free(s->sets[i].rules);
	rules_free(s->stand_in);
	free(s);
	return NULL;
}

void rule_shelf_freep(struct rule_shelf **s)
{
	*s = rule_shelf_free(*s);
}

void rule_shelf_set_redis(struct rule_shelf *s, struct redis *redis)
{
	s->redis = redis;
}

void rule_shelf_stand_in(struct rule_shelf *s, struct rules *rules)
{
	rules_free(s->stand_in);
	s->stand_in = rules;
}

bool rule_shelf_has_stand_in(const struct rule_shelf *s)
{
	return s->stand_in;
}

/* ---- what is there ----------------------------------------------------------------------- */

/* Moved to the front; NULL: it was never brought. */
static const struct shelved *look(struct rule_shelf *s, uint64_t digest)
{
	for (size_t i = 0; i < s->n_sets; i++) {
		struct shelved found = s->sets[i];

		if (found.digest != digest)
			continue;
		memmove(s->sets + 1, s->sets, i * sizeof(found));
		s->sets[0] = found;
		return &s->sets[0];
	}
	return NULL;
}

/* Takes RULES; NULL: the set cannot be had. */
static void shelve(struct rule_shelf *s, uint64_t digest, struct rules *rules)
{
	if (s->n_sets == RULE_SHELF_MAX)
		rules_free(s->sets[--s->n_sets].rules);
	memmove(s->sets + 1, s->sets, s->n_sets * sizeof(s->sets[0]));
	s->sets[0] = (struct shelved){digest, rules};
	s->n_sets++;
}

const struct rules *rule_shelf_find(void *shelf, uint64_t digest)
{
	struct rule_shelf *s = shelf;
	const struct shelved *found = look(s, digest);

	return found && found->rules ? found->rules : s->stand_in;
}

/* ---- what is brought --------------------------------------------------------------------- */

static void complain(const struct rule_shelf *s, uint64_t digest)
{
	char name[RULES_DIGEST_SIZE];

	rules_digest_format(digest, name);
	if (s->log)
		log_error(s->log,
			"A set of rules that the log names is gone or of another version; those on "
			"the disk take its place.",
			LOG_FIELDS(log_str("set", name)));
}

/* 0, RULES_BAD: there is no such set; or -ENOMEM. */
static int read_set(const struct redis_value *reply, uint64_t digest, struct rules **ret_rules)
{
	struct file_problems *problems;
	int r;

	if (reply->type != REDIS_STRING || rule_set_digest(reply->text) != digest)
		return RULES_BAD;
	problems = malloc(sizeof(*problems));
	r = problems ? rule_set_of_text(reply->text, problems, ret_rules) : -ENOMEM;
	free(problems);
	return r;
}

/* What the server says for good is kept; what went wrong on the way is asked for again. */
static void take(struct rule_shelf *s, uint64_t digest, const struct redis_value *reply)
{
	struct rules *rules = NULL;
	int r;

	if (!reply || reply->type == REDIS_ERROR)
		return;
	r = read_set(reply, digest, &rules);
	if (r < 0)
		return;
	if (r > 0)
		complain(s, digest);
	shelve(s, digest, rules);
}

static void on_set(void *user, const struct redis_value *reply)
{
	struct errand *e = user, **at;

	if (!e->shelf) {
		free(e);
		return;
	}
	at = &e->shelf->errands;
	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	take(e->shelf, e->digest, reply);
	while (e->wishes) {
		struct wish *w = e->wishes;

		e->wishes = w->next;
		w->fn(w->arg);
		free(w);
	}
	free(e);
}

static int send(struct rule_shelf *s, struct errand *e)
{
	char name[RULES_DIGEST_SIZE];
	const struct span args[] = {
		SPAN_LIT("HGET"), SPAN_LIT("wm:rules"), span_of(name, RULES_DIGEST_SIZE - 1)};

	rules_digest_format(e->digest, name);
	return s->redis ? redis_command(s->redis, on_set, e, args, ARRAY_SIZE(args)) : -ENOTCONN;
}

/* The errand for DIGEST, on its way; NULL with *ret_r. */
static struct errand *errand_for(struct rule_shelf *s, uint64_t digest, int *ret_r)
{
	struct errand *e = s->errands;

	while (e && e->digest != digest)
		e = e->next;
	if (e)
		return e;
	e = calloc(1, sizeof(*e));
	*ret_r = -ENOMEM;
	if (!e)
		return NULL;
	e->shelf = s;
	e->digest = digest;
	*ret_r = send(s, e);
	if (*ret_r < 0) {
		free(e);
		return NULL;
	}
	e->next = s->errands;
	s->errands = e;
	return e;
}

static int bring(struct rule_shelf *s, uint64_t digest, job_rules_ready_fn *fn, void *arg)
{
	struct wish *w = calloc(1, sizeof(*w));
	struct errand *e;
	int r = -ENOMEM;

	e = w ? errand_for(s, digest, &r) : NULL;
	if (!e) {
		free(w);
		return r;
	}
	*w = (struct wish){fn, arg, e->wishes};
	e->wishes = w;
	return JOB_RULES_COMING;
}

int rule_shelf_have(void *shelf, uint64_t digest, job_rules_ready_fn *fn, void *arg)
{
	struct rule_shelf *s = shelf;

	if (digest != 0 && !look(s, digest))
		return bring(s, digest, fn, arg);
	return rule_shelf_find(s, digest) ? 0 : -ENOENT;
}
