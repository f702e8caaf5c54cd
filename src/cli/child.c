/* SPDX-License-Identifier: MIT */
/*
 * fork and exec with everything that must be right in between: signals as the program expects
 * them, no descriptor of ours, death with the parent, and a pipe that tells whether exec worked.
 */
#include "child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define REAP_STEPS 500 /* of 10 ms, for one that we leave in a hurry */

static void closep(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* ---- between fork and exec: only what is safe there --------------------------------------- */

static int redirect(const char *path, int flags, int to)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	if (fd != to && dup2(fd, to) < 0)
		return -errno;
	return 0;
}

/* The lock belongs to the process and stays over exec; its own children do not inherit it. */
static int take_lock(const char *path)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = open(path, O_RDWR | O_CREAT, 0600);

	return fd < 0 || fcntl(fd, F_SETLK, &lock) < 0 ? -errno : 0;
}

static void restore_signals(void)
{
	struct sigaction plain = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int signo = 1; signo < NSIG; signo++)
		(void)sigaction(signo, &plain, NULL); /* fails for KILL, STOP and unused numbers */
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static int become(const struct child *c, pid_t parent)
{
	int r = 0;

	if (prctl(PR_SET_PDEATHSIG, c->orphan_signal) < 0)
		return -errno;
	if (getppid() != parent)
		return -ESRCH; /* it died before the kernel knew what to do then */
	if (setpgid(0, 0) < 0)
		return -errno;
	r = redirect("/dev/null", O_RDONLY, STDIN_FILENO);
	if (r == 0 && c->lock)
		r = take_lock(c->lock);
	if (r == 0 && c->output)
		r = redirect(c->output, O_WRONLY | O_CREAT | O_APPEND, STDOUT_FILENO);
	if (r == 0 && c->output && dup2(STDOUT_FILENO, STDERR_FILENO) < 0)
		r = -errno;
	if (r < 0)
		return r;
	restore_signals();
	execvp(c->argv[0], c->argv);
	return -errno;
}

/* ------------------------------------------------------------------------------------------- */

