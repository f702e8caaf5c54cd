/* SPDX-License-Identifier: MIT */
/*
 * `waymark doctor`: is this installation what the guarantees ask for? Each question is a function
 * that answers with a sentence; what is wrong says what to do.
 */
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/instant.h"
#include "cells.h"
#include "cli.h"
#include "codec/json_scan.h"
#include "counted.h"
#include "doctor_archive.h"
#include "doctor_erasures.h"
#include "doctor_identity.h"
#include "figures.h"
#include "hook_sources.h"
#include "io/file.h"
#include "io/http_client.h"
#include "io/http_server.h"
#include "program/rule_set.h"
#include "tool.h"

#define SKEW_MAX_MS   (2 * MS_SECOND)
#define WAIT_MAX_MS   MS_MINUTE
#define DISK_LOW      ((uint64_t)1 << 30)
#define MEMORY_LOW    80 /* percent */
#define PROC_FILE_MAX 256

struct doctor_settings {
	const char *data, *rules, *store_zone, *collector, *console;
	const char *keys, *mail_secret, *old_mail_secret;
	int64_t archive_every_ms;
};

#define ROW(MEMBER) offsetof(struct doctor_settings, MEMBER)

static const struct setting settings[] = {
	{"worker", "rules", "rules", SETTING_TEXT, ROW(rules), NULL, 0, DATA_PATH_MAX, "PATH",
		"the rules to look at"},
	{"worker", "store_zone", "store-zone", SETTING_TEXT, ROW(store_zone), "UTC", 0, 64, "ZONE",
		"the shop's time zone (IANA name)"},
	{"collector", "listen", "collector-listen", SETTING_TEXT, ROW(collector), "127.0.0.1:8480",
		0, 255, "ADDRESS", "where the collector listens"},
	{"collector", "keys", "keys", SETTING_TEXT, ROW(keys), "", 0, DATA_PATH_MAX, "FILE",
		"the file of sources; else keys.ini in the data directory"},
	{"collector", "mail_secret", NULL, SETTING_TEXT, ROW(mail_secret), "", 0, DATA_PATH_MAX,
		"FILE", "the secret of the links in mails"},
	{"collector", "old_mail_secret", NULL, SETTING_TEXT, ROW(old_mail_secret), "", 0,
		DATA_PATH_MAX, "FILE", "the one of before"},
	{"console", "listen", "console-listen", SETTING_TEXT, ROW(console), "127.0.0.1:8481", 0,
		255, "ADDRESS", "where the console listens"},
	{"archive", "every", NULL, SETTING_DURATION, ROW(archive_every_ms), "1h", 100, MS_DAY,
		"SPAN", "how often the archive is written"},
	TOOL_DATA_ROW(struct doctor_settings),
};

static const struct program_spec spec = {
	.name = "doctor",
	.about = "Looks whether Redis, its settings, the roles and this machine are as they must "
		 "be\n"
		 "for nothing to get lost. Ends with 1 if something is wrong.",
	.settings = settings,
	.n_settings = ARRAY_SIZE(settings),
	.tool = true,
	.any_identity = true,
};

enum finding { FINE, NOTE, WRONG };

struct doctor {
	struct tool tool;
	struct doctor_settings settings;
	struct redis *redis;
	struct arena arena; /* of replies */
	bool local;	    /* Redis is on this machine */
	int64_t now;
	struct buf words;
};

static const struct redis_value *ask(struct doctor *d, struct span a, struct span b, struct span c)
{
	const struct span args[] = {a, b, c};

	return tool_ask(&d->tool, d->redis, args, c.len ? 3 : 2, &d->arena);
}

/* The value of NAME in a reply of INFO. */
static struct span info_value(struct span info, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i + n < info.len; i++) {
		const char *line = info.ptr + i, *end;

		if ((i > 0 && line[-1] != '\n') || memcmp(line, name, n) != 0 || line[n] != ':')
			continue;
		end = memchr(line, '\r', info.len - i);
		return span_of(
			line + n + 1, (size_t)((end ? end : info.ptr + info.len) - line) - n - 1);
	}
	return SPAN_EMPTY;
}

static struct span info(struct doctor *d, struct span section, const char *name)
{
	const struct redis_value *v = ask(d, SPAN_LIT("INFO"), section, SPAN_EMPTY);

	return v ? info_value(v->text, name) : SPAN_EMPTY;
}

static struct span config(struct doctor *d, const char *name)
{
	const struct redis_value *v = ask(d, SPAN_LIT("CONFIG"), SPAN_LIT("GET"), span_str(name));

