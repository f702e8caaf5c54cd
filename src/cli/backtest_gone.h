/* SPDX-License-Identifier: MIT */
/*
 * Who was erased, for a replay of the live data set. Words about an erasure leave the log with what
 * they are about; that a name is kept out from then on stands beside it (`wm:{p7}:gone`,
 * store/gone.h), with the instant of the word. So the word is said again where it stood, and the
 * engine does with what came behind it what the worker did: of an entry that names somebody else
 * too, the rest counts. Names that were lifted again are not known any more.
 */
#pragma once

#include "backtest.h"
#include "io/redis.h"

struct backtest_gone {
	struct arena arena;
	struct commit_gone *names; /* by instant */
	size_t n, next;
	struct span salt;
};

/* Nobody. */
void backtest_gone_init(struct backtest_gone *g);
void backtest_gone_release(struct backtest_gone *g);

/* Reads those of PARTITION in place of those before. 0 or -errno. */
int backtest_gone_read(struct backtest_gone *g, struct redis *redis, uint32_t partition);
/* Says to B what stood in the log before ID; ids rise from call to call. Within the instant of a
 * word, which came first is not known: the word is said before all of it. 0 or -errno. */
int backtest_gone_say(struct backtest_gone *g, struct backtest *b, struct log_id id);
