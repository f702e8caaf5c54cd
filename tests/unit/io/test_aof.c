/* SPDX-License-Identifier: MIT */
/*
 * The end of an append-only file, cut at every byte; and a real server that goes on from there.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "io/aof.h"
#include "io/file.h"

#include "../redis_fixture.h"

#define SET	"*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$1\r\n1\r\n"
#define PUSH	"*3\r\n$5\r\nRPUSH\r\n$1\r\nl\r\n$5\r\n*1\r\n$\r\n"
#define MULTI	"*1\r\n$5\r\nMULTI\r\n"
#define EXEC	"*1\r\n$4\r\nEXEC\r\n"
#define SELECT	"*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n"
#define LOG	SELECT SET MULTI PUSH SET EXEC "#TS:1700000000\r\n" SET
#define AT(S)	(sizeof(S) - 1)
#define DIR_MAX 64

struct place {
	char dir[DIR_MAX], log[3 * DIR_MAX], manifest[3 * DIR_MAX];
};

static void place_init(struct place *p)
{
	static const char said[] = "file appendonly.aof.1.base.rdb seq 1 type b\n"
				   "file appendonly.aof.1.incr.aof seq 1 type i\n"
				   "file appendonly.aof.2.incr.aof seq 2 type i\n";

	(void)snprintf(p->dir, sizeof(p->dir), "/tmp/waymark-aof-XXXXXX");
	REQUIRE(mkdtemp(p->dir));
	(void)snprintf(p->log, sizeof(p->log), "%s/appendonlydir", p->dir);
	REQUIRE(mkdir(p->log, 0700) == 0);
	(void)snprintf(p->manifest, sizeof(p->manifest), "%s/appendonlydir/appendonly.aof.manifest",
		p->dir);
	REQUIRE(file_write(p->manifest, span_str(said), 0600) == 0);
	(void)snprintf(
		p->log, sizeof(p->log), "%s/appendonlydir/appendonly.aof.2.incr.aof", p->dir);
}

static void place_release(struct place *p)
{
	char dir[2 * DIR_MAX];

	(void)unlink(p->log);
	(void)unlink(p->manifest);
	(void)snprintf(dir, sizeof(dir), "%s/appendonlydir", p->dir);
	(void)rmdir(dir);
	(void)rmdir(p->dir);
}

/* What is left of TEXT. */
static size_t left_of(const struct place *p, struct span text, int want)
{
	struct stat st;
	off_t bytes = 0;

	CHECK(file_write(p->log, text, 0600) == 0);
	CHECK_INT(aof_mend(p->dir, &bytes), want);
	if (stat(p->log, &st) < 0)
		return SIZE_MAX;
	CHECK_INT(bytes, (off_t)text.len - st.st_size);
	return (size_t)st.st_size;
}

/* The ends of all that is whole, by hand. */
static void every_cut(void)
{
	static const size_t ends[] = {0, AT(SELECT), AT(SELECT SET),
		AT(SELECT SET MULTI PUSH SET EXEC),
		AT(SELECT SET MULTI PUSH SET EXEC "#TS:1700000000\r\n"), AT(LOG)};
	struct place p;
	size_t end = 0;

	place_init(&p);
	for (size_t cut = 0; cut <= AT(LOG); cut++) {
		if (cut >= ends[end + (end + 1 < ARRAY_SIZE(ends))])
			end += end + 1 < ARRAY_SIZE(ends);
		CHECK_INT(
			left_of(&p, span_of(LOG, cut), cut == ends[end] ? 0 : AOF_CUT), ends[end]);
	}
	place_release(&p);
}

/* What is not torn but wrong is left to the server, which will not start; and what is not there. */
static void left_alone(void)
{
	static const char *const strange[] = {SET "+OK\r\n", SET "*1\r\n:5\r\n", SET "*x\r\n",
		SET "*1\n$4\nPING\n", SET "*1\r\n$4\r\nPINGxx", MULTI SET "GET x\r\n" SET,
		SET "*99999999999999999999\r\n", SET "*1\r\n$-1\r\n",
		SET "*1111111111111111111111111111111"};
	struct place p;
	off_t bytes = 7;

	place_init(&p);
	CHECK_INT(aof_mend(p.dir, &bytes), 0);
	for (size_t i = 0; i < ARRAY_SIZE(strange); i++)
		CHECK_INT(left_of(&p, span_str(strange[i]), 0), strlen(strange[i]));
	REQUIRE(file_write(p.manifest, SPAN_LIT("file ../x seq 1 type i\nfile b seq 1 type b\n\n"),
			0600) == 0);
	CHECK_INT(left_of(&p, SPAN_LIT(MULTI), 0), AT(MULTI));
	CHECK_INT(aof_mend("/nowhere", &bytes), 0);
	place_release(&p);
}