	return v && v->n_items == 2 ? v->items[1].text : SPAN_EMPTY;
}

static uint64_t number(struct span s)
{
	uint64_t n;

	return span_to_u64(s, UINT64_MAX, &n) == 0 ? n : 0;
}

static enum finding say(struct doctor *d, enum finding f, const char *words)
{
	buf_add_str(&d->words, words);
	return f;
}

/* ---- Redis --------------------------------------------------------------------------------- */

static enum finding version(struct doctor *d)
{
	struct span text = info(d, SPAN_LIT("server"), "redis_version");
	static const uint64_t least[] = {7, 0, 15};
	struct span rest = text;
	bool newer = false, older = text.len == 0;

	for (size_t i = 0; i < ARRAY_SIZE(least) && !newer && !older; i++) {
		const char *dot = rest.len ? memchr(rest.ptr, '.', rest.len) : NULL;
		size_t n = dot ? (size_t)(dot - rest.ptr) : rest.len;
		uint64_t part = number(span_of(rest.ptr, n));

		newer = part > least[i];
		older = part < least[i];
		rest = dot ? span_of(dot + 1, rest.len - n - 1) : SPAN_EMPTY;
	}
	buf_printf(&d->words, "Redis is version %.*s", (int)text.len, text.ptr ? text.ptr : "");
	return older ? say(d, WRONG, "; 7.0.15 is the oldest that is known to do: update it.")
		     : say(d, FINE, ".");
}

static const struct {
	const char *name, *wanted, *why;
} configs[] = {
	{"appendonly", "yes", "nothing is kept on the disk without it"},
	{"appendfsync", "always", "what was accepted can be lost without it"},
	{"no-appendfsync-on-rewrite", "no", "what was accepted can be lost during a rewrite"},
	{"maxmemory-policy", "noeviction", "Redis would throw customers away when it is full"},
};

static enum finding durability(struct doctor *d)
{
	enum finding f = FINE;

	for (size_t i = 0; i < ARRAY_SIZE(configs); i++) {
		struct span is = config(d, configs[i].name);

		if (span_is(is, configs[i].wanted))
			continue;
		buf_printf(&d->words, "%s is \"%.*s\" and must be \"%s\" (%s): change redis.conf. ",
			configs[i].name, (int)is.len, is.ptr ? is.ptr : "", configs[i].wanted,
			configs[i].why);
		f = WRONG;
	}
	return f == FINE ? say(d, FINE, "Every write is synced before it is acknowledged.") : f;
}

static enum finding writes(struct doctor *d)
{
	struct span write = info(d, SPAN_LIT("persistence"), "aof_last_write_status");
	struct span rewrite = info(d, SPAN_LIT("persistence"), "aof_last_bgrewrite_status");

	if (!span_is(write, "ok"))
		return say(d, WRONG,
			"The last write of the append-only file failed: look at the "
			"disk and at the log of Redis.");
	if (!span_is(rewrite, "ok"))
		return say(d, NOTE,
			"The last rewrite of the append-only file failed (is there "
			"memory and disk for a copy?); it only grows meanwhile.");
	return say(d, FINE, "The append-only file is written without errors.");
}

static enum finding memory(struct doctor *d)
{
	uint64_t used = number(info(d, SPAN_LIT("memory"), "used_memory"));
	uint64_t most = number(config(d, "maxmemory"));

	if (most == 0) {
		buf_printf(&d->words, "Redis uses %llu MiB", (unsigned long long)(used >> 20));
		return say(d, NOTE,
			" and has no bound: with maxmemory it would refuse new events "
			"where the kernel would kill it.");
	}
	buf_printf(&d->words, "Redis uses %llu of %llu MiB", (unsigned long long)(used >> 20),
		(unsigned long long)(most >> 20));
	if (used >= most / 100 * MEMORY_LOW)
		return say(d, WRONG,
			": soon new events will be refused. Raise maxmemory, or give "
			"the machine more.");
	return say(d, FINE, ".");
}

static enum finding server_clock(struct doctor *d)
{
	int64_t skew;
	char text[DURATION_SIZE];

	if (server_time(&d->tool, d->redis, &d->now) < 0)
		return say(d, WRONG, "The clock of Redis cannot be read.");
	skew = d->now - io_wall_now();
	duration_format(skew < 0 ? -skew : skew, text);
	buf_printf(&d->words, "The clock of Redis differs from ours by %s", text);
	if (skew > SKEW_MAX_MS || skew < -SKEW_MAX_MS)
		return say(d, WRONG, ": let both machines keep time (NTP).");
	return say(d, FINE, ".");
}

