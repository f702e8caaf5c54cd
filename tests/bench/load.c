/* SPDX-License-Identifier: MIT */
/*
 * A load of HTTP requests: N connections, on each one request after the other's answer, for so many
 * seconds; then one line of JSON says how many, how long they took, and what it cost this program,
 * so that it can be seen whether the server or the load was the limit.
 *
 * The body comes from a file. Each run of 16 `@` in it becomes a number never used before, in hex,
 * and each run of 8 `#` a customer's number, so that all message ids differ.
 *
 * usage: load PORT PATH BODY_FILE FIRST_NUMBER CONNECTIONS CUSTOMERS MILLISECONDS [HEAD_FIELD]...
 */
#include "bare.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONNS_MAX    4096
#define MARKS_MAX    4096
#define LATENCY_MAX  1000000 /* µs */
#define UNIQUE_LEN   16
#define CUSTOMER_LEN 8

struct mark {
	size_t at;
	bool customer;
};

struct conn {
	int fd;
	char *request; /* its own copy, to be patched */
	size_t sent;
	int64_t began_ns;
	size_t len;
	char in[4096];
};

struct load {
	const char *port;
	struct bytes request;
	struct mark marks[MARKS_MAX];
	size_t n_marks;
	uint64_t next, customers, chance;
	int epoll;
	bool ending;
	size_t n_open;
	uint64_t n_done, n_bad;
	uint32_t *latency; /* answers by µs */
	struct conn *conns;
	size_t n_conns;
};

/* ---- the request ------------------------------------------------------------------------ */

static void find_marks(struct load *l)
{
	static const char unique[] = "@@@@@@@@@@@@@@@@", customer[] = "########";

	for (size_t i = 0; i + CUSTOMER_LEN <= l->request.len; i++) {
		const char *p = l->request.ptr + i;
		bool is_customer = memcmp(p, customer, CUSTOMER_LEN) == 0;

		if (!is_customer &&
			(i + UNIQUE_LEN > l->request.len || memcmp(p, unique, UNIQUE_LEN) != 0))
			continue;
		if (l->n_marks == MARKS_MAX)
			bare_die("too many marks");
		l->marks[l->n_marks++] = (struct mark){i, is_customer};
		i += (is_customer ? (size_t)CUSTOMER_LEN : (size_t)UNIQUE_LEN) - 1;
	}
}

static void make_request(struct load *l, const char *path, const char *file, char **fields)
{
	char head[1024];
	struct stat st;
	FILE *f = fopen(file, "rb");
	char *body;
	int n;

	if (!f || fstat(fileno(f), &st) < 0)
		bare_die("cannot read the body");
	n = snprintf(
		head, sizeof(head), "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\n", path, l->port);
	bytes_add(&l->request, head, (size_t)n);
	for (; *fields; fields++) {
		bytes_add(&l->request, *fields, strlen(*fields));
		bytes_add(&l->request, "\r\n", 2);
	}
	n = snprintf(head, sizeof(head), "Content-Length: %lld\r\n\r\n", (long long)st.st_size);
	bytes_add(&l->request, head, (size_t)n);
	body = bytes_room(&l->request, (size_t)st.st_size);
	if (fread(body, 1, (size_t)st.st_size, f) != (size_t)st.st_size)
		bare_die("cannot read the body");
	l->request.len += (size_t)st.st_size;
	(void)fclose(f);
	find_marks(l);
}

static void put_digits(char *p, size_t n, uint64_t value, unsigned base)
{
	while (n > 0) {
		p[--n] = "0123456789abcdef"[value % base];
		value /= base;
	}
}

/* The multiplier and addend of Knuth's MMIX; the high bits are the good ones. */
static uint64_t chance(struct load *l)
{
	l->chance = l->chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return l->chance >> 33;
}

static void patch(struct load *l, struct conn *c)
{
	for (size_t i = 0; i < l->n_marks; i++) {
		char *p = c->request + l->marks[i].at;

		if (l->marks[i].customer)
			put_digits(p, CUSTOMER_LEN, chance(l) % l->customers, 10);
		else
			put_digits(p, UNIQUE_LEN, l->next++, 16);
	}
}

/* ---- connections ------------------------------------------------------------------------ */

static void watch(struct load *l, struct conn *c, int op, bool write_too)
{
	struct epoll_event e = {.events = EPOLLIN, .data = {.ptr = c}};

	if (write_too)
		e.events |= EPOLLOUT;
	if (epoll_ctl(l->epoll, op, c->fd, &e) < 0)
		bare_die("epoll");
}

/* Sends on; the kernel says when there is room again. */
static void conn_send(struct load *l, struct conn *c, bool watching)
{
	ssize_t n = write(c->fd, c->request + c->sent, l->request.len - c->sent);
	bool rest;

	if (n < 0 && errno != EAGAIN)
		bare_die("the server hung up");
	c->sent += n > 0 ? (size_t)n : 0;
	rest = c->sent < l->request.len;
	if (rest != watching)
		watch(l, c, EPOLL_CTL_MOD, rest);
}

