/* SPDX-License-Identifier: MIT */
/* The applier's parts, shared by apply.c (the flow), apply_cache.c (records) and apply_effects.c
 * (wishes into a commit). */
#pragma once

#include "base/arena.h"
#include "base/map.h"
#include "codec/division.h"
#include "codec/link.h"
#include "codec/record.h"
#include "codec/scrub.h"
#include "core/mark.h"
#include "core/message.h"
#include "core/step.h"
#include "store/apply.h"
#include "store/gone.h"
#include "store/keys.h"
#include "store/seen.h"

/* A record in memory. Those of the running batch are pinned. */
struct cached {
	struct record record; /* record.journey is NULL until it is loaded, and of a link */
	struct link *link;    /* NULL: it is none. `frozen` is there in the batch that made it */
	char *link_to;
	bool whole; /* when it is loaded and is a link, `frozen` is wanted in that batch */
	struct span customer;
	char *customer_copy;
	struct cached *newer, *older; /* by last use */
	uint64_t batch;		      /* that used it last */
	bool dirty;		      /* changed in this batch */
	bool due_dirty;
	bool stored;   /* the store has a value */
	bool in_index; /* its terms stand in the index, those of KEY and of these inputs */
	char *find_inputs;
	size_t find_len;
};

struct cache {
	struct map by_customer;
	struct cached *newest, *oldest;
	size_t len, max;
};

void cache_init(struct cache *c, size_t max);
void cache_release(struct cache *c);
/* The record of CUSTOMER, marked as used by BATCH; NULL if it is not there. */
struct cached *cache_get(struct cache *c, struct span customer, uint64_t batch);
/* A new entry without a record. NULL when out of memory. */
struct cached *cache_add(struct cache *c, struct span customer, uint64_t batch);
/* Forgets E, which nothing has changed. */
void cache_drop(struct cache *c, struct cached *e);
/* Drops the least recently used down to the limit, but none of BATCH. */
void cache_trim(struct cache *c, uint64_t batch);

/* One thing to do, in order of time. */
enum work_kind { WORK_EVENT, WORK_BAD, WORK_DUE, WORK_MARK, WORK_MESSAGE, WORK_NEWS };

struct work {
	enum work_kind kind;
	struct log_entry entry;	       /* EVENT, BAD; copied into the batch's arena */
	struct event event;	       /* EVENT, NEWS, MESSAGE that forwards one or is news */
	char mark[SEEN_BYTES];	       /* EVENT with a message_id */
	struct span customer;	       /* EVENT, DUE, MESSAGE; empty: no record is needed */
	const char *code, *words;      /* BAD */
	struct cached *cached;	       /* EVENT, DUE, MARK, MESSAGE, NEWS */
	struct span left;	       /* MESSAGE that takes two apart: key of the stand-in */
	struct cached *stand_in;       /* and its value */
	int64_t due_at;		       /* DUE */
	const struct message *message; /* MESSAGE, NEWS */
	bool news;		       /* the event is about a thing, whoever hears it */
};

/*
 * Customers come in no order, so that what is known of them is never near: of those whose turn
 * comes soon it is asked for while others are worked on. STEP WARM_STEPS is the first; each asks
 * for what it takes the step before to know, and so comes a customer later.
 */
#define WARM_STEPS 4
void cached_warm(const struct cached *c, size_t step);

/* A growing array whose elements are plain values. */
struct list {
	void *items;
	size_t n, cap, size;
};

void list_init(struct list *l, size_t size);
void list_release(struct list *l);
/* A cleared element at the end; NULL when out of memory. */
void *list_add(struct list *l);

struct applier {
	struct applier_options options;
	struct cache cache;
	struct seen seen;
	struct effects effects;
	struct arena arena; /* of the batch */
	struct packer *packer;
	struct buf scratch;
	struct buf encoded; /* the batch's records, one behind the other */
	uint64_t batch;
	struct position from, to;
	struct log_id place; /* of the entry that is applied; 0-0: a timer is */
	struct list work;    /* struct work */
	struct list missing; /* struct span */
	struct list wanted;  /* struct cached * */
	struct list dirty;   /* struct cached * */
	struct list records, chunks, dues, holds, passed, jobs, retracts, trials, bad, seen_lists;
	struct list messages, hearings, ids, snapshots, parts, terms, mends;
	struct list erased, gones, drops;
	struct gone gone;	   /* who was erased */
	struct span gone_salt;	   /* in the batch that says it */
	struct scrubber *scrubber; /* NULL until there is somebody to look for */
	uint64_t heard[PARTITIONS_MAX];
	struct marks marks;    /* in force */
	struct log_entry mark; /* of the batch, copied into its arena; mark_source empty: none */
	int64_t mark_until;
	const struct work *news; /* of the batch: the message, whose key is mark_source; or NULL */
	const struct work *line; /* of the batch: the message, while the line is fetched; or NULL */
	struct place *places;	 /* of the batch: those in line, in the batch's arena */
	size_t n_places;
	bool line_full;	     /* more may stand behind them */
	bool news_in_pieces; /* whoever is told is to be noted in the index */
	uint64_t wanted_rules;
	const struct rules *in_force; /* at the position; options.rules may be the next ones */
	struct buf seen_marks;
	int64_t seen_hour;
	struct commit commit;
	struct span corrupt;
};