static enum finding disk(struct doctor *d)
{
	struct span dir = config(d, "dir");
	_cleanup_free_ char *path = span_dup(dir);
	struct statvfs st;
	uint64_t free_bytes;

	if (!d->local || !path || !path[0] || statvfs(path, &st) < 0)
		return say(d, NOTE, "The disk of Redis cannot be seen from here.");
	free_bytes = (uint64_t)st.f_bavail * st.f_frsize;
	buf_printf(&d->words, "The disk of Redis has %llu MiB free",
		(unsigned long long)(free_bytes >> 20));
	if (free_bytes < DISK_LOW)
		return say(d, WRONG,
			": make room. When it is full Redis ends, and events are "
			"refused until there is room again.");
	return say(d, FINE, ".");
}

/* ---- the data set -------------------------------------------------------------------------- */

static enum finding owners(struct doctor *d)
{
	uint32_t n = d->tool.program.dataset.partitions, free_n = 0;

	for (uint32_t p = 0; p < n; p++) {
		struct partition_figures f;

		if (partition_read(&d->tool, d->redis, p, &f) < 0)
			return say(d, WRONG, "The partitions cannot be read.");
		free_n += !f.leased;
	}
	if (free_n == 0) {
		buf_printf(&d->words, "All %u partitions have a worker.", n);
		return FINE;
	}
	buf_printf(&d->words,
		"%u of %u partitions have no worker: their events wait. Is `waymark "
		"worker` running?",
		free_n, n);
	return WRONG;
}

static enum finding lag(struct doctor *d)
{
	int64_t oldest = TIME_NEVER;
	uint64_t bad = 0;
	char text[DURATION_SIZE];

	for (uint32_t p = 0; p < d->tool.program.dataset.partitions; p++) {
		struct partition_figures f;

		if (partition_read(&d->tool, d->redis, p, &f) < 0)
			return say(d, WRONG, "The partitions cannot be read.");
		oldest = int64_min(oldest, f.oldest_at);
		bad += f.bad;
	}
	if (bad)
		buf_printf(&d->words, "%llu %s in quarantine (waymark quarantine list). ",
			COUNT_AS(bad, "event is", "events are"));
	if (oldest == TIME_NEVER || d->now - oldest <= WAIT_MAX_MS)
		return say(d, bad ? NOTE : FINE, "The workers keep up.");
	duration_format((d->now - oldest) / MS_SECOND * MS_SECOND, text);
	buf_printf(&d->words,
		"The oldest event has waited %s to be applied: run more workers, or "
		"look at their log.",
		text);
	return WRONG;
}

/* Of PARTITION: jobs that nobody had leased a minute after they were worth nothing any more. */
static int64_t count_stuck(struct doctor *d, uint32_t partition)
{
	_cleanup_(buf_release) struct buf key = BUF_INIT, until = BUF_INIT;
	const struct redis_value *v = NULL;

	key_add(&key, partition, "expiry");
	buf_add_i64(&until, d->now - WAIT_MAX_MS);
	if (buf_failed(&key) == 0 && buf_failed(&until) == 0) {
		const struct span args[] = {
			SPAN_LIT("ZCOUNT"), buf_span(&key), SPAN_LIT("-inf"), buf_span(&until)};

		v = tool_ask(&d->tool, d->redis, args, ARRAY_SIZE(args), &d->arena);
	}
	return v && v->type == REDIS_INTEGER ? v->integer : -1;
}

static enum finding jobs_move(struct doctor *d)
{
	int64_t stuck = 0;

	for (uint32_t p = 0; p < d->tool.program.dataset.partitions; p++) {
		int64_t n = count_stuck(d, p);

		if (n < 0)
			return say(d, WRONG, "The jobs cannot be read.");
		stuck += n;
	}
	if (stuck == 0)
		return say(d, FINE, "No job waits longer than it is worth anything.");
	buf_printf(&d->words,
		"%lld jobs wait for a consumer and are worth nothing any more: does anybody lease "
		"them (waymark jobs list --state ready)?",
		(long long)stuck);
	return WRONG;
}

static const enum finding archive_findings[] = {
	[ARCHIVE_FINE] = FINE, [ARCHIVE_ABSENT] = NOTE, [ARCHIVE_WRONG] = WRONG};

