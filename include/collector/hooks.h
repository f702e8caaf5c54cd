/* SPDX-License-Identifier: MIT */
/*
 * The hooks of a shop, ready for use: each source of kind hook with its mapping compiled, its
 * signature plan and its secrets read. All of it is checked when it is loaded, so that a hook that
 * cannot work is known before the first order is lost.
 */
#pragma once

#include "base/arena.h"
#include "codec/mapping.h"
#include "codec/signature.h"
#include "codec/write_keys.h"
#include "io/log.h"

#define HOOK_SECRETS_MAX 2

struct hook {
	const struct write_key *source;
	struct mapping *mapping;
	struct signature_plan *plan;
	struct span secrets[HOOK_SECRETS_MAX]; /* the present one first */
	size_t n_secrets;
	bool broken; /* it cannot work, and has neither mapping nor plan; its sender is told to
			come back */
};

struct hooks {
	struct hook *list;
	size_t n;
	struct arena texts; /* secrets: wiped before they are given back */
};

enum { HOOKS_BAD = 1 };

/*
 * Prepares the hooks of KEYS, which must outlive *ret_hooks; FOLDER is where relative paths begin.
 * 0, -ENOMEM, or HOOKS_BAD with every reason logged: *ret_hooks is set then too, and those that
 * cannot work are broken; one such must not keep the others, and all other sources, from working.
 */
int hooks_load(const struct write_keys *keys, const char *folder, const struct log *log,
	struct hooks **ret_hooks);
/*
 * Where a hook of H is broken that works in OLD (NULL: none), it goes on as there: a file that is
 * being edited costs no order. What H takes over is gone from OLD. 0 or -ENOMEM.
 */
int hooks_inherit(struct hooks *h, struct hooks *old, const struct log *log);
struct hooks *hooks_free(struct hooks *h);
void hooks_freep(struct hooks **h);

/* NULL if there is no hook of that name. */
const struct hook *hooks_find(const struct hooks *h, struct span name);

/* How many of the secrets count at NOW: the old one only until the time that the source says. */
size_t hook_secrets(const struct hook *hook, int64_t now);