/* The cached record of CUSTOMER; one that must be loaded first is noted as missing. NULL when out
 * of memory. */
struct cached *applier_want(struct applier *a, struct span customer);
void applier_batch(struct applier *a, const struct position *from);

/* Marks and changes of rules are batches of their own. How much of F comes before the first of
 * them: all, or so many entries and dues. */
struct fetched fetched_before_turn(const struct fetched *f);
/* F begins with such an entry. Its dues before it are to be applied first: how many. */
size_t dues_before_turn(const struct fetched *f);
/* Begins a batch of the turning point that E is. As each of the following. */
int applier_begin_turn(struct applier *a, const struct position *from, const struct log_entry *e);
/* Begins a batch of the change of rules that E is: from here on they are in force. 0, -ENOMEM,
 * APPLIER_RULES, or APPLIER_HELD: whoever has dates is shown them. */
int applier_begin_rules(struct applier *a, const struct position *from, const struct log_entry *e);
/* Begins a batch of the mark that E is. APPLIER_HELD; 0: it is no good, and goes to quarantine;
 * -ENOMEM. */
int applier_begin_mark(struct applier *a, const struct position *from, const struct log_entry *e);
/* Begins a batch of the news that E is. APPLIER_HELD; 0: there is nothing to tell; -ENOMEM. */
int applier_begin_news(struct applier *a, const struct position *from, const struct log_entry *e);
/* N customers to be told were added; those that are left come in a batch of their own. 0 or
 * -ENOMEM. */
int applier_told(struct applier *a, size_t n);
/* The rules of the batch are in force when it is committed. */
void applier_turn_rules(struct applier *a);
/* Carries out what the batch's mark is about, when everybody held was looked at. 0 or -ENOMEM. */
int applier_pass_mark(struct applier *a);

/* C's value is to be written. 0 or -ENOMEM. */
int applier_touch(struct applier *a, struct cached *c);
/* To be called whenever an entry was added to C's tail. 0 or -errno. */
int applier_settle(struct applier *a, struct cached *c);
/* Carries out the effects of one input to CACHED's customer. 0 or -ENOMEM. */
int applier_effects(struct applier *a, struct cached *c, const struct work *w);

/* Encodes what changed into the commit. 0 or -ENOMEM. */
int applier_finish_commit(struct applier *a);

/* True in *ret_new if W's event is to be applied; else it is counted, and one of another content
 * put aside. 0 or -ENOMEM. */
int applier_recognise(struct applier *a, const struct work *w, bool *ret_new);
/* MARK of HOUR is remembered from now on. 0 or -ENOMEM. */
int applier_note_seen(struct applier *a, const char mark[SEEN_BYTES], int64_t hour);
/* Reads what W's entry says with the event in it, as of the log's entry AT. It stays BAD if that is
 * none. 0 or -ENOMEM. */
int applier_decode(struct applier *a, struct work *w, struct log_id at);
/* Shows INPUT to W's customer at NOW, or later where time is ahead already; what follows stands in
 * the applier's effects. 0 or -ENOMEM. */
int applier_step(struct applier *a, const struct work *w, const struct input *input, int64_t now);
/* Carries out the effects of that, when all are there. 0 or -ENOMEM. */
int applier_stepped(struct applier *a, const struct work *w, const struct input *input);

/* ---- apply_link.c ---- */

/* Shows W's event to its customer, or forwards it. 0 or -ENOMEM. */
int applier_event(struct applier *a, const struct work *w);
/* Applies a message that is for a key. 0 or -ENOMEM. */
int applier_node(struct applier *a, const struct work *w);
const struct identity *applier_identity(const struct applier *a);
/* What waits for a source lets go of its place in the index. 0 or -ENOMEM. */
int applier_remove_holds(struct applier *a, const struct cached *c);
/* C is due, or held, and a link: it ought not to be. 0 or -ENOMEM. */
int applier_idle_link(struct applier *a, const struct work *w);
/* Takes up VALUE, which is a link. 0, -ENOMEM or APPLIER_CORRUPT. */
int cached_load_link(struct applier *a, struct cached *c, struct span value);
void cached_unlink(struct cached *c);
/* C, whose record was released, is LINK, but for what that froze. 0 or -ENOMEM. */
int cached_set_link(struct cached *c, const struct link *link);

