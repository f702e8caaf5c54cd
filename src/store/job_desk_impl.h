/* SPDX-License-Identifier: MIT */
/* What the files of the desk share. */
#pragma once

#include "base/arena.h"
#include "job_script.h"
#include "redis_store_impl.h"
#include "store/job_desk.h"

/* What a reply that is no array means; 0 if it is one. WORDS: of SIZE bytes. */
int job_reply_outcome(const struct redis_value *reply, char *words, size_t size);

/* An instant of the day whose counters count: by the desk's clock, else by ours. */
int64_t job_desk_day(const struct job_desk *desk);

/* What the script `look` says of a job, spans borrowed from REPLY or in A; *ret_record (may be
 * NULL) is the customer's. 0, JOB_DESK_NONE, JOB_DESK_CORRUPT or -ENOMEM. */
int job_found_read(const struct redis_value *reply, struct arena *a, struct job_found *ret_found,
	struct span *ret_record, int64_t *ret_now);

/* The line of the log that FATE makes of FOUND: event and meta, appended. E's job and channel are
 * filled in here. 0 or -ENOMEM. */
int job_tell(const struct job_found *found, struct job_event *e, int64_t now, struct buf *event,
	struct buf *meta);