static enum finding archive(struct doctor *d)
{
	return archive_findings[doctor_archive(
		&d->tool, d->redis, d->now, d->settings.archive_every_ms, &d->words)];
}

static enum finding erasures(struct doctor *d)
{
	return archive_findings[doctor_erasures(
		&d->tool, d->redis, d->now, d->settings.archive_every_ms, &d->words)];
}

static enum finding identity(struct doctor *d)
{
	return archive_findings[doctor_identity(&d->tool, d->redis, &d->words)];
}

/* ---- the roles and this machine ------------------------------------------------------------ */

static enum finding role(struct doctor *d, const char *name, const char *address)
{
	_cleanup_(http_client_freep) struct http_client *client = NULL;
	struct program *p = &d->tool.program;
	struct http_client_options options;
	struct http_call call = {.method = "GET", .timeout_ms = 3 * MS_SECOND};
	struct http_answer answer;

	http_client_options_init(&options);
	call.url = tool_text(p, "%s/readyz", tool_url(p, address, &call.socket));
	if (!call.url || http_client_new(p->loop, &options, &client) < 0 ||
		http_client_call(client, &call, &d->arena, &answer) < 0)
		return say(d, WRONG, "Out of memory.");
	if (answer.status == 200) {
		buf_printf(&d->words, "The %s is ready (%s).", name, address);
		return FINE;
	}
	buf_printf(&d->words, "The %s at %s is not ready: %s.", name, address,
		answer.status ? http_status_text(answer.status) : answer.error);
	return WRONG;
}

static enum finding collector(struct doctor *d)
{
	return role(d, "collector", d->settings.collector);
}

static enum finding console(struct doctor *d)
{
	return role(d, "console", d->settings.console);
}

static enum finding rules_are_good(struct doctor *d)
{
	struct file_problems *problems = malloc(sizeof(*problems));
	_cleanup_(rules_freep) struct rules *rules = NULL;
	const char *path = d->settings.rules;
	int r;

	if (!path[0])
		path = tool_rules(&d->tool);
	r = problems && path ? rule_set_load(path, d->settings.store_zone, problems, &rules)
			     : -ENOENT;
	free(problems);
	if (r == 0) {
		buf_printf(&d->words, "%llu rule%s in %s %s good.", COUNT(rules->n), path,
			rules->n == 1 ? "is" : "are");
		return FINE;
	}
	buf_printf(&d->words, "The rules in %s cannot be used; `waymark rules check` says why.",
		path ? path : "?");
	return WRONG;
}

static enum finding keys_are_private(struct doctor *d)
{
	const char *path = hook_sources_path(&d->tool, d->settings.keys);
	struct stat st;

	if (!path || stat(path, &st) < 0)
		return say(d, NOTE, "There is no file of write keys.");
	if (st.st_mode & 077) {
		buf_printf(&d->words, "Others can use %s: chmod 600 it, and renew the keys.", path);
		return WRONG;
	}
	return say(d, FINE, "The write keys are readable by their owner only.");
}

/* Notes a secret that the world can use. */
static enum finding look_at_secret(struct doctor *d, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0 || (st.st_mode & 07) == 0)
		return FINE;
	buf_printf(&d->words, "Everybody can use %s: chmod 640 it, and take a new secret. ", path);
	return WRONG;
}

static enum finding secrets_are_private(
	struct doctor *d, const struct hook_sources *s, const char *keys)
{
	_cleanup_(buf_release) struct buf path = BUF_INIT;
	const char *mail[] = {d->settings.mail_secret, d->settings.old_mail_secret};
	enum finding f = FINE;

	for (size_t i = 0; i < ARRAY_SIZE(mail); i++)
		if (mail[i][0] && look_at_secret(d, mail[i]) == WRONG)
			f = WRONG;
	for (size_t i = 0; s->keys && i < s->keys->n; i++) {
		const struct write_key *key = &s->keys->list[i];
		const struct span files[] = {key->secret_file, key->old_secret_file};

		for (size_t k = 0; k < ARRAY_SIZE(files); k++) {
			if (files[k].len == 0)
				continue;
			hook_file_path(keys, files[k], &path);
			if (buf_failed(&path) < 0 || look_at_secret(d, path.ptr) == WRONG)
				f = WRONG;
		}
	}
	return f;
}

static enum finding hooks_are_good(struct doctor *d)
{
	_cleanup_(hook_sources_release) struct hook_sources sources = {.keys = NULL};
	const char *path = hook_sources_path(&d->tool, d->settings.keys);
	enum finding f;
	int r;

