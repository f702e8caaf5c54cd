/* SPDX-License-Identifier: MIT */
#include "redis_fixture.h"

#include <fcntl.h>
#include <fts.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/aof.h"

#define MAX_ARGS 64
#define TRIES	 2000
#define TRY_MS	 10

/* What a shell says of a program that does not exist. */
#define EXIT_MISSING 127

_Noreturn static void run_server(const struct redis_fixture *f, pid_t parent)
{
	const char *args[MAX_ARGS] = {"redis-server", "--port", "0", "--unixsocket", f->socket,
		"--dir", f->dir, "--appendonly", "yes", "--appendfsync", "always", "--save", "",
		"--daemonize", "no"};
	size_t n = 0;
	int log = open(f->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	while (args[n])
		n++;
	for (size_t i = 0; f->extra && f->extra[i] && n + 1 < MAX_ARGS; i++)
		args[n++] = f->extra[i];
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	if (log >= 0) {
		dup2(log, STDOUT_FILENO);
		dup2(log, STDERR_FILENO);
	}
	/* execvp takes pointers to non-const only for the sake of old callers. */
	execvp(args[0], (char *const *)(uintptr_t)args);
	_exit(EXIT_MISSING);
}

static bool answers_ping(const struct redis_fixture *f)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = 1};
	char reply[7] = "";
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok;

	if (fd < 0)
		return false;
	memcpy(un.sun_path, f->socket, strlen(f->socket) + 1);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	/* A server that wants a password first is up too. */
	ok = connect(fd, (const struct sockaddr *)&un, sizeof(un)) == 0 &&
	     send(fd, "PING\r\n", 6, MSG_NOSIGNAL) == 6 && recv(fd, reply, 6, MSG_WAITALL) == 6 &&
	     (memcmp(reply, "+PONG\r", 6) == 0 || memcmp(reply, "-NOAUT", 6) == 0);
	close(fd);
	return ok;
}

static int wait_ready(struct redis_fixture *f)
{
	const struct timespec pause = {.tv_nsec = TRY_MS * 1000000L};

	for (int i = 0; i < TRIES; i++) {
		int status;

		if (answers_ping(f))
			return 0;
		if (waitpid(f->pid, &status, WNOHANG) == f->pid) {
			f->pid = 0;
			return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_MISSING
				       ? REDIS_FIXTURE_MISSING
				       : -EIO;
		}
		nanosleep(&pause, NULL);
	}
	return -ETIMEDOUT;
}

int redis_fixture_restart(struct redis_fixture *f)
{
	pid_t parent = getpid(), pid;
	off_t bytes;

	redis_fixture_kill(f);
	/* As the supervisor does. */
	if (aof_mend(f->dir, &bytes) < 0)
		return -EIO;
	unlink(f->socket);
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		run_server(f, parent);
	f->pid = pid;
	return wait_ready(f);
}

int redis_fixture_start(struct redis_fixture *f, const char *const *extra)
{
	char dir[sizeof(f->dir)] = "/tmp/waymark-redis-XXXXXX";
	int r;

	*f = REDIS_FIXTURE_NONE;
	if (!mkdtemp(dir))
		return -errno;
	memcpy(f->dir, dir, sizeof(dir));
	(void)snprintf(f->socket, sizeof(f->socket), "%s/sock", dir);
	(void)snprintf(f->log, sizeof(f->log), "%s/log", dir);
	f->extra = extra;
	r = redis_fixture_restart(f);
	if (r != 0)
		redis_fixture_stop(f);
	return r;
}

void redis_fixture_kill(struct redis_fixture *f)
{
	if (f->pid <= 0)
		return;
	kill(f->pid, SIGKILL);
	waitpid(f->pid, NULL, 0);
	f->pid = 0;
}

void redis_fixture_pause(struct redis_fixture *f)
{
	int status;

	kill(f->pid, SIGSTOP);
	waitpid(f->pid, &status, WUNTRACED);
}

void redis_fixture_resume(struct redis_fixture *f)
{
	kill(f->pid, SIGCONT);
}

static void remove_tree(char *dir)
{
	char *const roots[] = {dir, NULL};
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	const FTSENT *entry;

	if (!walk)
		return;
	/* A directory is met twice, before and after what is in it. */
	while ((entry = fts_read(walk)))
		if (entry->fts_info != FTS_D)
			(void)remove(entry->fts_path);
	fts_close(walk);
}

void redis_fixture_stop(struct redis_fixture *f)
{
	redis_fixture_kill(f);
	if (f->dir[0])
		remove_tree(f->dir);
	f->dir[0] = '\0';
}