/* ---- a real server -------------------------------------------------------------------------- */

/* Says WORDS to the server with redis-cli; true if the answer is WANT. */
static bool says(const struct redis_fixture *f, const char *words, const char *want)
{
	char command[512], got[128] = "";
	FILE *pipe;
	size_t n;

	(void)snprintf(command, sizeof(command), "redis-cli -s %s %s", f->socket, words);
	pipe = popen(command, "r"); /* NOLINT(cert-env33-c): words of our own */
	if (!pipe)
		return false;
	n = fread(got, 1, sizeof(got) - 1, pipe);
	got[n] = '\0';
	CHECK(pclose(pipe) >= 0);
	CHECK_STR(span_str(got), want);
	return strcmp(got, want) == 0;
}

#define TWICE "EVAL \"redis.call('RPUSH','l','x') redis.call('INCR','n') return 1\" 0"

/* A transaction is torn at each of some places, goes through again, and the server starts anew. */
static void goes_on(void)
{
	_cleanup_(buf_release) struct buf log = BUF_INIT;
	struct redis_fixture f;
	char path[256];
	size_t before;
	int r = redis_fixture_start(&f, NULL);

	if (r == REDIS_FIXTURE_MISSING)
		SKIP("redis-server is not installed");
	REQUIRE(r == 0);
	(void)snprintf(path, sizeof(path), "%s/appendonlydir/appendonly.aof.1.incr.aof", f.dir);
	says(&f, TWICE, "1\n");
	REQUIRE(file_read(path, 1 << 20, &log) == 0);
	before = log.len;
	buf_reset(&log);
	says(&f, TWICE, "1\n");
	redis_fixture_kill(&f);
	REQUIRE(file_read(path, 1 << 20, &log) == 0);
	for (size_t cut = log.len - 1; cut > before; cut -= cut > before + 9 ? 9 : 1) {
		REQUIRE(file_write(path, span_of(log.ptr, cut), 0600) == 0);
		REQUIRE(redis_fixture_restart(&f) == 0);
		says(&f, "LLEN l", "1\n");
		says(&f, TWICE, "1\n");
		REQUIRE(redis_fixture_restart(&f) == 0);
		if (!says(&f, "LLEN l", "2\n") || !says(&f, "GET n", "2\n"))
			break;
		redis_fixture_kill(&f);
	}
	redis_fixture_stop(&f);
}

/* Half a rewriting and half a snapshot go, and nothing else. */
static void swept(void)
{
	static const struct {
		const char *name;
		bool stays;
	} files[] = {{"temp-rewriteaof-bg-4711.aof", false}, {"temp-4711.rdb", false},
		{"dump.rdb", true}, {"temp-4711.conf", true}, {"a-temp-1.aof", true},
		{"temp-.aof", true}};
	char dir[] = "/tmp/wm-aof-XXXXXX", path[128];

	REQUIRE(mkdtemp(dir));
	CHECK_INT(aof_sweep("/tmp/wm-aof-is-not-there"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, files[i].name);
		REQUIRE(file_write(path, SPAN_LIT("secret"), 0600) == 0);
	}
	CHECK_INT(aof_sweep(dir), 2);
	CHECK_INT(aof_sweep(dir), 0);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, files[i].name);
		CHECK((access(path, F_OK) == 0) == files[i].stays);
		(void)unlink(path);
	}
	CHECK(rmdir(dir) == 0);
}

int main(void)
{
	static const struct check_case cases[] = {
		{"cut at every byte", every_cut},
		{"left alone", left_alone},
		{"a server goes on", goes_on},
		{"what is left behind", swept},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
