/* SPDX-License-Identifier: MIT */
/*
 * Who may become one with whom, case by case: the table of the claimed key, that of the customer
 * who hears it is taken, and what the ids of an event lead to.
 */
#include "check.h"

#include "core/link_rules.h"

#define T LINK_TRUSTED
#define X LINK_EXPLICIT
#define B LINK_BROWSER

/* ---- the claimed key --------------------------------------------------------------------- */

static const struct {
	const char *key, *by;
	unsigned rights;
	enum link_node node;
	const char *linked_to;
	enum link_answer answer;
	const char *reason;
} claimed[] = {
	{"anon:a", "u1", B, NODE_NOBODY, "", LINK_MAKE, ""},
	{"anon:a", "u1", B, NODE_CUSTOMER, "", LINK_MERGE, ""},
	{"anon:a", "u1", B, NODE_LINK, "u1", LINK_KNOWN, ""},
	{"anon:a", "u1", B, NODE_LINK, "u2", LINK_TAKEN, ""},
	{"anon:a", "u1", T, NODE_LINK, "email:x@y", LINK_TAKEN, ""},
	{"email:x@y", "u1", T, NODE_CUSTOMER, "", LINK_MERGE, ""},
	{"email:x@y", "u1", T, NODE_NOBODY, "", LINK_MAKE, ""},
	{"email:x@y", "u1", B, NODE_CUSTOMER, "", LINK_REFUSE, "no_right"},
	/* Nobody is a guest's to take who is the stronger. */
	{"u1", "email:x@y", X, NODE_CUSTOMER, "", LINK_REFUSE, "weaker"},
	{"email:a@y", "email:b@y", T, NODE_CUSTOMER, "", LINK_REFUSE, "weaker"},
	{"email:b@y", "email:a@y", T, NODE_CUSTOMER, "", LINK_MERGE, ""},
	{"u1", "u1", X, NODE_CUSTOMER, "", LINK_REFUSE, "weaker"},
	{"u2", "u1", T, NODE_CUSTOMER, "", LINK_REFUSE, "two_users"},
	{"u2", "u1", X, NODE_CUSTOMER, "", LINK_MERGE, ""},
	{"u2", "u1", T, NODE_NOBODY, "", LINK_REFUSE, "two_users"},
};

static void claims(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(claimed); i++) {
		struct message m = {.kind = MESSAGE_CLAIM,
			.to = span_str(claimed[i].key),
			.of = span_str(claimed[i].by),
			.rights = claimed[i].rights};
		struct span reason = SPAN_EMPTY;
		enum link_answer answer = link_claimed(&IDENTITY_DEFAULT, &m, claimed[i].node,
			span_str(claimed[i].linked_to), &reason);

		if (answer != claimed[i].answer)
			fprintf(stderr, "# row %zu\n", i);
		CHECK_INT(answer, claimed[i].answer);
		CHECK_STR(reason, claimed[i].reason);
	}
}

/* ---- it is taken ------------------------------------------------------------------------- */

static const struct {
	const char *self, *other;
	unsigned rights;
	enum link_answer answer;
	const char *reason;
	const char *of; /* NULL: a visitor */
} taken[] = {
	{"u1", "u1", B, LINK_KNOWN, "", NULL},
	{"u1", "email:x@y", B, LINK_REFUSE, "taken", NULL},
	{"u1", "u2", T, LINK_REFUSE, "two_users", NULL},
	{"u1", "u2", X, LINK_CLAIM, "", NULL},
	{"u2", "u1", X, LINK_YIELD, "", NULL},
	{"email:b@y", "email:a@y", T, LINK_YIELD, "", NULL},
	{"email:a@y", "email:b@y", T, LINK_CLAIM, "", NULL},
	{"email:a@y", "u1", T, LINK_YIELD, "", NULL},
	{"u1", "anon:a", T, LINK_CLAIM, "", NULL},
	/* A device belongs to whom it was linked to first. */
	{"email:b@y", "email:a@y", T, LINK_REFUSE, "once", "device:d"},
	{"u1", "u2", X, LINK_CLAIM, "", "device:d"},
	{"u1", "u1", T, LINK_KNOWN, "", "device:d"},
};

static void takes(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++) {
		struct message m = {.kind = MESSAGE_TAKEN,
			.to = span_str(taken[i].self),
			.of = span_str(taken[i].of ? taken[i].of : "anon:z"),
			.other = span_str(taken[i].other),
			.rights = taken[i].rights};
		struct span reason = SPAN_EMPTY;
		enum link_answer answer =
			link_taken(&IDENTITY_DEFAULT, &m, span_str(taken[i].self), &reason);

		if (answer != taken[i].answer)
			fprintf(stderr, "# row %zu\n", i);
		CHECK_INT(answer, taken[i].answer);
		CHECK_STR(reason, taken[i].reason);
	}
}