	if (!path || access(path, F_OK) < 0)
		return say(d, NOTE, "There is no file of write keys.");
	r = hook_sources_load(&d->tool, path, &sources);
	f = secrets_are_private(d, &sources, path);
	if (r != 0) {
		buf_printf(&d->words,
			"The collector cannot use %s, or a hook in it: standard error says why.",
			path);
		return WRONG;
	}
	if (f == FINE)
		buf_printf(&d->words, "Hooks that can be used: %zu; their secrets are private.",
			sources.hooks->n);
	return f;
}

static enum finding kernel(struct doctor *d)
{
	_cleanup_(buf_release) struct buf pages = BUF_INIT, commit = BUF_INIT;
	bool huge, strict;

	if (!d->local)
		return say(d, NOTE, "The kernel under Redis cannot be seen from here.");
	(void)file_read("/sys/kernel/mm/transparent_hugepage/enabled", PROC_FILE_MAX, &pages);
	(void)file_read("/proc/sys/vm/overcommit_memory", PROC_FILE_MAX, &commit);
	huge = span_starts(buf_span(&pages), SPAN_LIT("[always]"));
	strict = commit.len > 0 && commit.ptr[0] != '1';
	if (huge)
		buf_add_str(&d->words, "Transparent huge pages make Redis slow during rewrites: "
				       "write madvise to "
				       "/sys/kernel/mm/transparent_hugepage/enabled. ");
	if (strict)
		buf_add_str(&d->words, "A rewrite may fail for lack of memory: sysctl "
				       "vm.overcommit_memory=1.");
	return huge || strict ? NOTE : say(d, FINE, "The kernel is set as Redis likes it.");
}

/* ------------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	enum finding (*look)(struct doctor *d);
} checks[] = {
	{"redis", version},
	{"durability", durability},
	{"writes", writes},
	{"memory", memory},
	{"disk", disk},
	{"clock", server_clock},
	{"workers", owners},
	{"lag", lag},
	{"jobs", jobs_move},
	{"identity", identity},
	{"archive", archive},
	{"erasures", erasures},
	{"collector", collector},
	{"console", console},
	{"rules", rules_are_good},
	{"keys", keys_are_private},
	{"hooks", hooks_are_good},
	{"kernel", kernel},
};

static void print_json(const char *name, enum finding f, struct span words)
{
	static const char *const names[] = {"fine", "note", "wrong"};
	_cleanup_(buf_release) struct buf out = BUF_INIT;

	buf_printf(&out, "{\"check\":\"%s\",\"finding\":\"%s\",\"message\":", name, names[f]);
	json_escape(words, &out);
	buf_add_str(&out, "}\n");
	if (buf_failed(&out) == 0)
		(void)fwrite(out.ptr, 1, out.len, stdout);
}

static int look_at_all(struct doctor *d)
{
	static const struct {
		const char *word;
		enum colour colour;
	} shown[] = {{"fine", GREEN}, {"note", YELLOW}, {"WRONG", RED}};
	struct cells c;
	int status = STATUS_DONE;

	cells_init(&c, stdout);
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		enum finding f;

		buf_reset(&d->words);
		f = checks[i].look(d);
		if (f == WRONG)
			status = STATUS_FOUND;
		if (d->tool.program.common.json) {
			print_json(checks[i].name, f, span_trim(buf_span(&d->words)));
		} else {
			cell(&c, span_str(shown[f].word), 5, shown[f].colour);
			cell(&c, span_str(checks[i].name), 10, BOLD);
			cell(&c, span_trim(buf_span(&d->words)), 0, PLAIN);
			cells_end(&c);
		}
		arena_reset(&d->arena);
	}
	return status;
}

static void doctor_release(struct doctor *d)
{
	tool_release(&d->tool);
	arena_release(&d->arena);
	buf_release(&d->words);
}

int doctor_main(int argc, char **argv)
{
	_cleanup_(doctor_release) struct doctor d = {.now = 0};
	struct redis_address address;

	(void)argc;
	arena_init(&d.arena);
	if (tool_init(&d.tool, &spec, &d.settings, argv) || tool_connect(&d.tool, &d.redis))
		return d.tool.program.status;
	address = *redis_get_address(d.redis);
	d.local = address.path[0] || strcmp(address.host, "localhost") == 0 ||
		  strncmp(address.host, "127.", 4) == 0;
	return look_at_all(&d);
}
