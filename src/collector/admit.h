/* SPDX-License-Identifier: MIT */
/*
 * What a source may say, and what the shop has promised itself about its events: refused here is
 * what is well-formed and still must not go in.
 */
#pragma once

#include "call.h"

/* Refuses items of E that C's source may not send, and those that break a plan which says so. 0 or
 * -ENOMEM. */
int admit(struct call *c, struct envelope *e);
