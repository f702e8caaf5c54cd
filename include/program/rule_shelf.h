/* SPDX-License-Identifier: MIT */
/*
 * Sets of rules as the log names them. Which set is in force is a matter of each partition's
 * position, and the text of it stands in Redis under its name (program/rule_set.h); whoever judges
 * what a worker decided, and is no worker, goes by those and not by what lies on the disk at that
 * moment. The shelf brings a set when it is asked for first and keeps the last few.
 *
 * A set that is gone, or was written by another version, cannot be judged by: then a set that
 * stands in is better than nothing, as it is for the worker itself.
 */
#pragma once

#include "io/log.h"
#include "io/redis.h"
#include "program/rule_set.h"
#include "store/job_desk.h"

#define RULE_SHELF_MAX 4 /* sets kept; while rules change there are two */

struct rule_shelf;

/* LOG: where what cannot be had is complained of; NULL: nowhere. 0 or -ENOMEM. */
int rule_shelf_new(const struct log *log, struct rule_shelf **ret_shelf);
/* Who waits for a set is not told any more. */
struct rule_shelf *rule_shelf_free(struct rule_shelf *s);
void rule_shelf_freep(struct rule_shelf **s);

/* Where sets are asked for; NULL: nowhere. */
void rule_shelf_set_redis(struct rule_shelf *s, struct redis *redis);
/* Takes RULES, for partitions that name no set or one that cannot be had. */
void rule_shelf_stand_in(struct rule_shelf *s, struct rules *rules);
bool rule_shelf_has_stand_in(const struct rule_shelf *s);

/*
 * A job_rules_fn; SHELF is a struct rule_shelf. DIGEST 0: no set is named. 0: rule_shelf_find has
 * it; JOB_RULES_COMING: FN is called later, and it is time to ask again; -ENOENT: there is no such
 * set, and none stands in; -ENOTCONN or -ENOMEM.
 */
int rule_shelf_have(void *shelf, uint64_t digest, job_rules_ready_fn *fn, void *arg);

/* A job_rules_find_fn. What it returns stays until the next call of rule_shelf_have; NULL: nothing
 * is at hand. */
const struct rules *rule_shelf_find(void *shelf, uint64_t digest);
