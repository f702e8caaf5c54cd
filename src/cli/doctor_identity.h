/* SPDX-License-Identifier: MIT */
/* What `waymark doctor` says of the settings that keys of customers follow from. */
#pragma once

#include "doctor_archive.h"

/* Adds a sentence to WORDS: were the data set's keys made by the settings of this configuration? */
enum archive_finding doctor_identity(struct tool *t, struct redis *redis, struct buf *words);
