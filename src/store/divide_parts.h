/* SPDX-License-Identifier: MIT */
/* What divide.c (whose is what, and the folds) and divide_sides.c (what becomes of it) share. */
#pragma once

#include "core/message.h"
#include "divide_fold.h"
#include "store/keys.h"
#include "store/seen.h"

/* An entry of the log that concerns the customer, a mark, or a change of rules. */
struct kept {
	struct log_entry entry;
	struct message *message; /* NULL: it is none */
	bool other;		 /* what became of a job that is the other's */
	bool news;		 /* a forwarded event that is about a thing */
	/* of NEWS */
	uint32_t content;
	struct span incident; /* whose mark it moves, to … */
	int64_t occurred_at;
};

struct divide {
	struct divide_ask ask;
	struct record record; /* of the customer, as they are */
	struct arena arena;   /* what is kept, and what comes out */
	struct arena scratch; /* of an entry */
	struct seen seen;
	uint64_t heard[PARTITIONS_MAX];
	uint64_t heard_there[PARTITIONS_MAX]; /* news, in the log of the key's partition */
	struct map followed;		      /* ids of what a side may ever have followed */
	struct items things;		      /* the same as keys of news, struct span */
	struct items news;		      /* struct kept, of the log of the key's partition */
	struct map there;		      /* the marks that the other has of those */
	bool heard_news;		      /* there were any since they became one */
	struct items kept;		      /* struct kept */
	struct items partings; /* size_t, of kept: what took another out of the customer */
	struct log_id first;   /* of the log */
	size_t joined;	       /* the entry that made them one */
	size_t from;	       /* the entry behind the customer's base */
	struct fold all, since, apart, alone;
	bool parted;		  /* the customer was taken apart from somebody since */
	bool outcomes;		  /* some are the other's */
	struct items jobs;	  /* struct divided_job */
	struct items own_jobs;	  /* struct division_job */
	struct items heard_marks; /* struct division_heard */
};

/* Did K come by KEY, or is it about KEY? */
bool kept_is_by(const struct kept *k, struct span key);

/* What E says, in the scratch arena. 0, EVENT_BAD or -ENOMEM. */
int divide_decode(struct divide *d, const struct log_entry *e, struct event *ret_event);

/* Keeps E in LIST. 0 or -ENOMEM. */
int divide_keep_entry(struct divide *d, struct items *list, const struct log_entry *e);

/* What was in force, and how far the sources had said all, where the entry FIRST was kept: F is
 * cleared, and begins with that. 0 or -errno. */
int divide_stand(struct divide *d, struct fold *f, size_t first);

/* ---- divide_news.c ---- */

/* Whatever EVENT, what came along with the message K, or both bases name may be followed since. */
int divide_note_products(struct divide *d, const struct event *event);
int divide_note_record(struct divide *d, const struct kept *k);
int divide_follow_bases(struct divide *d);
/* Keeps E in LIST if it may concern a side: the news M. 0 or -ENOMEM. */
int divide_keep_news(
	struct divide *d, struct items *list, const struct log_entry *e, const struct message *m);
/* F, which begins with the entry FIRST: what was heard before. 0 or -ENOMEM. */
int divide_heard(struct divide *d, struct fold *f, size_t first);
/* And what incidents there were, for the customer or the OTHER. 0 or -ENOMEM. */
int divide_incidents(struct divide *d, struct fold *f, size_t first, bool other);
/* The other's: those before are noted in F, and FN is shown the rest. 0, -errno or what FN says. */
typedef int divide_news_fn(void *user, const struct kept *news);
int divide_other_news(struct divide *d, struct fold *f, divide_news_fn *fn, void *user);
/* What may still come to the other though they have heard it so: GOES notes it. 0 or -ENOMEM. */
int divide_note_heard(struct divide *d, struct division *goes);

/* ---- divide_check.c ---- */

/* Whom staff took out of the customer since they began, and whether that leads to what the customer
 * is. 0, -errno or DIVIDE_DIFFERENT. */
int divide_find_partings(struct divide *d);
/* Is what was folded of everything what the customer is, as far as that can be told? */
bool divide_is_same(struct divide *d);

/* Is the record FOLDED what RECORD is, as far as that says? */
bool divide_is_record(struct divide *d, struct span folded, struct span record);

/* ---- divide_wants.c ---- */

/* Who was named beside a customer and is not heard yet is nothing that a fold finds, and whoever
 * takes two apart lets them wait on: of the record at BYTES only that goes on waiting which the
 * customer wants themselves. 0 or -errno. */
int divide_forget_named(struct divide *d, struct span *bytes);
/* Notes for F, a fold of the customer's log, what in it had to wait. 0 or -ENOMEM. */
int divide_waited(struct divide *d, struct fold *f);

/* ---- divide_sends.c ---- */

/* What J, whom F led to, was sent is what was sent, when it is known whose is which job. */
void divide_settle_sends(const struct divide *d, struct journey *j, const struct fold *f);

/* Of the numbers that jobs had J, whom F led to, gives none again. 0 or -ENOMEM. */
int divide_settle_numbers(const struct divide *d, struct journey *j, const struct fold *f);

/* ---- divide_sides.c ---- */

/* What the other's own log would have had, in order; to be freed. 0 or -ENOMEM. */
int divide_other_log(struct divide *d, struct log_entry **ret_entries, size_t *ret_n);
/* Was KEY claimed by FOLD, where not by its entry BUT alone (NULL: any), or was it an id of its
 * customer before? */
bool divide_claimed(const struct fold *fold, struct span key, const struct log_id *but);
/* Whose is which job, when all three are folded. 0 or -ENOMEM. */
int divide_sort_jobs(struct divide *d);
/* The job of this id that F made; and the one of the same wait, whatever its customer is called.
 * NULL: there is none. */
const struct folded_job *divide_find_job(const struct fold *f, struct span id);
const struct folded_job *divide_find_like(const struct fold *f, const struct folded_job *job);
/* Which step's it is, and by which way if not by the first (struct emission). */
uint32_t divide_step_of(const struct divide *d, const struct folded_job *job, uint32_t *ret_way);
/* KEY is no name of J's. */
void divide_forget(struct journey *j, struct span key);
int divide_encode(struct divide *d, const struct record *record, struct span *ret_bytes);
/* The two sides. 0 or -errno. */
int divide_results(struct divide *d, struct divided *out);
/* The same where nothing came but the name. */
int divide_name_only(struct divide *d, struct divided *out);