static void conn_next(struct load *l, struct conn *c)
{
	c->len = 0;
	c->sent = 0;
	patch(l, c);
	c->began_ns = bare_wall_ns();
	conn_send(l, c, false);
}

/* Whether C holds a whole answer. */
static bool answered(struct conn *c)
{
	static const char length[] = "\r\nContent-Length: ";
	const char *end = memmem(c->in, c->len, "\r\n\r\n", 4), *at;
	size_t n = 0;

	if (!end)
		return false;
	at = memmem(c->in, (size_t)(end - c->in), length, sizeof(length) - 1);
	if (!at)
		bare_die("an answer without its length");
	for (at += sizeof(length) - 1; *at >= '0' && *at <= '9'; at++)
		n = n * 10 + (size_t)(*at - '0');
	return c->len - (size_t)(end - c->in) >= 4 + n;
}

static void conn_read(struct load *l, struct conn *c)
{
	static const char good[] = "HTTP/1.1 200 ";
	ssize_t n = read(c->fd, c->in + c->len, sizeof(c->in) - c->len);
	int64_t us;

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0)
		bare_die("the server hung up");
	c->len += (size_t)n;
	if (!answered(c))
		return;
	us = (bare_wall_ns() - c->began_ns) / 1000;
	l->latency[us < LATENCY_MAX ? us : LATENCY_MAX - 1]++;
	l->n_done++;
	if (memcmp(c->in, good, sizeof(good) - 1) != 0 && l->n_bad++ == 0)
		(void)fwrite(c->in, 1, c->len, stderr);
	if (l->ending)
		l->n_open--;
	else
		conn_next(l, c);
}

static void conn_open(struct load *l, struct conn *c)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	int one = 1;

	address.sin_port = htons((uint16_t)bare_number(l->port));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		bare_die("cannot connect to the server");
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)fcntl(c->fd, F_SETFL, O_NONBLOCK);
	c->request = malloc(l->request.len);
	if (!c->request)
		bare_die("out of memory");
	memcpy(c->request, l->request.ptr, l->request.len);
	watch(l, c, EPOLL_CTL_ADD, false);
}

/* ---- the run ---------------------------------------------------------------------------- */

static void turn(struct load *l)
{
	struct epoll_event events[256];
	int n = epoll_wait(l->epoll, events, ARRAY_SIZE(events), 20000);

	if (n <= 0)
		bare_die("no answer for twenty seconds");
	for (int i = 0; i < n; i++) {
		struct conn *c = events[i].data.ptr;

		if (events[i].events & EPOLLOUT)
			conn_send(l, c, true);
		if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
			conn_read(l, c);
	}
}

static uint64_t percentile(const struct load *l, uint64_t per_thousand)
{
	uint64_t rank = l->n_done * per_thousand / 1000, seen = 0;

	for (size_t us = 0; us < LATENCY_MAX; us++) {
		seen += l->latency[us];
		if (seen > rank)
			return us;
	}
	return LATENCY_MAX;
}

int main(int argc, char **argv)
{
	static struct load l = {.chance = 1};
	int64_t began, until, cpu, took;

	if (argc < 8)
		bare_die("usage: load PORT PATH BODY FIRST CONNECTIONS CUSTOMERS MS [FIELD]...");
	l.port = argv[1];
	l.next = bare_number(argv[4]);
	l.n_conns = bare_number(argv[5]);
	l.customers = bare_number(argv[6]);
	l.epoll = epoll_create1(EPOLL_CLOEXEC);
	l.conns = calloc(l.n_conns, sizeof(*l.conns));
	l.latency = calloc(LATENCY_MAX, sizeof(*l.latency));
	if (l.epoll < 0 || !l.conns || !l.latency || l.n_conns == 0 || l.n_conns > CONNS_MAX)
		bare_die("cannot start");
	make_request(&l, argv[2], argv[3], argv + 8);
	for (size_t i = 0; i < l.n_conns; i++)
		conn_open(&l, &l.conns[i]);
	cpu = bare_cpu_ns();
	began = bare_wall_ns();
	until = began + (int64_t)bare_number(argv[7]) * 1000000;
	for (size_t i = 0; i < l.n_conns; i++)
		conn_next(&l, &l.conns[i]);
	for (l.n_open = l.n_conns; l.n_open > 0;) {
		turn(&l);
		l.ending = l.ending || bare_wall_ns() >= until;
	}
	took = bare_wall_ns() - began;
	cpu = bare_cpu_ns() - cpu;
	printf("{\"requests\": %llu, \"bad\": %llu, \"seconds\": %.6f, \"cpu_seconds\": %.6f, "
	       "\"p50_us\": %llu, \"p99_us\": %llu, \"next\": %llu}\n",
		(unsigned long long)l.n_done, (unsigned long long)l.n_bad, (double)took / 1e9,
		(double)cpu / 1e9, (unsigned long long)percentile(&l, 500),
		(unsigned long long)percentile(&l, 990), (unsigned long long)l.next);
	return 0;
}
