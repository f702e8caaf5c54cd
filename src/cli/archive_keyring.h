/* SPDX-License-Identifier: MIT */
/*
 * The keys that a partition's archive is sealed with, by their ids: those that are still kept.
 */
#pragma once

#include "base/arena.h"
#include "base/map.h"
#include "codec/seal.h"
#include "tool.h"

struct archive_key {
	struct seal_key key;
	struct span customer; /* or `?ID`: of one entry that is about nobody */
};

struct archive_keyring {
	struct arena arena;
	struct map by_id;
	size_t n_bad; /* that are none */
};

/* Reads those of PARTITION. 0, or -1 when a sentence was said; release K as after success. */
int archive_keyring_load(struct archive_keyring *k, const struct program *p, struct redis *redis,
	uint32_t partition);
void archive_keyring_release(struct archive_keyring *k);

/* The key of this id; NULL: it is not kept. */
const struct archive_key *archive_keyring_find(const struct archive_keyring *k, struct span id);
