/* SPDX-License-Identifier: MIT */
#include "program/setting.h"

#include <unistd.h>

#include "check.h"

struct target {
	const char *name, *token;
	int64_t count, size, wait;
	bool flag;
};

static const struct setting rows[] = {
	{"room", "name", "name", SETTING_TEXT, offsetof(struct target, name), "nobody", 0, 8,
		"NAME", "who it is"},
	{"room", "token", "token", SETTING_SECRET, offsetof(struct target, token), NULL, 0, 8, NULL,
		"what only we know"},
	{"room", "count", "count", SETTING_INT, offsetof(struct target, count), "3", -5, 10, "N",
		"how many"},
	{"room", "size", NULL, SETTING_SIZE, offsetof(struct target, size), "1M", 512, 2097152,
		NULL, "how large"},
	{"room", "wait", "wait", SETTING_DURATION, offsetof(struct target, wait), "1h30m", 10,
		MS_DAY, NULL, "how long"},
	{NULL, NULL, "flag", SETTING_BOOL, offsetof(struct target, flag), NULL, 0, 0, NULL,
		"whether"},
};

/* One reading: its result, and what came of it. */
struct reading {
	struct arena arena;
	struct buf words;
	struct target target;
	size_t n_operands;
	int r;
};

static void reading_release(struct reading *r)
{
	arena_release(&r->arena);
	buf_release(&r->words);
}

static void read_all(struct reading *r, const char *config, char **environ, char **argv)
{
	static const char *const owned[] = {"room", NULL};
	static char *none[] = {NULL};
	const struct setting_table table = {rows, ARRAY_SIZE(rows), &r->target};
	const struct settings_input input = {.tables = &table,
		.n_tables = 1,
		.config = span_str(config),
		.config_name = "x.ini",
		.owned = owned,
		.environ = environ,
		.argv = argv ? argv : none};

	*r = (struct reading){.n_operands = 99};
	arena_init(&r->arena);
	buf_init(&r->words);
	r->r = settings_read(&input, &r->arena, &r->words, &r->n_operands);
}

static void test_fallbacks(void)
{
	_cleanup_(reading_release) struct reading r;

	read_all(&r, NULL, NULL, NULL);
	CHECK_INT(r.r, 0);
	CHECK_STR(span_str(r.target.name), "nobody");
	CHECK_STR(span_str(r.target.token), "");
	CHECK_INT(r.target.count, 3);
	CHECK_INT(r.target.size, 1048576);
	CHECK_INT(r.target.wait, 5400000);
	CHECK(!r.target.flag);
	CHECK_INT(r.n_operands, 0);
}

/* Each kind at its limits and one past, in the file. */
static void test_limits(void)
{
	static const struct {
		const char *text;
		int want;
	} cases[] = {
		{"name = 12345678", 0}, {"name = 123456789", SETTINGS_WRONG},
		{"token = 12345678", 0}, {"token = 123456789", SETTINGS_WRONG}, {"count = -5", 0},
		{"count = -6", SETTINGS_WRONG}, {"count = 10", 0}, {"count = 11", SETTINGS_WRONG},
		{"count = 1.5", SETTINGS_WRONG}, {"count = +1", SETTINGS_WRONG},
		{"count = -", SETTINGS_WRONG}, {"count =", SETTINGS_WRONG},
		{"count = 9223372036854775808", SETTINGS_WRONG}, {"size = 512", 0},
		{"size = 511", SETTINGS_WRONG}, {"size = 2M", 0},
		{"size = 2097153", SETTINGS_WRONG}, {"size = 2048K", 0},
		{"size = 1k", SETTINGS_WRONG}, {"size = K", SETTINGS_WRONG},
		{"size = 8589934592G", SETTINGS_WRONG}, {"wait = 10ms", 0},
		{"wait = 9ms", SETTINGS_WRONG}, {"wait = 1d", 0}, {"wait = 25h", SETTINGS_WRONG},
		{"wait = 90", SETTINGS_WRONG},
		{"flag = yes", SETTINGS_WRONG}, /* only a word of the command line */
		{"other = 1", SETTINGS_WRONG}, {"token_file = /nowhere/at/all", SETTINGS_WRONG},
		{"name_file = /etc/hostname", SETTINGS_WRONG}, /* only secrets have files */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(reading_release) struct reading r;
		char config[128];

		snprintf(config, sizeof(config), "[room]\n%s\n", cases[i].text);
		read_all(&r, config, NULL, NULL);
		if (r.r != cases[i].want)
			fprintf(stderr, "# %s\n", cases[i].text);
		CHECK_INT(r.r, cases[i].want);
		CHECK(r.r == 0 || span_starts(buf_span(&r.words), SPAN_LIT("x.ini:2: [room] ")));
	}
}