/*
 * What is due to W's customer BEFORE an instant, that of an entry, is run first, each at its own
 * instant, as it is where the batch before has ended in between: what comes of a log does not
 * depend on how it is cut. 0 or -ENOMEM.
 */
int applier_run_timers(struct applier *a, const struct work *w, int64_t before);

/* W's event goes on to what its key is a link to. 0 or -ENOMEM. */
int applier_forward(struct applier *a, const struct work *w);

/* Answers the claim M of C: who it is of hears what became of it. 0 or -ENOMEM. */
int applier_judge(struct applier *a, struct cached *c, const struct message *m);

/* ---- apply_claims.c ---- */

/* NAMED, CLAIM and ANSWER, and ASK to who is no link. 0 or -ENOMEM. */
int applier_named(struct applier *a, const struct work *w);
int applier_claim(struct applier *a, const struct work *w);
int applier_answered(struct applier *a, const struct work *w);
/* By W's event, or since somebody they claimed is STRONGER's, the customer it is of wants to be one
 * with STRONGER. 0 or -ENOMEM. */
int applier_wish(struct applier *a, const struct work *w, struct span stronger);
int applier_asked(struct applier *a, const struct work *w);
/* C answers what it was ASKED. 0 or -ENOMEM. */
int applier_reply(struct applier *a, const struct cached *c, const struct message *asked);
/* Whoever W merges need not be heard any more, for they have become a part. 0 or -ENOMEM. */
int applier_heard_part(struct applier *a, const struct work *w);
/* Judges the claims at C whose turn it is. 0 or -ENOMEM. */
int applier_settle_claims(struct applier *a, struct cached *c);
/* What stands in NAMING, in the batch's arena. 0 or -ENOMEM. */
int applier_read_said(struct applier *a, const struct customer_naming *naming, struct message *ret);
/* Whose event SAID, which CUSTOMER keeps, is about. What was received in one millisecond stands in
 * every queue in order of these, so that of two who wait neither waits for the other. It borrows.
 */
struct span applier_subject(const struct message *said, struct span customer);
/* Does NAMING of C stand behind what was received at PLACE_AT of SUBJECT's? 0 or -errno. */
int applier_is_later(struct applier *a, const struct cached *c,
	const struct customer_naming *naming, int64_t place_at, struct span subject, bool *ret_is);
/* Moves *NAMING, new in C's queue, before those of its millisecond that are later; what points
 * there is another one then. 0 or -errno. */
int applier_sort_naming(struct applier *a, const struct cached *c, struct customer_naming **naming,
	struct span subject);
/* The claim that CUSTOMER has made of J by an event of UNTIL at the latest, from the place AT on;
 * n_named: none. 0 or -errno. */
int applier_claim_of(struct applier *a, const struct journey *j, struct span customer,
	int64_t until, size_t at, size_t *ret_at);
/* The claim that is not judged yet, and that W's question is about, if it is of what was received
 * by then; NULL: none. 0 or -errno. */
int applier_find_wanted(
	struct applier *a, const struct work *w, struct customer_naming **ret_naming);

/* One who was named beside a key. */
struct waiting {
	struct message claim; /* of who is HEARD; or a WANT of C's own, or an ASK that it holds */
	struct span name, via;
	int64_t place_at;
	uint32_t n_wanted;
	bool heard;
};

/* Those at C, in order and in the batch's arena. 0 or -ENOMEM. */
int applier_waiting(
	struct applier *a, const struct cached *c, struct waiting **ret_list, size_t *ret_n);
/* TO, who asked so many TIMES what became of their claim of C, hears it. 0 or -ENOMEM. */
int applier_answer(struct applier *a, const struct cached *c, struct span to, uint32_t times);
/* C has become a link: whom it leads to hears who else was named, and then those hear it who have
 * claimed it. 0 or -ENOMEM. */
int applier_send_waiting(struct applier *a, struct cached *c, const struct waiting *list, size_t n);

/* ---- apply_wants.c ---- */

struct link_wants;

/* Is it J's own, and no claim of it? */
bool applier_is_own(const struct journey *j, const struct customer_naming *naming);
/* What W's event, which was just applied, claims at once, what it WANTS, and to whom who it is of
 * yields (link_claims). 0 or -ENOMEM. */
