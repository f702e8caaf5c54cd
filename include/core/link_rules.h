/* SPDX-License-Identifier: MIT */
/*
 * Who may become one customer with whom. Each key has one owner, who alone decides what it is:
 * nobody, a customer, or a link to a stronger key. So this is a conversation (core/message.h):
 *
 *   an event of customer S names another identifier O
 *       link_claims():  may it, by the rights of the event's source and by S's limits? Then S
 *                       claims O; or, if O is the stronger of the two, S becomes a link to it
 *   O hears the claim, and who was named beside it in earlier events has asked too, or will not
 *       link_claimed(): it becomes a link to S, taking the customer it was along; or it is a link
 *                       to T already; or it refuses
 *   S hears that O is T's
 *       link_taken():   may S and T be one? Then the weaker becomes a link to the stronger
 *
 * Links go from the loser to the winner only (identity_compare), so there are no cycles, whoever
 * speaks first.
 */
#pragma once

#include "core/effect.h"
#include "core/event.h"
#include "core/identity.h"
#include "core/journey.h"
#include "core/message.h"

/* ---- at the customer of an event --------------------------------------------------------- */

/*
 * What EVENT, which was just applied to J, says about other identifiers: those that are claimed
 * become J's ids, and EFFECTS gets a message for each, with counters and decisions where something
 * is refused. ret_yield: the stronger key that J shall become a link to, empty if none is; it
 * borrows from EVENT. 0 or -ENOMEM.
 *
 * Limits go by the order in which events were received, whatever they name J. So where an
 * identifier may be one too many, and somebody may have said something earlier that has not come
 * here, it is only put among WANTS, and judged when all have been heard (link_wanted). Somebody may
 * have if J has other names, or was named beside somebody; it may be one too many if there is room
 * for no more than LINK_NEAR. WANTS may be NULL: then all is judged by what is known. What a merge
 * brings is never refused, so that a customer may have more than the limit by it.
 */
#define LINK_NEAR JOURNEY_NAMED_MAX

struct link_wants {
	struct span keys[JOURNEY_NAMED_MAX]; /* they borrow from the event */
	size_t n;
	/* For who folds a log in which it is known what waited: whether KEY, which may be one too
	 * many or not, did. 1, 0 or -ENOMEM. NULL: it is not known. */
	int (*waited)(void *user, struct span key, bool may_be);
	void *user;
};

int link_claims(const struct identity *id, struct journey *j, const struct event *event,
	struct effects *effects, struct link_wants *wants, struct span *ret_yield);

/* J claims WANT->of, or it is refused: all that was received before WANT is known. NOW is virtual
 * time. 0 or -ENOMEM. */
int link_wanted(const struct identity *id, struct journey *j, const struct message *want,
	int64_t now, struct effects *effects);

/* May events of OWN say something of its customer that was received BEFORE, and has not come? */
bool link_is_asked(const struct customer_id *own, int64_t before);
/* How many of J's ids that is so of, NAMING_ASKED_MAX at most. */
size_t link_n_asked(const struct journey *j, int64_t before);

/*
 * May a customer SELF, of whom nothing is known, claim KEY by what the settings and a source's
 * RIGHTS say? Then the log of KEY's partition is told of it with the event (NAMED), and its order
 * is that in which claims are judged: a claim itself comes when SELF's partition is worked through,
 * and says nothing about which event was received first.
 */
bool link_may_claim(const struct identity *id, unsigned rights, struct span self, struct span key);

/* ---- at the key that is claimed ---------------------------------------------------------- */

/* NODE_APART: a customer from whom staff took apart the one who asks. */
enum link_node { NODE_NOBODY, NODE_CUSTOMER, NODE_LINK, NODE_APART };

enum link_answer {
	LINK_KNOWN,  /* it is linked as is asked: say LINKED */
	LINK_MAKE,   /* nobody was here: it becomes a link; say LINKED */
	LINK_MERGE,  /* it becomes a link, and its record goes along */
	LINK_TAKEN,  /* it is another's: say so */
	LINK_REFUSE, /* say why */
	LINK_CLAIM,  /* link_taken: claim the other */
	LINK_YIELD,  /* link_taken: become a link to the other */
};

/* NODE is what the key M->to is, LINKED_TO whom it is a link to. *ret_reason: a word, of
 * LINK_REFUSE. */
enum link_answer link_claimed(const struct identity *id, const struct message *m,
	enum link_node node, struct span linked_to, struct span *ret_reason);

/* ---- at the customer who hears ----------------------------------------------------------- */

/* The customer SELF, whom M came to, hears TAKEN. */
enum link_answer link_taken(const struct identity *id, const struct message *m, struct span self,
	struct span *ret_reason);

/* J claims M->other, since what it had claimed leads there (TAKEN); it is J's only once it is heard
 * to be. 0 or -ENOMEM. */
int link_reclaim(struct journey *j, const struct message *m);

/* What J makes of LINKED, REFUSED (with REASON) and MERGE: its ids, with decision and counter. NOW
 * is virtual time. 0 or -ENOMEM. */
int link_linked(struct journey *j, const struct message *m, int64_t now, struct effects *effects);
int link_refused(struct journey *j, const struct message *m, struct span reason, int64_t now,
	struct effects *effects);
int link_merged(struct journey *j, const struct message *m, int64_t now, struct effects *effects);

/*
 * Staff took J and M->of apart: what M->by of them said about it, M->reason, stands on the
 * timeline, and from now on the two become one only if somebody says just that. J takes the place
 * of BEFORE, NULL where nobody was: EFFECTS say what changes in the index of the held. 0 or
 * -ENOMEM.
 */
int link_unmerged(struct journey *j, const struct journey *before, const struct message *m,
	int64_t now, struct effects *effects);

/* The first key on M's path that was taken apart from J: what came along it belongs there. Empty:
 * none. What such a key itself brings along, when it is merged anew, does not. */
struct span link_stray(const struct journey *j, const struct message *m);