/* *ret_pid is the child once it runs the program. 0 or -errno. */
static int spawn(const struct child *c, pid_t *ret_pid)
{
	_cleanup_(closep) int read_end = -1;
	_cleanup_(closep) int write_end = -1;
	pid_t parent = getpid(), pid;
	sigset_t all, before;
	int ends[2], error = 0;
	ssize_t n;

	if (pipe(ends) < 0)
		return -errno;
	read_end = ends[0];
	write_end = ends[1];
	if (fcntl(read_end, F_SETFD, FD_CLOEXEC) < 0 || fcntl(write_end, F_SETFD, FD_CLOEXEC) < 0)
		return -errno;
	/* A signal to the child must not run our handlers, whose pipe it shares. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0) {
		error = become(c, parent);
		n = write(write_end, &error, sizeof(error));
		_exit(n == sizeof(error) ? 127 : 126);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (pid < 0)
		return -errno;
	close(write_end);
	write_end = -1;
	do
		n = read(read_end, &error, sizeof(error));
	while (n < 0 && errno == EINTR);
	if (n == sizeof(error)) {
		waitpid(pid, NULL, 0);
		return error;
	}
	*ret_pid = pid;
	return 0;
}

static int launch(struct child *c)
{
	int r;

	c->asked = false;
	c->started_at = loop_now_mono(c->set->loop);
	r = spawn(c, &c->pid);
	if (r == 0)
		log_debug(c->set->log, "Started.",
			LOG_FIELDS(log_str("child", c->name), log_int("pid", c->pid)));
	return r;
}

static void start_later(struct child *c)
{
	int64_t ran_ms = loop_now_mono(c->set->loop) - c->started_at;

	if (ran_ms >= CHILD_STEADY_MS || c->backoff_ms == 0)
		c->backoff_ms = CHILD_BACKOFF_MIN;
	else
		c->backoff_ms = int64_min(2 * c->backoff_ms, CHILD_BACKOFF_MAX);
	(void)timer_set_in(&c->again, c->backoff_ms);
}

static void on_again(void *arg)
{
	struct child *c = arg;
	int r = launch(c);

	if (r == 0)
		return;
	log_error(c->set->log, "Cannot be started; trying again.",
		LOG_FIELDS(log_str("child", c->name), log_errno("error", r)));
	start_later(c);
}

void child_end_text(int status, char out[CHILD_END_SIZE])
{
	if (WIFSIGNALED(status))
		(void)snprintf(out, CHILD_END_SIZE, "signal %d (%s)", WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	else
		(void)snprintf(out, CHILD_END_SIZE, "status %d", WEXITSTATUS(status));
}

static void stop_stage(struct children *set);

static void on_ended(struct child *c, int status)
{
	struct children *set = c->set;
	char end[CHILD_END_SIZE];

	child_end_text(status, end);
	c->pid = 0;
	if (set->stopping) {
		log_debug(set->log, "Ended.",
			LOG_FIELDS(log_str("child", c->name), log_str("with", end)));
		return;
	}
	if (set->on_end && !set->on_end(set->user, c, status))
		return;
	start_later(c);
	log_warn(set->log, "Ended by itself; starting it again.",
		LOG_FIELDS(log_str("child", c->name), log_str("with", end),
			log_int("in_ms", c->backoff_ms)));
}

static void on_child_signal(void *arg, int signo)
{
	struct children *set = arg;

	(void)signo;
	for (size_t i = 0; i < set->n; i++) {
		struct child *c = set->list[i];
		int status;

		if (c->pid && waitpid(c->pid, &status, WNOHANG) == c->pid)
			on_ended(c, status);
	}
	if (set->stopping)
		stop_stage(set);
}

/* ---- stopping ------------------------------------------------------------------------------ */

static void on_impatience(void *arg)
{
	struct children *set = arg;

	for (size_t i = 0; i < set->n; i++) {
		if (!set->list[i]->pid || !set->list[i]->asked)
			continue;
		log_warn(set->log, "Does not stop; killing it.",
			LOG_FIELDS(log_str("child", set->list[i]->name)));
		child_signal(set->list[i], SIGKILL);
	}
}

static int lowest_stage(const struct children *set)
{
	int lowest = INT_MAX;

	for (size_t i = 0; i < set->n; i++)
		if (set->list[i]->pid && set->list[i]->stage < lowest)
			lowest = set->list[i]->stage;
	return lowest;
}

/* Asks the children of the lowest stage that still runs, if they were not asked already. */
static void stop_stage(struct children *set)
{
	int stage = lowest_stage(set);
	int64_t patience_ms = 0;

	if (stage == INT_MAX) {
		timer_stop(&set->patience);
		if (set->on_stopped)
			set->on_stopped(set->user);
		return;
	}
	for (size_t i = 0; i < set->n; i++) {
		struct child *c = set->list[i];

		if (!c->pid || c->stage != stage || c->asked)
			continue;
		c->asked = true;
		child_signal(c, SIGTERM);
		patience_ms = int64_max(patience_ms, c->patience_ms);
	}
	if (patience_ms)
		(void)timer_set_in(&set->patience, patience_ms);
}

void children_stop(struct children *set)
{
	if (set->stopping)
		return;
	set->stopping = true;
	for (size_t i = 0; i < set->n; i++)
		timer_stop(&set->list[i]->again);
	stop_stage(set);
}

/* ------------------------------------------------------------------------------------------- */

int children_init(struct children *set, struct loop *loop, const struct log *log)
{
	*set = (struct children){.loop = loop, .log = log};
	timer_init(&set->patience, loop, on_impatience, set);
	return loop_on_signal(loop, SIGCHLD, on_child_signal, set);
}

/* Waits for C, but not for ever. */
static void reap(struct child *c)
{
	const struct timespec step = {.tv_nsec = 10000000};

	for (int i = 0; i < REAP_STEPS && waitpid(c->pid, NULL, WNOHANG) == 0; i++)
		(void)nanosleep(&step, NULL);
	c->pid = 0;
}

void children_release(struct children *set)
{
	if (!set->loop)
		return;
	timer_stop(&set->patience);
	for (size_t i = 0; i < set->n; i++) {
		timer_stop(&set->list[i]->again);
		child_signal(set->list[i], set->list[i]->orphan_signal);
	}
	for (size_t i = 0; i < set->n; i++)
		if (set->list[i]->pid)
			reap(set->list[i]);
	set->n = 0;
}

int child_start(struct children *set, struct child *c)
{
	int r;

	assert(set->n < CHILDREN_MAX);
	c->set = set;
	timer_init(&c->again, set->loop, on_again, c);
	r = launch(c);
	if (r == 0)
		set->list[set->n++] = c;
	return r;
}

void child_signal(const struct child *c, int signo)
{
	if (c->pid)
		(void)kill(c->pid, signo);
}
