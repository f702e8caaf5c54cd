/* SPDX-License-Identifier: MIT */
/*
 * The tools that the compilers of rules share: problems that name their places, tables of members.
 *
 * Readers never stop at the first problem: each notes what it found and leaves a harmless value,
 * and the set is thrown away at the end. All text that outlives the reading is copied to the arena
 * of the set.
 */
#pragma once

#include "codec/rule_json.h"
#include "core/rule.h"

#include "codec/json_scan.h"
#include "file_place.h"

#define RULE_DESCRIPTION_MAX 4000	       /* bytes */
#define RULE_EVENT_NAME_MAX  256	       /* bytes of an event's name */
#define RULE_KEY_PATH_MAX    (RULE_ID_MAX - 2) /* the prefix of a key and its colon must fit */

/* A condition being built: fixed room, copied to the arena when done. */
struct cond_builder {
	struct cond_node nodes[COND_NODES_MAX];
	uint16_t children[COND_NODES_MAX];
	uint16_t pending[COND_NODES_MAX]; /* operands of operators that are still being read */
	size_t n_nodes, n_children, n_pending;
};

struct rule_reader {
	struct rules *rules;
	const struct rule_options *options;
	struct file_problems *problems;
	const char *file;		       /* being read, in the arena */
	struct span text;		       /* of that file */
	struct span zone_names[RULES_MAX + 1]; /* of rules->zones */
	struct cond_builder builder;
	struct rule_ref *refs;
	bool retired; /* what is read are earlier texts */
	bool oom;
};

/* One rule names another: looked at when all have been read (rule_check.c). */
enum rule_ref_kind {
	RULE_REF_TO,
	RULE_REF_SUPERSEDES,
	RULE_REF_ONCE,
	RULE_REF_UNARMED, /* a condition that no event of its own `arm` makes true */
	RULE_REF_KINDS
};

struct rule_ref {
	struct rule_ref *next;
	enum rule_ref_kind kind;
	struct span from, to;	   /* ids; RULE_REF_ONCE: to a group; _UNARMED: what is wrong */
	struct file_problem place; /* without a message */
};

void rule_refer(struct rule_reader *r, const struct file_place *p, enum rule_ref_kind kind,
	struct span from, struct span to);
/* Do all rules that are named exist, and does none lead back to itself? Then what follows from
 * them for the rules that are named. */
void rule_check_refs(struct rule_reader *r);

