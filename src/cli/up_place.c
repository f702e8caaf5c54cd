/* SPDX-License-Identifier: MIT */
#include "up_place.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "codec/config.h"
#include "ini_edit.h"
#include "io/file.h"
#include "up_files.h"

#define INI_MAX	     ((size_t)256 * 1024)
#define RANDOM_BYTES 16

int random_hex(size_t n, char *out)
{
	unsigned char bytes[64];

	assert(n <= sizeof(bytes));
	if (getrandom(bytes, n, 0) != (ssize_t)n)
		return -errno;
	for (size_t i = 0; i < n; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

int random_key(char out[KEY_TEXT_SIZE])
{
	(void)snprintf(out, KEY_TEXT_SIZE, "wk_");
	return random_hex(RANDOM_BYTES, out + 3);
}

static int cannot(const struct program *p, const char *what, const char *path, int error)
{
	return tool_say(p, STATUS_FOUND, "cannot %s %s: %s.", what, path, strerror(-error));
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

/* ---- the directory and its lock ------------------------------------------------------------ */

static int make_dir(struct up_place *place, struct program *p, const char *dir)
{
	_cleanup_free_ char *real = NULL;
	int r = dir_make(dir, 0700);

	if (r < 0)
		return cannot(p, "make the directory", dir, r);
	real = realpath(dir, NULL);
	if (!real)
		return cannot(p, "enter", dir, -errno);
	if (strlen(real) > DATA_PATH_MAX)
		return cannot(p, "use", real, -ENAMETOOLONG);
	place->dir = tool_text(p, "%s", real);
	return place->dir ? 0 : cannot(p, "use", real, -ENOMEM);
}

static int lock_dir(struct up_place *place, struct program *p)
{
	const char *path = tool_text(p, "%s/lock", place->dir);
	char pid[32] = "";
	ssize_t n;

	place->lock = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
	if (place->lock < 0)
		return cannot(p, "write into", place->dir, path ? -errno : -ENOMEM);
	if (flock(place->lock, LOCK_EX | LOCK_NB) < 0) {
		n = errno == EWOULDBLOCK ? pread(place->lock, pid, sizeof(pid) - 1, 0) : -1;
		if (n < 0)
			return cannot(p, "lock", path, -errno);
		pid[strcspn(pid, "\n")] = '\0';
		return tool_say(p, STATUS_FOUND,
			"another `waymark up` (process %s) runs on %s. Stop it, or choose another "
			"directory with --data DIR.",
			pid, place->dir);
	}
	(void)snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	if (ftruncate(place->lock, 0) < 0 || pwrite(place->lock, pid, strlen(pid), 0) < 0)
		return cannot(p, "write into", path, -errno);
	return 0;
}

/* ---- the socket ---------------------------------------------------------------------------- */

/* DIR exists, is ours alone, and no link of somebody else's. */
static bool is_private(const char *dir)
{
	struct stat st;

	return lstat(dir, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
	       (st.st_mode & 077) == 0;
}

/* A short place for the socket, the same one at every start. */
static int short_socket(struct up_place *place, struct program *p)
{
	static const uint64_t seed[2] = {0x7761796d61726b00, 0};
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	unsigned long long hash = siphash24(seed, span_str(place->dir));
	const char *dir;

	place->socket_elsewhere = true;
	if (runtime && runtime[0] == '/' && strlen(runtime) < REDIS_PATH_MAX - 40)
		dir = tool_text(p, "%s/waymark", runtime);
	else
		dir = tool_text(p, "/tmp/waymark-%lu", (unsigned long)geteuid());
	place->socket = dir ? tool_text(p, "%s/%016llx.sock", dir, hash) : NULL;
	if (!place->socket)
		return cannot(p, "use", place->dir, -ENOMEM);
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return cannot(p, "make the directory", dir, -errno);
	if (!is_private(dir))
		return tool_say(p, STATUS_FOUND,
			"the path of %s is too long for a unix socket (107 bytes), and %s, where "
			"it "
			"would lie instead, is not a directory of yours alone. Choose a shorter "
			"--data DIR.",
			place->dir, dir);
	return 0;
}

static int choose_socket(struct up_place *place, struct program *p)
{
	place->socket = tool_text(p, "%s/redis.sock", place->dir);
	if (!place->socket)
		return cannot(p, "use", place->dir, -ENOMEM);
	return strlen(place->socket) > REDIS_PATH_MAX ? short_socket(place, p) : 0;
}

/* ---- the files ----------------------------------------------------------------------------- */

static int write_new(struct program *p, const char *path, const struct buf *text)
{
	int r = buf_failed(text);

	if (r == 0)
		r = file_write(path, buf_span(text), 0600);
	return r == 0 ? 0 : cannot(p, "write", path, r);
}

static int make_redis_conf(struct up_place *place, struct program *p)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	int r = dir_make(place->redis_dir, 0700);

	if (r < 0)
		return cannot(p, "make the directory", place->redis_dir, r);
	if (exists(place->redis_conf))
		return 0;
	up_redis_conf(&text);
	return write_new(p, place->redis_conf, &text);
}

static int make_keys(struct up_place *place, struct program *p)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	char web[KEY_TEXT_SIZE], shop[KEY_TEXT_SIZE];
	int r;

	if (exists(place->keys))
		return 0;
	r = random_key(web);
	if (r == 0)
		r = random_key(shop);
	if (r < 0)
		return cannot(p, "make keys for", place->keys, r);
	up_keys_ini(&text, web, shop);
	return write_new(p, place->keys, &text);
}

static int make_token(struct up_place *place, struct program *p)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	char token[2 * RANDOM_BYTES + 1];
	int r;

	if (exists(place->token))
		return 0;
	r = random_hex(RANDOM_BYTES, token);
	if (r < 0)
		return cannot(p, "make", place->token, r);
	up_staff_token(&text, token);
	return write_new(p, place->token, &text);
}

/* The configuration names the socket, for the tools; the directory may have been moved. */
static int make_ini(struct up_place *place, struct program *p)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT, changed = BUF_INIT;
	struct span section = SPAN_LIT("redis"), key = SPAN_LIT("address");
	struct span socket = span_str(place->socket);
	int r;

	if (!exists(place->ini)) {
		up_waymark_ini(&text, place->socket);
		return write_new(p, place->ini, &text);
	}
	r = file_read(place->ini, INI_MAX, &text);
	if (r != 0)
		return cannot(p, "read", place->ini, r < 0 ? r : -EFBIG);
	if (span_equal(ini_get(buf_span(&text), section, key), socket))
		return 0;
	r = ini_set(buf_span(&text), section, key, socket, &changed);
	if (r < 0)
		return cannot(p, "write", place->ini, r);
	log_info(&p->log, "The socket of Redis has a new place; the configuration names it now.",
		LOG_FIELDS(log_str("socket", place->socket), log_str("file", place->ini)));
	return write_new(p, place->ini, &changed);
}

