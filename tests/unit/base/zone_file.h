/* SPDX-License-Identifier: MIT */
/*
 * Zones of this machine for the tests: base itself reads no files.
 */
#pragma once

#include "base/buf.h"
#include "base/zone.h"

#define ZONE_DIRECTORY "/usr/share/zoneinfo"

static inline void zone_file_closep(FILE **f)
{
	if (*f)
		(void)fclose(*f);
}

/* Appends the file of the zone called NAME (`Europe/Berlin`); false if there is none. */
static inline bool zone_file_read(const char *name, struct buf *b)
{
	char path[256];
	_cleanup_(zone_file_closep) FILE *f = NULL;
	char *room = buf_reserve(b, 1 << 16);

	(void)snprintf(path, sizeof(path), "%s/%s", ZONE_DIRECTORY, name);
	f = fopen(path, "rb");
	if (!f || !room)
		return false;
	buf_commit(b, fread(room, 1, 1 << 16, f));
	return true;
}

/* NULL if this machine does not have the zone. */
static inline struct zone *zone_file_parse(const char *name)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	struct zone *z = NULL;

	if (!zone_file_read(name, &b) || zone_parse(buf_span(&b), &z))
		return NULL;
	return z;
}
