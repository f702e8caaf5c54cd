/* SPDX-License-Identifier: MIT */
/*
 * Two things must never happen: two servers over one append-only file, and roles over a data set
 * that is not theirs. The server holds a lock as long as it lives, by itself, so that even one
 * whose supervisor was killed is waited for; and the id of the data set is written down before it
 * is created, so that no moment of a crash leaves a data set that nobody can prove to be ours.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/aof.h"
#include "io/file.h"
#include "store/redis_store.h"
#include "up.h"

#define OLD_SERVER_MS (60 * MS_SECOND) /* for the server of an earlier run to end */
#define PATIENCE_MS   (60 * MS_SECOND) /* for ours to end, its file being synced */
#define SAY_EVERY_MS  (3 * MS_SECOND)
#define TAIL_MAX      4096
#define LOG_MAX	      (1 << 20) /* bytes; then the old log is put aside */

/* ---- one server, and no other -------------------------------------------------------------- */

/* The process that holds the lock of the server; 0: none. */
static pid_t lock_holder(const struct up *u)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = open(u->place.redis_lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	pid_t holder = 0;

	if (fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
		holder = lock.l_pid;
	if (fd >= 0)
		close(fd);
	return holder;
}

static int await_old_server(struct up *u)
{
	struct program *p = &u->tool.program;
	int64_t until = loop_now_mono(p->loop) + OLD_SERVER_MS;
	pid_t holder = lock_holder(u);

	if (holder)
		log_info(&p->log, "The redis-server of an earlier run is still ending; waiting.",
			LOG_FIELDS(log_int("pid", holder)));
	while (holder && loop_now_mono(p->loop) < until) {
		if (up_turn(u, 50))
			return PROGRAM_EXIT;
		holder = lock_holder(u);
	}
	if (!holder)
		return 0;
	up_fail(u, tool_say(p, STATUS_FOUND,
			   "a redis-server (process %ld) still holds %s. Stop it with `kill %ld`, "
			   "then "
			   "start again.",
			   (long)holder, u->place.redis_dir, (long)holder));
	return PROGRAM_EXIT;
}

/* ---- why it would not run ------------------------------------------------------------------ */

static const struct {
	const char *said;
	const char *advice;
} advices[] = {
	{"No space left on device", "The disk is full: make room, then start again. Nothing that "
				    "was acknowledged is lost."},
	{"Bad file format", "Its append-only file is damaged. Copy the directory first; then "
			    "`redis-check-aof --fix` on the .manifest file in appendonlydir cuts "
			    "it at the last good command."},
	{"Unexpected end of file", "Its append-only file is damaged. Copy the directory first; "
				   "then `redis-check-aof --fix` on the .manifest file in "
				   "appendonlydir cuts it at the last good command."},
	{"AOF file", "Something is wrong with the files in appendonlydir: restore them from a "
		     "backup, or look at them with redis-check-aof."},
	{"FATAL CONFIG FILE ERROR", "Correct redis.conf in the data directory, or remove it; "
				    "`waymark up` then writes it anew."},
	{"Permission denied", "The files must belong to the user who runs `waymark up`."},
	{"Can't handle RDB format", "It was written by a newer Redis: use that version."},
	{"Out Of Memory", "There is not enough memory for the data: give the machine more, or "
			  "stop what else runs on it."},
};

static void read_tail(const struct up *u, char tail[TAIL_MAX + 1])
{
	int fd = open(u->place.redis_log, O_RDONLY | O_CLOEXEC);
	struct stat st;
	off_t from = u->redis_log_from;
	ssize_t n = -1;

	if (fd >= 0 && fstat(fd, &st) == 0) {
		if (st.st_size - from > TAIL_MAX)
			from = st.st_size - TAIL_MAX;
		n = pread(fd, tail, TAIL_MAX, from);
	}
	if (fd >= 0)
		close(fd);
	tail[n > 0 ? n : 0] = '\0';
}

/* The last line, without its end. */
static const char *last_line(char *text)
{
	size_t n = strlen(text);
	const char *line;

	while (n > 0 && text[n - 1] == '\n')
		text[--n] = '\0';
	line = strrchr(text, '\n');
	return line ? line + 1 : text;
}

/* What was said since the last start. */
static char *since_start(char *tail)
{
	static const char start[] = "Redis is starting";
	char *from = tail, *next = tail;

	while ((next = strstr(next, start)))
		from = next += sizeof(start) - 1;
	return from;
}

void up_redis_explain(const struct up *u)
{
	const char *advice = "Its log says more.";
	char text[TAIL_MAX + 1], *tail;

	read_tail(u, text);
	tail = since_start(text);
	for (size_t i = ARRAY_SIZE(advices); i > 0; i--)
		if (strstr(tail, advices[i - 1].said))
			advice = advices[i - 1].advice;
	log_error(&u->tool.program.log, "redis-server does not run.",
		LOG_FIELDS(log_str("said", last_line(tail)), log_str("log", u->place.redis_log),
			log_str("advice", advice)));
}

/* ---- starting it --------------------------------------------------------------------------- */

static void mind_log(struct up *u)
{
	char old[DATA_PATH_MAX + 32];
	struct stat st;

	u->redis_log_from = 0;
	if (stat(u->place.redis_log, &st) < 0)
		return;
	(void)snprintf(old, sizeof(old), "%s.1", u->place.redis_log);
	if (st.st_size < LOG_MAX || rename(u->place.redis_log, old) < 0)
		u->redis_log_from = st.st_size;
}

void up_redis_mend(struct up *u)
{
	const struct log *log = &u->tool.program.log;
	off_t bytes = 0;
	int r = aof_mend(u->place.redis_dir, &bytes), n = aof_sweep(u->place.redis_dir);

	if (r < 0)
		log_warn(log, "The end of Redis' append-only file cannot be looked at.",
			LOG_FIELDS(log_str("reason", strerror(-r))));
	else if (r == AOF_CUT)
		log_info(log,
			"Redis' append-only file ended within a write, which was not "
			"acknowledged; it is cut off.",
			LOG_FIELDS(log_int("bytes", bytes)));
	if (n < 0)
		log_warn(log,
			"What Redis left behind when it died cannot be removed; it may hold what "
			"was erased since. Remove temp-* in its directory.",
			LOG_FIELDS(log_str("reason", strerror(-n))));
	else if (n > 0)
		log_info(log, "Files that Redis had begun to write anew when it died are removed.",
			LOG_FIELDS(log_int("files", n)));
}

static int launch(struct up *u)
{
	struct program *p = &u->tool.program;
	const char *const words[] = {"redis-server", u->place.redis_conf, "--unixsocket",
		u->place.socket, "--dir", u->place.redis_dir};
	struct up_role *role = &u->redis;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		role->args[i] = span_dup(span_str(words[i]));
	role->n_args = ARRAY_SIZE(words);
	mind_log(u);
	up_redis_mend(u);
	role->child = (struct child){.name = "redis-server",
		.argv = role->args,
		.stage = 2,
		.patience_ms = PATIENCE_MS,
		.orphan_signal = SIGTERM,
		.output = u->place.redis_log,
		.lock = u->place.redis_lock};
	r = child_start(&u->children, &role->child);
	if (r == 0)
		return 0;
	up_fail(u,
		tool_say(p, STATUS_FOUND,
			r == -ENOENT ? "redis-server is not installed. On Debian: apt-get install "
				       "redis-server. (%s)"
				     : "redis-server cannot be started: %s.",
			strerror(-r)));
	return PROGRAM_EXIT;
}

static int await_server(struct up *u, struct redis *redis)
{
	struct program *p = &u->tool.program;
	int64_t began = loop_now_mono(p->loop), said = began;

	while (!redis_is_up(redis)) {
		int64_t now = loop_now_mono(p->loop);

		if (u->redis_ended) {
			up_redis_explain(u);
			up_fail(u, STATUS_FOUND);
			return PROGRAM_EXIT;
		}
		if (now - said >= SAY_EVERY_MS) {
			said = now;
			log_info(&p->log, "Redis is reading its append-only file.",
				LOG_FIELDS(log_int("seconds", (now - began) / MS_SECOND)));
		}
		if (up_turn(u, 20))
			return PROGRAM_EXIT;
	}
	return 0;
}

/* ---- the data set -------------------------------------------------------------------------- */

/* The connection and its answer live together: what was asked is answered before it closes. */
struct talk {
	struct redis *redis;
	bool known;
	int r;
	char words[256];
};

static void talk_release(struct talk *t)
{
	redis_free(t->redis);
}

static void on_dataset(void *user, int r, const struct dataset *d, const char *words)
{
	struct talk *t = user;

	(void)d;
	t->known = true;
	t->r = r;
	(void)snprintf(t->words, sizeof(t->words), "%s", words);
}

/* Waits for the answer to a question that was begun with R. */
static int await_answer(struct up *u, struct talk *t, int r)
{
	if (r < 0)
		on_dataset(t, DATASET_UNKNOWN, NULL, "no connection");
	while (!t->known)
		if (up_turn(u, 100))
			return PROGRAM_EXIT;
	t->known = false;
	return 0;
}

static int refuse(struct up *u, const struct talk *t, const char *advice)
{
	log_error(&u->tool.program.log, "Redis does not hold our data set.",
		LOG_FIELDS(log_str("reason", t->words), log_str("directory", u->place.redis_dir),
			log_str("advice", advice)));
	up_fail(u, STATUS_FOUND);
	return PROGRAM_EXIT;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* Reads an id from PATH: 1, or 0 if there is no such file, or -errno. */
static int read_id(struct program *p, const char *path, const char **ret_id)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	int r = file_read(path, 64, &text);
	size_t n;

	if (r == -ENOENT)
		return 0;
	if (r != 0)
		return r < 0 ? r : -EFBIG;
	for (n = 0; n < text.len && is_hex(text.ptr[n]);)
		n++;
	if (n != DATASET_ID_SIZE - 1 || (n < text.len && text.ptr[n] != '\n'))
		return -EINVAL;
	*ret_id = tool_text(p, "%.*s", (int)n, text.ptr);
	return *ret_id ? 1 : -ENOMEM;
}

static int file_trouble(struct up *u, const char *path, int error)
{
	up_fail(u, tool_say(&u->tool.program, STATUS_FOUND,
			   "cannot use %s: %s. It holds the id of the data set, 32 hex digits.",
			   path, strerror(-error)));
	return PROGRAM_EXIT;
}

static int ask_whose(struct up *u, struct talk *t)
{
	return await_answer(u, t, dataset_check(t->redis, u->dataset, on_dataset, t));
}

/* The data set must be the one that was written down. */
static int check_known(struct up *u, struct talk *t)
{
	if (ask_whose(u, t))
		return PROGRAM_EXIT;
	if (t->r == 0)
		return 0;
	if (t->r == DATASET_MISSING)
		return refuse(u, t,
			"Its files were removed or replaced. Restore them from a backup; or, if "
			"the "
			"data may go, remove the whole data directory. Nothing was written.");
	if (t->r == DATASET_FORMAT)
		return refuse(u, t, "Use the version of Waymark that wrote it.");
	return refuse(u, t,
		"The files in this directory belong to another data set: put the right ones back, "
		"or choose another --data DIR. Nothing was written.");
}

/* The id of the data set to be: a start that was cut short may have chosen one already. */
static int choose_id(struct up *u, const char *pending)
{
	_cleanup_(buf_release) struct buf line = BUF_INIT;
	struct program *p = &u->tool.program;
	char id[DATASET_ID_SIZE];
	int r = read_id(p, pending, &u->dataset);

	if (r != 0)
		return r < 0 ? r : 0;
	r = random_hex(DATASET_ID_SIZE / 2, id);
	if (r < 0)
		return r;
	u->dataset = tool_text(p, "%s", id);
	if (!u->dataset)
		return -ENOMEM;
	buf_printf(&line, "%s\n", id);
	return buf_failed(&line) ? -ENOMEM : file_write(pending, buf_span(&line), 0600);
}

static int create_new(struct up *u, struct talk *t)
{
	const char *pending = tool_text(&u->tool.program, "%s.new", u->place.dataset);
	int r = pending ? choose_id(u, pending) : -ENOMEM;

	if (r < 0)
		return file_trouble(u, u->place.dataset, r);
	if (ask_whose(u, t))
		return PROGRAM_EXIT;
	if (t->r == DATASET_MISSING &&
		await_answer(u, t,
			dataset_create(t->redis, u->dataset, (uint32_t)u->settings.partitions,
				on_dataset, t)))
		return PROGRAM_EXIT;
	if (t->r != 0)
		return refuse(u, t,
			"The file `dataset` in the data directory is missing, but Redis is not "
			"empty. If this data is yours, write its id into that file; else choose "
			"another --data DIR. Nothing was written.");
	u->created = true;
	return rename(pending, u->place.dataset) < 0 ? file_trouble(u, u->place.dataset, -errno)
						     : 0;
}

static int open_dataset(struct up *u, struct talk *t)
{
	int r = read_id(&u->tool.program, u->place.dataset, &u->dataset);

	if (r < 0)
		return file_trouble(u, u->place.dataset, r);
	return r == 1 ? check_known(u, t) : create_new(u, t);
}

int up_redis_start(struct up *u)
{
	_cleanup_(talk_release) struct talk talk = {.redis = NULL};
	struct redis_options options;
	int r = await_old_server(u);

	if (r == 0)
		r = launch(u);
	if (r != 0)
		return r;
	redis_options_init(&options);
	if (redis_address_parse(span_str(u->place.socket), &options.address) != 0 ||
		redis_new(u->tool.program.loop, &options, &talk.redis) < 0) {
		up_fail(u, tool_say(&u->tool.program, STATUS_FOUND, "cannot connect to Redis."));
		return PROGRAM_EXIT;
	}
	r = await_server(u, talk.redis);
	return r == 0 ? open_dataset(u, &talk) : r;
}
