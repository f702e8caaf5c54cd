/* SPDX-License-Identifier: MIT */
/*
 * The courier of a partition: takes what stands in its outbox, adds it to the logs that it is for,
 * in order, and only then takes it away. So nothing is lost, whenever it dies; what it had added
 * already is added once more by the next one, and known there by its number.
 *
 * In order means: nothing is in any log before all that was said earlier is in the logs that it is
 * for. One log that takes nothing therefore holds up what is said after it, whomever that is for.
 *
 * It needs no lease. One that has lost its partition and does not know it brings what it read
 * earlier once more, which is as harmless; and it never brings anything before what was said
 * earlier is known to be there.
 */
#pragma once

#include "io/redis.h"

struct courier;

struct courier_options {
	struct redis *redis;
	uint32_t partition, partitions;
	/* Something was added to PARTITION's log. */
	void (*delivered)(void *user, uint32_t partition);
	/* The server refused something; it stays, and is tried again when poked. WORDS live until
	 * the function returns. */
	void (*failed)(void *user, const char *words);
	void *user;
};

/* 0 or -ENOMEM. */
int courier_new(const struct courier_options *options, struct courier **ret_courier);
/* Frees it at once, also from within its functions; answers still under way are ignored. */
struct courier *courier_free(struct courier *c);

/* There may be something in the outbox. Cheap when busy. */
void courier_poke(struct courier *c);
bool courier_idle(const struct courier *c);
