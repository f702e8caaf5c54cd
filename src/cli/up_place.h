/* SPDX-License-Identifier: MIT */
/*
 * The directory that `waymark up` keeps. Made at the first start, every file with a comment that
 * says whose it is:
 *
 *	waymark.ini     settings; the tools read the address of Redis here
 *	keys.ini        write keys (`waymark key`)
 *	staff-token     what the console asks for
 *	dataset         the id of the data set that Redis must hold
 *	redis.conf      settings of the private redis-server
 *	redis/          its append-only file
 *	redis.sock      its socket, unless the path is too long for one
 *	redis.log       what it says
 *	lock            held while `waymark up` runs; redis.lock while its redis-server does
 *	rules/          rules of your own, if you put some there
 */
#pragma once

#include "tool.h"

#define KEY_TEXT_SIZE 36 /* `wk_`, 32 hex digits, NUL */

struct up_place {
	const char *dir; /* absolute */
	const char *ini, *keys, *token, *dataset, *redis_conf, *redis_dir, *redis_log, *redis_lock;
	const char *socket;
	bool socket_elsewhere; /* the path in DIR would have been too long */
	int lock;	       /* descriptor; -1: none */
};

/*
 * Makes DIR where needed, and takes its lock. All text lies in P's arena. 0, or STATUS_FOUND when a
 * sentence was said.
 */
int up_place_open(struct up_place *place, struct program *p, const char *dir);
/* Makes the files that are missing. The same. */
int up_place_fill(struct up_place *place, struct program *p);
void up_place_close(struct up_place *place);

/* N random bytes as hex digits, with a NUL. 0 or -errno. */
int random_hex(size_t n, char *out);

/* `wk_` and 128 random bits. 0 or -errno. */
int random_key(char out[KEY_TEXT_SIZE]);