/* ---- an event's ids ---------------------------------------------------------------------- */

struct scene {
	struct journey *j;
	struct effects effects;
	struct span stronger;
};

static void scene_begin(struct scene *s, const char *customer)
{
	*s = (struct scene){.j = NULL};
	effects_init(&s->effects);
	CHECK(journey_new(span_str(customer), &s->j) == 0);
}

static void scene_end(struct scene *s)
{
	effects_release(&s->effects);
	journey_free(s->j);
}

static void say(struct scene *s, unsigned rights, const char *const *keys, size_t n)
{
	struct event_id ids[8];
	struct event e = {.occurred_at = 900,
		.received_at = 1000,
		.logged_at = 950,
		.ids = ids,
		.n_ids = n,
		.link_rights = rights};

	for (size_t i = 0; i < n; i++)
		ids[i] = (struct event_id){.key = span_str(keys[i])};
	effects_reset(&s->effects);
	CHECK(link_claims(&IDENTITY_DEFAULT, s->j, &e, &s->effects, NULL, &s->stronger) == 0);
}

static size_t n_of(const struct scene *s, enum effect_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < s->effects.n; i++)
		n += s->effects.list[i].kind == kind;
	return n;
}

static void claims_of_an_event(void)
{
	static const char *const keys[] = {"email:x@y", "anon:a", "u1"};
	_cleanup_(scene_end) struct scene s;
	const struct message *m;

	scene_begin(&s, "u1");
	say(&s, 0, keys, 3);
	CHECK_INT(s.effects.n, 0);
	/* A page may hang its visitor on the user, and no address. */
	say(&s, B, keys, 3);
	REQUIRE(s.effects.n == 1 && s.effects.list[0].kind == EFFECT_FORWARD);
	m = s.effects.list[0].message;
	CHECK_INT(m->kind, MESSAGE_CLAIM);
	CHECK_STR(m->to, "anon:a");
	CHECK_STR(m->of, "u1");
	CHECK_INT(m->rights, B);
	CHECK_INT(m->linked_at, 950);
	CHECK_INT(m->said_at, 900);
	REQUIRE(journey_id(s.j, SPAN_LIT("anon:a")));
	CHECK_INT(journey_id(s.j, SPAN_LIT("anon:a"))->state, ID_CLAIMED);
	CHECK(!journey_id(s.j, SPAN_LIT("email:x@y")));
	/* What was claimed is not claimed again. */
	say(&s, T, keys, 3);
	REQUIRE(n_of(&s, EFFECT_FORWARD) == 1);
	CHECK_STR(s.effects.list[0].message->to, "email:x@y");
	say(&s, T, keys, 3);
	CHECK_INT(s.effects.n, 0);
	CHECK_INT(s.stronger.len, 0);
}

static void stronger(void)
{
	static const char *const keys[] = {"u7", "u5", "card:1", "anon:b"};
	static const char *const guest[] = {"email:a@y", "phone:+49"};
	_cleanup_(scene_end) struct scene s, t;

	scene_begin(&s, "anon:a");
	scene_begin(&t, "email:b@y");
	say(&s, B, keys, 3);
	CHECK_INT(s.stronger.len, 0);
	say(&s, T, keys, 4);
	CHECK_STR(s.stronger, "u5");
	CHECK_INT(n_of(&s, EFFECT_FORWARD), 1); /* anon:b */
	say(&t, T, guest, 2);
	CHECK_STR(t.stronger, "email:a@y");
	REQUIRE(n_of(&t, EFFECT_FORWARD) == 1);
	/* Of two users only who says just that. */
	scene_end(&t);
	scene_begin(&t, "u6");
	say(&t, T, keys, 2);
	CHECK_INT(t.stronger.len, 0);
	CHECK_INT(t.effects.n, 0);
	say(&t, X, keys, 2);
	CHECK_STR(t.stronger, "u5");
	REQUIRE(n_of(&t, EFFECT_FORWARD) == 1);
	CHECK_STR(t.effects.list[0].message->to, "u7");
}

