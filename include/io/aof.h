/* SPDX-License-Identifier: MIT */
/*
 * The end of Redis' append-only file after a crash. A write that was torn is no harm by itself: it
 * was never acknowledged, and Redis leaves it out. But of a transaction that was torn within a
 * command, Redis 7.0 (aof-load-truncated) removes that command alone: what stands before it stays,
 * without its EXEC, and what is appended next goes behind that. The next start then runs both as
 * one transaction, and half of what never happened is done beside what was. So the file is cut
 * here, before a server sees it, at the end of what is whole.
 */
#pragma once

#include <sys/types.h>

enum { AOF_CUT = 1 };

/*
 * DIR: the server's directory, with its appendonlydir; no server may run on it. Cuts the last file
 * that the manifest names at the end of its last command, or transaction, that is whole. 0: nothing
 * was torn, or there is no such file, or it is damaged otherwise, which is for the server to say;
 * AOF_CUT: *RET_BYTES were cut off, and the file is synced; or -errno.
 */
int aof_mend(const char *dir, off_t *ret_bytes);

/*
 * A server that dies while it writes its file or a snapshot anew leaves the half of it in DIR, as
 * temp-*.aof or temp-*.rdb (aof.c, rdb.c of Redis 7.0), and no later one removes it: what was
 * erased from the data since would be kept in there. Removes them; no server may run on DIR. How
 * many, or -errno of the first that could not be.
 */
int aof_sweep(const char *dir);