int applier_find_claims(struct applier *a, const struct work *w, struct link_wants *wants,
	struct span *ret_stronger);
/* What W's event named is to be judged when its turn comes. 0 or -ENOMEM. */
int applier_want_all(struct applier *a, const struct work *w, const struct link_wants *wants);
/* WANT, to who is no link. 0 or -ENOMEM. */
int applier_wanted(struct applier *a, const struct work *w);
/* J has FROM's queue (NULL: none) from now on, but of what FROM wanted only what J wants, too. 0 or
 * -ENOMEM. */
int applier_take_waiting(struct journey *j, struct journey *from);
/* DECIDE, to who is no link. 0 or -ENOMEM. */
int applier_decided(struct applier *a, const struct work *w);
/* The first in C's queue, SAID, is its own, and its turn has come. 0 or -ENOMEM. */
int applier_decide_first(struct applier *a, struct cached *c, struct message *said);
/* C has become a link: whom it leads to hears what of its own was waiting. 0 or -ENOMEM. */
int applier_send_wants(
	struct applier *a, const struct cached *c, const struct waiting *list, size_t n);
/* Is W's question, which came to who is no link, one that must wait? 0 or -ENOMEM. */
int applier_hold(struct applier *a, const struct work *w, bool *ret_held);
/* It waits until CLAIM, which it is about, is judged. 0 or -ENOMEM. */
int applier_hold_behind(struct applier *a, const struct work *w, struct customer_naming *claim);
/* What was received later is not ASKED for. */
int64_t applier_asked_until(const struct message *asked);

/* ---- apply_find.c ---- */

/* C was loaded, and there was a value: the index has its terms. 0 or -ENOMEM. */
int cached_find_loaded(struct applier *a, struct cached *c);
/* C's value is written (THERE) or removed: what that changes in the index goes into the commit. 0
 * or -ENOMEM. */
int applier_finish_terms(struct applier *a, struct cached *c, bool there);

/* What C was before, as bytes of the batch; empty if it is nobody's. 0 or -ENOMEM. */
int cached_encode(struct applier *a, const struct cached *c, struct span *ret_bytes);

/* ---- apply_unmerge.c ---- */

/* Applies UNMERGE or RESTORE, which W is. 0 or -ENOMEM. */
int applier_unmerge(struct applier *a, const struct work *w);
/* Sends W's message, which came along the key STRAY, back to it. 0 or -ENOMEM. */
int applier_send_back(struct applier *a, const struct work *w, struct span stray);

/* What goes with a message. */
struct cargo {
	struct span event, meta, record;
};

/* ---- apply_line.c ---- */

/* Says that CUSTOMER waits for PRODUCT, a key of news, since then; TIME_NEVER: no longer. 0 or
 * -ENOMEM. */
int applier_ask(struct applier *a, struct span customer, struct span product, int64_t since);
/* The customer C waits for nothing any more: they become a link, and whoever they are now waits. 0
 * or -ENOMEM. */
int applier_leave_lines(struct applier *a, const struct cached *c);
/* The line says what M, which is ASKED, does. 0 or -ENOMEM. */
int applier_wait_in_line(struct applier *a, const struct message *m);
/* Says W's event to ourselves, to be spread to those in line. 0 or -ENOMEM. */
int applier_line_up(struct applier *a, const struct work *w);
/* Begins a batch of the LINE that E is. APPLIER_HELD; 0: it was heard; -ENOMEM. */
int applier_begin_line(struct applier *a, const struct position *from, const struct log_entry *e);
/* The line are the N MEMBERS of the index. 0 or -ENOMEM. */
int applier_lined_up(struct applier *a, const struct span *members, size_t n);
/* Says W's event, which came by LINE, to every partition, with the places of their own. 0 or
 * -ENOMEM. */
int applier_spread_line(struct applier *a, const struct work *w);
/* The place of CUSTOMER, from 1, by what came with the news W; 0: they are not in line. */
uint64_t applier_place(const struct work *w, struct span customer);
/* The place behind all of them; 0: with W came none. */
uint64_t applier_places(const struct work *w);
/* W's event says whose turn it is from here on, where PLACE is not 0. W must have a message. 0 or
 * -ENOMEM. */
int applier_give_turn(struct applier *a, struct work *w, uint64_t place);

/* ---- apply_news.c ---- */

/* Begins a batch of E, a message that is one: what there is to do. True in *ret_heard if it was
 * done before, or cannot be read. NULL when out of memory. */
