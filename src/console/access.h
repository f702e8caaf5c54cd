/* SPDX-License-Identifier: MIT */
/*
 * Who may ask. Two checks that have nothing to do with each other:
 *
 * The token says that a colleague asks.
 *
 * The Host field says that no browser was tricked into asking: a page of a stranger may have its
 * own name resolve to our address (DNS rebinding) and is then of the same origin as we are, but
 * its browser still sends the stranger's name. So we answer only under names that are known to be
 * ours: the address that we listen on (any IP address if that is all interfaces: an address cannot
 * be rebound), `localhost`, the loopback addresses, and those in the settings.
 */
#pragma once

#include "base/base.h"
#include "base/span.h"
#include "codec/staff_token.h"
#include "io/log.h"

/*
 * Reads the token's file, which nobody but its owner may read. 0, or ACCESS_BAD after having
 * logged a sentence that says what to do; *ret_token is then untouched.
 */
enum { ACCESS_BAD = 1 };
int access_read_token(const char *path, const struct log *log, struct staff_token *ret_token);

/*
 * Is HOST (`name`, `name:port`, `[v6]:port`) one of ours? LISTEN is what we listen on, NAMES are
 * further names, separated by commas or blanks.
 */
bool access_is_our_host(struct span host, const char *listen, const char *names);