static void test_file_is_shared(void)
{
	_cleanup_(reading_release) struct reading r;

	read_all(
		&r, "[elsewhere]\nname = somebody\nunknown = x\n[room]\nname = here\n", NULL, NULL);
	CHECK_INT(r.r, 0);
	CHECK_STR(span_str(r.target.name), "here");
}

static void test_later_wins(void)
{
	_cleanup_(reading_release) struct reading r;
	static char name[] = "WAYMARK_ROOM_NAME=env", count[] = "WAYMARK_ROOM_COUNT=5",
		    empty[] = "WAYMARK_ROOM_WAIT=", other[] = "WAYMARK_ROOM_COUNTS=x";
	static char option[] = "--count=7", *environ[] = {name, count, empty, other, NULL};
	char *argv[] = {option, NULL};

	read_all(&r, "[room]\nname = file\ncount = 4\nwait = 2s\n", environ, argv);
	CHECK_INT(r.r, 0);
	CHECK_STR(span_str(r.target.name), "env");
	CHECK_INT(r.target.count, 7);
	CHECK_INT(r.target.wait, 2000);
}

static void test_words(void)
{
	_cleanup_(reading_release) struct reading r;
	static char a[] = "a", flag[] = "--flag", dash[] = "-", count[] = "--count", minus[] = "-5",
		    end[] = "--", last[] = "--name";
	char *argv[] = {a, flag, dash, count, minus, end, last, NULL};

	read_all(&r, NULL, NULL, argv);
	CHECK_INT(r.r, 0);
	CHECK(r.target.flag);
	CHECK_INT(r.target.count, -5);
	CHECK_INT(r.n_operands, 3);
	CHECK(argv[0] == a && argv[1] == dash && argv[2] == last);
	CHECK(!settings_ask_help(argv));
}

static void test_peek(void)
{
	static char one[] = "--config", two[] = "x", three[] = "--config=y", four[] = "--configs=z",
		    end[] = "--", help[] = "--help";
	char *argv[] = {one, two, three, four, NULL}, *behind[] = {end, one, two, help, NULL};
	char *asked[] = {two, help, NULL};

	CHECK_STR(span_str(settings_peek(argv, "config")), "y");
	CHECK(!settings_peek(behind, "config"));
	CHECK(!settings_ask_help(behind));
	CHECK(settings_ask_help(asked));
}

/* A secret comes from a file without its line end, and is never repeated in a message. */
static void test_secret(void)
{
	char path[] = "/tmp/test_setting-XXXXXX";
	char env[64], config[96];
	char *environ[] = {env, NULL};
	int fd = mkstemp(path);

	REQUIRE(fd >= 0);
	REQUIRE(write(fd, "s3cret\r\n", 8) == 8);
	close(fd);
	snprintf(env, sizeof(env), "WAYMARK_ROOM_TOKEN_FILE=%s", path);
	snprintf(config, sizeof(config), "[room]\ntoken_file = %s\n", path);
	for (int i = 0; i < 2; i++) {
		_cleanup_(reading_release) struct reading r;

		read_all(&r, i ? config : NULL, i ? NULL : environ, NULL);
		CHECK_INT(r.r, 0);
		CHECK_STR(span_str(r.target.token), "s3cret");
	}
	unlink(path);

	_cleanup_(reading_release) struct reading r;

	read_all(&r, "[room]\ntoken = hush-hush-hush\n", NULL, NULL);
	CHECK_INT(r.r, SETTINGS_WRONG);
	buf_add_char(&r.words, '\0');
	CHECK(r.words.ptr && !strstr(r.words.ptr, "hush"));
}

static void test_help(void)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	const struct setting_table table = {rows, ARRAY_SIZE(rows), NULL};

	settings_help(&out, &table, 1);
	CHECK_STR(buf_span(&out), "  --name NAME             who it is (nobody)\n"
				  "  --token VALUE           what only we know\n"
				  "  --count N               how many (3)\n"
				  "  [room] size             how large (1M)\n"
				  "  --wait VALUE            how long (1h30m)\n"
				  "  --flag                  whether\n");
}

int main(void)
{
	static const struct check_case cases[] = {
		{"without anything the fallbacks hold", test_fallbacks},
		{"every kind at its limits and past them", test_limits},
		{"sections of others are passed over", test_file_is_shared},
		{"file, environment, words: the later wins", test_later_wins},
		{"options and operands", test_words},
		{"a look at one option, and at help", test_peek},
		{"secrets by file, and out of messages", test_secret},
		{"help", test_help},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