/* Ten addresses, as many as the settings allow; then one more, and one more. */
static void limit(void)
{
	_cleanup_(scene_end) struct scene s;
	char text[16];
	const char *const keys[] = {text};

	scene_begin(&s, "u1");
	for (int i = 0; i < 10; i++) {
		snprintf(text, sizeof(text), "email:%d@y", i);
		say(&s, T, keys, 1);
		CHECK_INT(n_of(&s, EFFECT_FORWARD), 1);
	}
	snprintf(text, sizeof(text), "email:z@y");
	say(&s, T, keys, 1);
	REQUIRE(n_of(&s, EFFECT_DECISION) == 1 && n_of(&s, EFFECT_COUNT) == 1);
	/* Whoever was named later need not wait for this one. */
	REQUIRE(n_of(&s, EFFECT_FORWARD) == 1);
	CHECK_INT(s.effects.list[0].message->kind, MESSAGE_ANSWER);
	CHECK_STR(s.effects.list[0].message->to, "email:z@y");
	CHECK_STR(s.effects.list[0].message->of, "u1");
	CHECK_STR(s.effects.list[0].message->other, "u1");
	CHECK_INT(s.effects.list[1].decision.outcome, OUTCOME_NOT_LINKED);
	CHECK_STR(s.effects.list[1].decision.key, "email:z@y");
	CHECK_STR(s.effects.list[1].decision.words, "limit");
	CHECK_INT(s.effects.list[2].counter, COUNTER_IDENTITY_LIMIT);
	/* The next is only counted. */
	snprintf(text, sizeof(text), "email:y@y");
	say(&s, T, keys, 1);
	REQUIRE(s.effects.n == 2);
	CHECK_INT(s.effects.list[0].message->kind, MESSAGE_ANSWER);
	CHECK_INT(s.effects.list[1].counter, COUNTER_IDENTITY_LIMIT);
	/* And its own key counts. */
	scene_end(&s);
	scene_begin(&s, "email:0@y");
	for (int i = 1; i < 11; i++) {
		snprintf(text, sizeof(text), "email:%c@y", 'a' + i);
		say(&s, T, keys, 1);
		REQUIRE(n_of(&s, EFFECT_FORWARD) == 1);
		for (size_t k = 0; k < s.effects.n; k++)
			if (s.effects.list[k].kind == EFFECT_FORWARD)
				CHECK_INT(s.effects.list[k].message->kind,
					i < 10 ? MESSAGE_CLAIM : MESSAGE_ANSWER);
	}
}

static void words(void)
{
	struct message m = {.of = SPAN_LIT("anon:a"), .said_at = 7};
	_cleanup_(scene_end) struct scene s;

	scene_begin(&s, "u1");
	CHECK(link_linked(s.j, &m, 50, &s.effects) == 0);
	REQUIRE(s.effects.n == 2);
	CHECK_INT(s.effects.list[0].decision.outcome, OUTCOME_LINKED);
	CHECK_INT(s.effects.list[0].decision.at, 50);
	CHECK_INT(s.effects.list[1].counter, COUNTER_IDENTITY_LINKED);
	REQUIRE(journey_id(s.j, m.of));
	CHECK_INT(journey_id(s.j, m.of)->state, ID_LINKED);
	CHECK_INT(journey_id(s.j, m.of)->first_at, 7);
	effects_reset(&s.effects);
	CHECK(link_linked(s.j, &m, 60, &s.effects) == 0);
	CHECK_INT(s.effects.n, 0);
	/* What is linked meanwhile is not unlinked by a late refusal. */
	CHECK(link_refused(s.j, &m, SPAN_LIT("taken"), 70, &s.effects) == 0);
	CHECK_INT(journey_id(s.j, m.of)->state, ID_LINKED);
	m.of = SPAN_LIT("anon:b");
	effects_reset(&s.effects);
	CHECK(link_merged(s.j, &m, 80, &s.effects) == 0);
	REQUIRE(s.effects.n == 2);
	CHECK_INT(s.effects.list[0].decision.outcome, OUTCOME_JOINED);
	CHECK_INT(s.effects.list[1].counter, COUNTER_IDENTITY_MERGED);
}

/* Of the names in an older record nobody knows since when they are there: they come before whatever
 * is said now, so that they take room and are waited for. */
static void of_an_older_record(void)
{
	_cleanup_(scene_end) struct scene s;
	const char *const keys[] = {"email:z@y"};
	char text[16];

	scene_begin(&s, "u1");
	for (int i = 0; i < 10; i++) {
		struct customer_id *own;

		snprintf(text, sizeof(text), "email:%d@y", i);
		own = journey_add_id(s.j, span_str(text));
		REQUIRE(own);
		own->state = ID_LINKED;
		CHECK_INT(own->place_at, 0);
	}
	CHECK_INT(link_n_asked(s.j, 1), 10);
	say(&s, T, keys, 1);
	REQUIRE(n_of(&s, EFFECT_DECISION) == 1 && n_of(&s, EFFECT_FORWARD) == 1);
	CHECK_INT(s.effects.list[0].message->kind, MESSAGE_ANSWER);
	CHECK_STR(s.effects.list[1].decision.words, "limit");
}

static const struct check_case cases[] = {
	{"the claimed key", claims},
	{"a key that is taken", takes},
	{"what an event claims", claims_of_an_event},
	{"who is the weaker goes", stronger},
	{"limits", limit},
	{"limits of an older record", of_an_older_record},
	{"what is remembered", words},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