static int name_files(struct up_place *place, struct program *p)
{
	const struct {
		const char **path;
		const char *name;
	} files[] = {
		{&place->ini, "waymark.ini"},
		{&place->keys, "keys.ini"},
		{&place->token, "staff-token"},
		{&place->dataset, "dataset"},
		{&place->redis_conf, "redis.conf"},
		{&place->redis_dir, "redis"},
		{&place->redis_log, "redis.log"},
		{&place->redis_lock, "redis.lock"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		*files[i].path = tool_text(p, "%s/%s", place->dir, files[i].name);
		if (!*files[i].path)
			return cannot(p, "use", place->dir, -ENOMEM);
	}
	return 0;
}

static int take_steps(struct up_place *place, struct program *p,
	int (*const *steps)(struct up_place *place, struct program *p), size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = steps[i](place, p);
	return r;
}

int up_place_open(struct up_place *place, struct program *p, const char *dir)
{
	static int (*const steps[])(struct up_place * place, struct program * p) = {
		lock_dir, name_files, choose_socket};
	int r;

	*place = (struct up_place){.lock = -1};
	/* All that is made here and below is for its owner only, the files of Redis as well. */
	umask(077);
	r = make_dir(place, p, dir);
	return r ? r : take_steps(place, p, steps, ARRAY_SIZE(steps));
}

int up_place_fill(struct up_place *place, struct program *p)
{
	static int (*const steps[])(struct up_place * place, struct program * p) = {
		make_redis_conf, make_keys, make_token, make_ini};

	return take_steps(place, p, steps, ARRAY_SIZE(steps));
}

void up_place_close(struct up_place *place)
{
	if (place->lock >= 0)
		close(place->lock);
	place->lock = -1;
}
