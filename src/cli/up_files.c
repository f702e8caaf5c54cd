/* SPDX-License-Identifier: MIT */
#include "up_files.h"

#include <unistd.h>

#include "base/span.h"
#include "io/file.h"

/*
 * What makes "accepted" mean "on the disk" is appendfsync always; the rest keeps the server from
 * being reachable, from evicting, and from starting on half a file without saying so. No limit on
 * the size of a string or of a client's buffers: only our own roles can reach the socket, and the
 * message ids of a busy hour are one long string.
 */
static const char redis_conf_text[] =
	"# The private redis-server of `waymark up`, written at its first start; yours to change.\n"
	"# Socket and directory are given on the command line.\n"
	"\n"
	"# Nobody but the owner of this directory can reach it.\n"
	"port 0\n"
	"unixsocketperm 700\n"
	"daemonize no\n"
	"supervised no\n"
	"\n"
	"# An event is acknowledged when it is on the disk: do not change these two.\n"
	"appendonly yes\n"
	"appendfsync always\n"
	"no-appendfsync-on-rewrite no\n"
	"# After a power cut the last write may be torn; it was not acknowledged, and `waymark "
	"up`\n"
	"# cuts it off before the server starts.\n"
	"aof-load-truncated yes\n"
	"aof-use-rdb-preamble yes\n"
	"auto-aof-rewrite-percentage 100\n"
	"auto-aof-rewrite-min-size 64mb\n"
	"save \"\"\n"
	"\n"
	"# When it is full, new events are refused (503, and senders come back); what was "
	"accepted\n"
	"# is still processed. Leave room for the copy that a rewrite of the append-only file "
	"needs.\n";

static const char redis_conf_rest[] = "maxmemory-policy noeviction\n"
				      "lazyfree-lazy-user-del yes\n"
				      "\n"
				      "databases 1\n"
				      "loglevel notice\n"
				      "enable-debug-command no\n"
				      "enable-module-command no\n"
				      "enable-protected-configs no\n";

/* The memory of this machine, or of the control group that we are confined to. */
static uint64_t memory_bytes(void)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	uint64_t bytes = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGE_SIZE);
	uint64_t limit;

	if (file_read("/sys/fs/cgroup/memory.max", 64, &text) == 0) {
		struct span line = buf_span(&text);

		if (line.len > 0 && line.ptr[line.len - 1] == '\n')
			line.len--;
		if (span_to_u64(line, bytes, &limit) == 0)
			bytes = limit;
	}
	return bytes;
}

void up_redis_conf(struct buf *out)
{
	buf_add_str(out, redis_conf_text);
	buf_add_str(out, "# Half of the memory of this machine:\nmaxmemory ");
	buf_add_u64(out, memory_bytes() / 2 / (1 << 20));
	buf_add_str(out, "mb\n");
	buf_add_str(out, redis_conf_rest);
}

void up_waymark_ini(struct buf *out, const char *socket)
{
	buf_printf(out,
		"; Waymark, as `waymark up` runs it; yours to change. What is commented out shows "
		"the\n"
		"; default. Each `key` of a [section] is also WAYMARK_SECTION_KEY in the "
		"environment;\n"
		"; `waymark VERB --help` lists all of them.\n"
		"\n"
		"[redis]\n"
		"; Kept up to date by `waymark up`; the tools find Redis here.\n"
		"address = %s\n"
		"\n"
		"[collector]\n"
		"; Where events come in. Put a proxy with TLS in front of it; do not open it to "
		"the\n"
		"; world as it is.\n"
		"; listen = 127.0.0.1:8480\n"
		"\n"
		"[console]\n"
		"; The query API for staff; it asks for the token in the file staff-token.\n"
		"; listen = 127.0.0.1:8481\n"
		"\n"
		"[worker]\n"
		"; Rules: the directory rules/ beside this file if there is one, else those that "
		"come\n"
		"; with Waymark.\n"
		"; rules = /etc/waymark/rules\n"
		"; The shop's time zone, an IANA name, for days that end at midnight.\n"
		"; store_zone = UTC\n"
		"\n"
		"[archive]\n"
		"; Where what was applied is kept in files, each customer's lines sealed with a "
		"key of\n"
		"; their own; best on another disk. Without it there is no archive, and the log "
		"in Redis\n"
		"; only grows.\n"
		"; directory = /var/lib/waymark/archive\n"
		"; How often, and how long the log in Redis is kept although it is archived.\n"
		"; every = 1h\n"
		"; keep = 30d\n"
		"\n"
		"[identity]\n"
		"; What names a customer: kinds of identifiers, limits, blocked and shared values, "
		"the\n"
		"; country of telephone numbers (waymark identity check FILE). Roles and tools "
		"read it\n"
		"; here; to be chosen before the first event, for keys follow from it.\n"
		"; file = /etc/waymark/identity.json\n"
		"\n"
		"[up]\n"
		"; As many as there are processor cores to spare; they share the customers among "
		"them.\n"
		"; workers = 1\n",
		socket);
}

void up_keys_ini(struct buf *out, const char *web_key, const char *shop_key)
{
	buf_printf(out,
		"; Sources: who may send events, as what. `waymark key` changes this file, and so "
		"may you;\n"
		"; `waymark up` takes changes up at once. What may stand here: man waymark, "
		"FILES.\n"
		"\n"
		"; Stands in the shop's pages, where anyone can read it: it proves nothing.\n"
		"[web]\n"
		"key = %s\n"
		"kind = browser\n"
		"channel = web\n"
		"; The pages that may send from elsewhere; without this line, none.\n"
		"; origins = https://shop.example https://*.shop.example\n"
		"\n"
		"; For the shop's own servers: keep it secret.\n"
		"[shop]\n"
		"key = %s\n"
		"kind = server\n"
		"channel = server\n",
		web_key, shop_key);
}

void up_staff_token(struct buf *out, const char *token)
{
	buf_printf(out, "%s\n", token);
}
