/* SPDX-License-Identifier: MIT */
/*
 * The guard of the data set. A Redis that was emptied, restored from an old copy or simply mistyped
 * answers every command with confidence; a role that believed it would acknowledge events into
 * nowhere and fire old timers again. So every new connection first says whose data it holds, and
 * only a program that need not fear the answer goes on.
 */
#include "program_link.h"

struct program_link {
	struct program *program;
	struct redis *redis;
	struct redis_options options; /* as the caller gave them */
	bool away;		      /* said so in the log */
};

/* What to do about it; the outcome itself is said by the store. */
static const char *advice(const struct program *p, int outcome)
{
	bool known = p->common.dataset[0] || p->dataset.id[0];

	switch (outcome) {
	case DATASET_MISSING:
		return known ? "This Redis is empty: restore its append-only file, or correct "
			       "[redis] address. Nothing was written to it."
			     : "Start with `waymark up`, which creates a data set.";
	case DATASET_FOREIGN:
		return "Correct [redis] address, or [redis] dataset if the data set was changed on "
		       "purpose. Nothing was written to it.";
	case DATASET_IDENTITY:
		if (p->spec->tool)
			return "Name the identity.json that the data set was made with: --identity "
			       "FILE, or [identity] file in the configuration.";
		return "Start every role with the identity.json that the data set was made with "
		       "([identity] file). If the change is meant, stop all roles first and let it "
		       "count: `waymark identity adopt`. Keys of customers follow from it: "
		       "who is found under another key from then on begins anew.";
	case DATASET_FORMAT:
		return "Use the version of Waymark that wrote it.";
	}
	return "";
}

static void refuse_dataset(struct program_link *link, int r, const char *words)
{
	struct program *p = link->program;
	char address[REDIS_ADDRESS_TEXT];

	redis_address_format(redis_get_address(link->redis), address);
	program_fail(p, "Redis does not hold our data set.",
		LOG_FIELDS(log_str("address", address), log_str("reason", words),
			log_str("advice", advice(p, r))));
}

static void on_agreed(void *user, int r, const struct dataset *d, const char *words)
{
	struct program_link *link = user;
	struct program *p = link->program;
	char address[REDIS_ADDRESS_TEXT];

	if (r == DATASET_UNKNOWN) {
		redis_refuse(link->redis, "no answer to the question for the settings of identity");
		return;
	}
	if (r != 0) {
		refuse_dataset(link, r, words);
		return;
	}
	if (p->dataset.id[0] == '\0')
		p->dataset = *d;
	link->away = false;
	redis_address_format(redis_get_address(link->redis), address);
	log_info(&p->log, "Connected to Redis.",
		LOG_FIELDS(log_str("address", address), log_str("dataset", d->id)));
	redis_accept(link->redis);
}

/*
 * Roles make keys, and so have to agree on what they follow from. A tool that reads by other
 * settings would miss customers, and what an erasure or an export misses nobody sees.
 */
static void on_dataset(void *user, int r, const struct dataset *d, const char *words)
{
	struct program_link *link = user;
	struct program *p = link->program;

	if (r == DATASET_UNKNOWN) {
		redis_refuse(link->redis, "no answer to the question for the data set");
		return;
	}
	if (r != 0) {
		refuse_dataset(link, r, words);
		return;
	}
	if (p->spec->any_identity) {
		on_agreed(link, 0, d, "");
		return;
	}
	r = dataset_agree(
		link->redis, d, identity_digest(p->identity), !p->spec->tool, on_agreed, link);
	if (r < 0)
		redis_refuse(link->redis, strerror(-r));
}

static void on_check(void *user)
{
	struct program_link *link = user;
	struct program *p = link->program;
	const char *expected = p->common.dataset[0] ? p->common.dataset : NULL;
	int r;

	/* A second connection may be checked while the program is ending because of the first. */
	if (p->finished)
		return;
	if (p->dataset.id[0])
		expected = p->dataset.id;
	r = dataset_check(link->redis, expected, on_dataset, link);
	if (r < 0)
		redis_refuse(link->redis, strerror(-r));
}

static void on_up(void *user)
{
	struct program_link *link = user;

	if (link->options.on_up)
		link->options.on_up(link->options.user);
}