/* Notes a problem at a place; NULL: the whole file. */
void rule_problem_add(struct rule_reader *r, const struct file_place *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The place alone, for later, and a problem there. */
void rule_problem_place(
	struct rule_reader *r, const struct file_place *at, struct file_problem *ret_place);
void rule_problem_later(struct rule_reader *r, const struct file_problem *place, const char *format,
	...) __attribute__((format(printf, 3, 4)));
/* The same where only the line is known. */
void rule_problem_line(struct rule_reader *r, unsigned line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Copies to the arena; empty with r->oom set when out of memory. */
struct span rule_copy(struct rule_reader *r, struct span s);
void *rule_copy_array(struct rule_reader *r, const void *array, size_t n, size_t size);

/* file_walk_next() with r->oom set when out of memory. */
bool rule_walk_next(struct rule_reader *r, struct file_walk *w, struct file_place *ret_place);

typedef void rule_member_fn(struct rule_reader *r, const struct file_place *p, void *target);

struct rule_member {
	const char *name;
	rule_member_fn *read; /* NULL: a member of a later version, refused */
	bool required;
};

#define RULE_MEMBERS_MAX 48

struct rule_members {
	const char *what; /* what the object is, for messages: "a rule" */
	const struct rule_member *list;
	size_t n;
};

/*
 * Finds the members of SPEC in the object OBJECT: FOUND[i] belongs to list[i]. Reports everything
 * that is not in SPEC, or missing. False if OBJECT is no object at all.
 */
bool rule_members_find(struct rule_reader *r, const struct file_place *object,
	const struct rule_members *spec, struct file_place *found);
/* Reads what was found, in the order of the table. */
void rule_members_read(struct rule_reader *r, const struct rule_members *spec,
	const struct file_place *found, void *target);

/* Readers of simple values. Each notes a problem and returns false if the value is not such. */
bool rule_read_text(
	struct rule_reader *r, const struct file_place *p, size_t max, struct span *ret_text);
bool rule_read_bool(struct rule_reader *r, const struct file_place *p, bool *ret_bool);
bool rule_read_count(
	struct rule_reader *r, const struct file_place *p, uint32_t min, uint32_t *ret_n);

/* A length of time from MIN_MS on; with NEVER the word is TIME_NEVER. */
struct rule_duration_limits {
	int64_t min_ms, max_ms;
	bool never;
};
bool rule_read_duration(struct rule_reader *r, const struct file_place *p,
	const struct rule_duration_limits *limits, int64_t *ret_ms);

/* One word of a list that ends with NULL: its number. */
bool rule_read_choice(struct rule_reader *r, const struct file_place *p, const char *const *words,
	size_t *ret_choice);
/* `^[a-z][a-z0-9_]*$`, at most MAX bytes. */
bool rule_read_id(
	struct rule_reader *r, const struct file_place *p, size_t max, struct span *ret_id);
/* `e.total`, `e.traits.email`, `e.context.page.url`: a number of the field table. */
bool rule_read_field(struct rule_reader *r, const struct file_place *p, size_t *ret_field);
/* The same of a text already read, `e.` cut off. */
bool rule_field_of(
	struct rule_reader *r, const struct file_place *p, struct span path, size_t *ret_field);
/* A dotted path without empty names, not longer than MAX. */
bool rule_path_ok(struct span path, size_t max);

/* The compilers. */

enum rule_cond_scope {
	RULE_COND_EVENT, /* `when`: the event and the customer */
	RULE_COND_FIRE,	 /* `fire_if`: there is no event any more */
};
/* NULL after a problem. */
const struct cond *rule_read_cond(
	struct rule_reader *r, const struct file_place *p, enum rule_cond_scope scope);

/* Are A and B never true together? Only what is plain is seen. NULL: no. FIELDS: what both of them
 * were read with. */
bool rule_conds_exclude(
	const struct field_table *fields, const struct cond *a, const struct cond *b);
/* Is B true whenever A is? Only what is plain is seen. NULL: no. */
bool rule_cond_implies(
	const struct field_table *fields, const struct cond *a, const struct cond *b);

/* Is ASKED, which may ask what was kept (`ctx.`), never true of what ARMED lets through and DATA
 * keeps of it? Only what is plain is seen. NULL: no. */
bool rule_cond_unkept(const struct field_table *fields, const struct cond *armed,
	const struct rule_data *data, const struct cond *asked);
/* Does C stay false once it is, in whatever order the news comes in? Only what is plain is seen. */
bool rule_cond_falls(const struct cond *c);

/* The same where a number is wanted, or an operator that gives one; for cond_value. */
const struct cond *rule_read_number(
	struct rule_reader *r, const struct file_place *p, enum rule_cond_scope scope);

enum rule_match_role { RULE_ROLE_ARM, RULE_ROLE_TOUCH, RULE_ROLE_CANCEL, RULE_ROLE_GOAL };

/* The matches of one list, each with the filter it came with. */
struct rule_match_list {
	enum rule_match_role role;
	struct rule_match match[RULE_MATCHES_MAX];
	struct span when[RULE_MATCHES_MAX]; /* raw, empty if none */
	size_t n;
};
/* RULE's key and tombstone must be known when the cancels are read. */
void rule_read_matches(struct rule_reader *r, const struct file_place *p, const struct rule *rule,
	struct rule_match_list *ret_list);
/* The name of an event alone: what it speaks of. False after a problem. */
bool rule_read_event_name(
	struct rule_reader *r, const struct file_place *p, struct rule_match *ret_match);
/* Two matches speak of the same events with the same filter. */
bool rule_match_same(struct rule_reader *r, const struct rule_match_list *a, size_t i,
	const struct rule_match_list *b, size_t k);

/* A purchase at the till is a purchase: a rule none of whose N lists speaks of it apart means it
 * with `Order Completed`. */
void rule_match_tills(struct rule_match_list *const lists[], size_t n);

/* The list of `wait_for`. */
void rule_read_sources(struct rule_reader *r, const struct file_place *p, struct rule *rule);

/* A wait that follows from a promise (rule_promise.c). CHECK: of the whole rule, P its wait. */
rule_member_fn rule_read_promise;
void rule_promise_init(struct rule_wait *wait);
void rule_promise_check(struct rule_reader *r, const struct file_place *p, struct rule *rule);

/* What a rule says of the gates (rule_gates.c); the target of each begins with the rule. */
rule_member_fn rule_read_gates, rule_read_quiet, rule_read_send_at, rule_read_on_cap, rule_read_cap,
	rule_read_holdout, rule_read_topic, rule_read_mute, rule_read_rank, rule_read_priority;
void rule_gates_init(struct rule_gates *g);
/* Defaults that depend on the rule, when it has been read. */
void rule_gates_default(const struct policy *policy, struct rule *rule);
extern const struct rule_duration_limits rule_cap_within;

/* One rule of a file, appended to the set. */
void rule_read(struct rule_reader *r, const struct file_place *p);

/* `store`, `UTC` or an IANA name: read once for the whole set. NULL after a problem at P. */
#define RULE_ZONE_NAME_MAX 64 /* bytes */
const struct zone *rule_zone(struct rule_reader *r, const struct file_place *p, struct span name);

/* How many days a wait may span, and how much time in which the shop is open. */
#define WAIT_DAYS_MAX	 366
#define WAIT_OPEN_MAX_MS (4000 * MS_HOUR)

/* `times` of a wait. */
#define WAIT_SHARES_MAX 1000

/* Into a struct rule_wait, cleared. */
rule_member_fn rule_read_wait, rule_read_step_wait;
/* `09:30`: minutes after midnight. */
bool rule_read_minute(struct rule_reader *r, const struct file_place *p, int32_t *ret_minute);
/* `customer`: then the zone is the shop's, for those whose own is unknown. Else as rule_zone(). */
bool rule_read_tz(struct rule_reader *r, const struct file_place *p, bool *ret_customer,
	const struct zone **ret_zone);
