/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "io/file.h"

static char scratch[64];

static const char *in_scratch(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", scratch, name);
	return path;
}

static size_t entries(void)
{
	DIR *dir = opendir(scratch);
	size_t n = 0;

	assert(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 2; /* . and .. */
}

static void test_write_and_read(void)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	struct stat st;

	CHECK_INT(file_write(in_scratch("a"), SPAN_LIT("one"), 0600), 0);
	CHECK_INT(stat(in_scratch("a"), &st), 0);
	CHECK_INT(st.st_mode & 0777, 0600);
	CHECK_INT(file_write(in_scratch("a"), SPAN_LIT("another"), 0600), 0);
	buf_add_str(&out, "x");
	CHECK_INT(file_read(in_scratch("a"), 7, &out), 0);
	CHECK_STR(buf_span(&out), "xanother");
	CHECK_INT(file_write(in_scratch("a"), SPAN_EMPTY, 0600), 0);
	buf_reset(&out);
	CHECK_INT(file_read(in_scratch("a"), 0, &out), 0);
	CHECK_INT(out.len, 0);
	CHECK_INT(entries(), 1);
}

static void test_read_limit(void)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;

	CHECK_INT(file_write(in_scratch("a"), SPAN_LIT("12345678"), 0600), 0);
	buf_add_str(&out, "x");
	CHECK_INT(file_read(in_scratch("a"), 7, &out), FILE_TOO_LARGE);
	CHECK_STR(buf_span(&out), "x");
	CHECK_INT(file_read(in_scratch("a"), 8, &out), 0);
	CHECK_INT(file_read("/dev/zero", 100000, &out), FILE_TOO_LARGE);
	CHECK_STR(buf_span(&out), "x12345678");
}

static void test_failures(void)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;

	CHECK_INT(file_read(in_scratch("none"), 7, &out), -ENOENT);
	CHECK_INT(file_read(scratch, 7, &out), -EISDIR);
	CHECK_INT(file_write(in_scratch("none/a"), SPAN_LIT("x"), 0600), -ENOENT);
	CHECK_INT(dir_make(in_scratch("dir"), 0700), 0);
	CHECK_INT(file_write(in_scratch("dir"), SPAN_LIT("x"), 0600), -EISDIR);
}

static void test_owner(void)
{
	struct stat st;

	if (geteuid() != 0)
		SKIP("only root can give files away");
	CHECK_INT(file_write(in_scratch("a"), SPAN_LIT("x"), 0600), 0);
	REQUIRE(chown(in_scratch("a"), 12345, 23456) == 0);
	CHECK_INT(file_write(in_scratch("a"), SPAN_LIT("y"), 0600), 0);
	REQUIRE(stat(in_scratch("a"), &st) == 0);
	CHECK_INT(st.st_uid, 12345);
	CHECK_INT(st.st_gid, 23456);
	CHECK_INT(st.st_mode & 0777, 0600);
}

/* What a dead process of our number left is no hindrance, and a link there leads nowhere. */
static void test_left_over(void)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	char beside[160], other[128];

	(void)snprintf(other, sizeof(other), "%s", in_scratch("d"));
	(void)snprintf(beside, sizeof(beside), "%s.%ld.tmp", in_scratch("a"), (long)getpid());
	CHECK_INT(file_write(other, SPAN_LIT("other"), 0600), 0);
	REQUIRE(link(other, beside) == 0);
	CHECK_INT(file_write(in_scratch("a"), SPAN_LIT("z"), 0600), 0);
	CHECK_INT(file_read(other, 100, &out), 0);
	CHECK_STR(buf_span(&out), "other");
	CHECK_INT(unlink(other), 0);
}

static void test_dir_make(void)
{
	struct stat st;

	CHECK_INT(dir_make(in_scratch("d/e//f/"), 0700), 0);
	CHECK_INT(stat(in_scratch("d/e/f"), &st), 0);
	CHECK(S_ISDIR(st.st_mode));
	CHECK_INT(st.st_mode & 0777, 0700);
	CHECK_INT(dir_make(in_scratch("d/e/f"), 0700), 0);
	CHECK_INT(file_write(in_scratch("d/g"), SPAN_LIT("x"), 0600), 0);
	CHECK_INT(dir_make(in_scratch("d/g"), 0700), -ENOTDIR);
	CHECK_INT(dir_make(in_scratch("d/g/h"), 0700), -ENOTDIR);
	CHECK_INT(dir_make("", 0700), -ENOENT);
	CHECK_INT(dir_make("/", 0700), 0);
}

int main(void)
{
	static const struct check_case cases[] = {
		{"written and read", test_write_and_read},
		{"limit of reading", test_read_limit},
		{"owner", test_owner},
		{"left over", test_left_over},
		{"directories", test_dir_make},
		{"failures", test_failures},
	};
	static const char *const made[] = {"a", "dir", "d/e/f", "d/e", "d/g", "d", ""};
	const char *tmp = getenv("TMPDIR");
	int r;

	snprintf(scratch, sizeof(scratch), "%s/waymark-file-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(scratch))
		return 1;
	r = check_run(cases, ARRAY_SIZE(cases));
	for (size_t i = 0; i < ARRAY_SIZE(made); i++)
		remove(in_scratch(made[i]));
	return r;
}