static void on_down(void *user, const char *reason)
{
	struct program_link *link = user;
	struct program *p = link->program;
	char address[REDIS_ADDRESS_TEXT];

	redis_address_format(redis_get_address(link->redis), address);
	if (!link->away && !p->spec->tool)
		log_warn(&p->log, "Redis is away; trying again until it is back.",
			LOG_FIELDS(log_str("address", address), log_str("reason", reason)));
	link->away = true;
	if (link->options.on_down)
		link->options.on_down(link->options.user, reason);
}

static bool dataset_is_id(const char *s)
{
	return strlen(s) == DATASET_ID_SIZE - 1 &&
	       strspn(s, "0123456789abcdef") == DATASET_ID_SIZE - 1;
}

static int misused(struct program *p, const char *message, const char *advice)
{
	log_error(&p->log, message, LOG_FIELDS(log_str("advice", advice)));
	program_finish(p, STATUS_USAGE);
	return PROGRAM_EXIT;
}

static int add_link(struct program *p, const struct redis_options *options, size_t place)
{
	struct redis_options own = *options;
	struct program_link *link;
	int r;

	if (redis_address_parse(span_str(p->common.redis), &own.address))
		return misused(p, "The address of Redis cannot be read.",
			"[redis] address is a path, host:port or redis://user:password@host:port.");
	if (p->common.dataset[0] && !dataset_is_id(p->common.dataset))
		return misused(p, "The id of the data set cannot be read.",
			"[redis] dataset is 32 hex digits, in lower case.");
	link = calloc(1, sizeof(*link));
	if (!link)
		return program_fail(p, "Out of memory.", NULL);
	link->program = p;
	link->options = *options;
	own.user = link;
	own.on_check = on_check;
	own.on_up = on_up;
	own.on_down = on_down;
	r = redis_new(p->loop, &own, &link->redis);
	if (r < 0) {
		free(link);
		return program_fail(p, "Out of memory.", NULL);
	}
	p->links[place] = link;
	return 0;
}

int program_connect(
	struct program *p, const struct redis_options *options, struct redis **ret_redis)
{
	size_t place = 0;

	while (place < PROGRAM_LINKS_MAX && p->links[place])
		place++;
	assert(place < PROGRAM_LINKS_MAX);
	if (add_link(p, options, place))
		return PROGRAM_EXIT;
	*ret_redis = p->links[place]->redis;
	return 0;
}

void program_disconnect(struct program *p)
{
	for (size_t i = 0; i < PROGRAM_LINKS_MAX; i++) {
		if (!p->links[i])
			continue;
		redis_free(p->links[i]->redis);
		free(p->links[i]);
		p->links[i] = NULL;
	}
}

static struct program_link *link_that_is_down(const struct program *p)
{
	for (size_t i = 0; i < PROGRAM_LINKS_MAX; i++)
		if (p->links[i] && !redis_is_up(p->links[i]->redis))
			return p->links[i];
	return NULL;
}

static void on_too_late(void *arg)
{
	(void)arg; /* that it fired is all it is for: the loop turns */
}

int program_await(struct program *p, int64_t within_ms)
{
	struct program_link *down;
	char address[REDIS_ADDRESS_TEXT];
	struct timer timer;
	int r;

	timer_init(&timer, p->loop, on_too_late, NULL);
	/* What was done since the last turn, such as reading rules, is not Redis's fault. */
	r = timer_set_at(&timer, io_mono_now() + within_ms);
	while (r == 0 && (down = link_that_is_down(p)) && timer_is_set(&timer) && !p->finished &&
		!p->stopping)
		r = loop_turn(p->loop, true);
	timer_stop(&timer);
	if (r < 0)
		return program_fail(p, "The loop broke.", LOG_FIELDS(log_errno("error", r)));
	if (p->finished || p->stopping) {
		program_finish(p, STATUS_FOUND);
		return PROGRAM_EXIT;
	}
	down = link_that_is_down(p);
	if (!down)
		return 0;
	redis_address_format(redis_get_address(down->redis), address);
	return program_fail(p, "Redis does not answer.",
		LOG_FIELDS(log_str("address", address),
			log_str("reason", redis_reason(down->redis)),
			log_str("advice", "Is `waymark up` running? --redis names another one.")));
}