struct work *applier_begin_message(
	struct applier *a, const struct position *from, const struct log_entry *e, bool *ret_heard);
/* Says W's event to PARTITION, under each key of the thing; AT: where it stood first. 0 or -ENOMEM.
 */
int applier_spread_to(struct applier *a, const struct work *w, uint32_t partition, struct log_id at,
	const struct cargo *cargo);
/* Says W's event, which is about a thing, to every partition. 0 or -ENOMEM. */
int applier_spread(struct applier *a, const struct work *w);
/* Tells W's customer, whom the index named. 0 or -ENOMEM. */
int applier_tell(struct applier *a, const struct work *w);
/* True in *ret_hears if W's event, news that came by way of a link, concerns its customer and is
 * new to them; they have heard it then. 0 or -ENOMEM. */
int applier_hears(struct applier *a, const struct work *w, bool *ret_hears);
/* All were told of EVENT. 0 or -ENOMEM. */
int applier_pass_news(struct applier *a, const struct event *event);
/* The index says of C what BEFORE follows, and shall say what NOW does; NULL: nothing. For whoever
 * changes a record without step(). Resets the applier's effects. 0 or -ENOMEM. */
int applier_follow(struct applier *a, const struct cached *c, const struct journey *before,
	const struct journey *now);

/* ---- apply_passed.c ---- */

/* Is KEY one under which somebody stands in for who left? */
bool applier_is_stand_in(struct span key);
/* W, which is a message, is told under which key, if it takes two apart. 0 or -ENOMEM. */
int applier_name_stand_in(struct applier *a, struct work *w);
/* W->stand_in passes on from now on what GOES, a division, follows. 0 or -ENOMEM. */
int applier_stand_in(struct applier *a, const struct work *w, struct span goes);
/* W's customer, who stands in for somebody, is needed no more. 0 or -ENOMEM. */
int applier_end_stand_in(struct applier *a, const struct work *w);
/* The same, if who left was erased. */
int applier_scrub_stand_in(struct applier *a, const struct work *w);
/* W, news, goes on to who left. 0 or -ENOMEM. */
int applier_pass_news_on(struct applier *a, const struct work *w);
/* What the fold heard that made OWN is not heard again. 0 or -ENOMEM. */
int applier_heard_apart(struct applier *a, const struct division *own);

/* ---- apply_news.c ---- */

/* C, a customer or a link with its frozen record, follows nothing any more. As applier_follow. */
int applier_unfollow(struct applier *a, const struct cached *c);

/* ---- apply_message.c ---- */

/* The same for a message. */
int applier_decode_message(struct applier *a, struct work *w);
/* Applies the message that W is. 0 or -ENOMEM. */
int applier_message(struct applier *a, const struct work *w);
/* Says M, but for its sequence number, which is given here. CARGO may be NULL. 0 or -ENOMEM. */
int applier_say(struct applier *a, struct message *m, const struct cargo *cargo);
/* The same, to PARTITION, whoever M is to. */
int applier_say_to(
	struct applier *a, uint32_t partition, struct message *m, const struct cargo *cargo);
/* In the commit, what was said and heard. 0 or -ENOMEM. */
int applier_finish_messages(struct applier *a);

/* ---- apply_erase.c ---- */

/* W is to be a batch of its own. */
bool applier_is_alone(const struct work *w);
/* May the work I, which is not the first, be of one batch with what was done before it? */
bool applier_goes_with(const struct applier *a, size_t i);
/* Takes out of W's event, and out of *context, what names somebody who was erased and is not its
 * customer. *ret_changed: it is to be decoded again. 0 or -ENOMEM. */
int applier_redact(struct applier *a, struct work *w, struct span *context, bool *ret_changed);
/* SUPPRESS, LIFT and ERASE. 0 or -ENOMEM. */
int applier_gone_names(struct applier *a, const struct work *w);
int applier_erase(struct applier *a, const struct work *w);
/* W's entry goes from the log with the commit. 0 or -ENOMEM. */
int applier_drop(struct applier *a, const struct work *w);
/* Was the customer of W erased? Then it is turned away. 0 or -ENOMEM. */
int applier_is_gone(struct applier *a, const struct work *w, bool *ret_gone);
int applier_turn_away(struct applier *a, const struct work *w);
/* In the commit, who goes. */
void applier_finish_erased(struct applier *a);

/* ---- apply_scrub.c ---- */

/* SCRUB. 0 or -errno. */
int applier_scrub(struct applier *a, const struct work *w);

/* Adds an entry to the quarantine. 0 or -ENOMEM. */
int applier_quarantine(
	struct applier *a, const struct log_entry *e, const char *code, const char *words);
