/* SPDX-License-Identifier: MIT */
#include "bare.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void bare_die(const char *what)
{
	(void)fprintf(stderr, "%s (%s)\n", what, strerror(errno));
	exit(1);
}

char *bytes_room(struct bytes *b, size_t n)
{
	if (b->cap - b->len < n) {
		b->cap = (b->len + n) * 2;
		b->ptr = realloc(b->ptr, b->cap);
		if (!b->ptr)
			bare_die("out of memory");
	}
	return b->ptr + b->len;
}

/* `$N\r\n`, and for arrays `*N\r\n`. */
static char *put_head(char *p, char kind, size_t n)
{
	char digits[24];
	size_t k = 0;

	do
		digits[k++] = (char)('0' + n % 10);
	while (n /= 10);
	*p++ = kind;
	while (k > 0)
		*p++ = digits[--k];
	*p++ = '\r';
	*p++ = '\n';
	return p;
}

void resp_head(struct bytes *b, size_t n)
{
	char *p = bytes_room(b, 32);

	b->len = (size_t)(put_head(p, '*', n) - b->ptr);
}

void resp_arg(struct bytes *b, struct span s)
{
	char *p = bytes_room(b, s.len + 32);

	p = put_head(p, '$', s.len);
	memcpy(p, s.ptr, s.len);
	p += s.len;
	*p++ = '\r';
	*p++ = '\n';
	b->len = (size_t)(p - b->ptr);
}

void resp_arg_u64(struct bytes *b, uint64_t n)
{
	char digits[24];
	size_t k = sizeof(digits);

	do
		digits[--k] = (char)('0' + n % 10);
	while (n /= 10);
	resp_arg(b, span_of(digits + k, sizeof(digits) - k));
}

/* The number at P, up to its line's end; *ret_p is behind that, NULL if it is not all there. */
static int64_t line_number(const char *p, const char *end, const char **ret_p)
{
	bool minus = p < end && *p == '-';
	int64_t n = 0;

	for (p += minus; p < end && *p != '\r'; p++)
		n = n * 10 + (*p - '0');
	*ret_p = end - p >= 2 ? p + 2 : NULL;
	return minus ? -n : n;
}

size_t resp_reply(struct span s)
{
	const char *p = s.ptr, *end = s.ptr + s.len;
	int64_t left = 1;

	while (left-- > 0) {
		const char *at = p;
		int64_t n;

		if (p == end)
			return 0;
		if (*at == '+' || *at == '-') {
			p = memchr(p, '\n', (size_t)(end - p));
			if (!p)
				return 0;
			p++;
			if (*at == '-') {
				(void)fwrite(at, 1, (size_t)(p - at), stderr);
				bare_die("Redis refused");
			}
			continue;
		}
		n = line_number(p + 1, end, &p);
		if (!p)
			return 0;
		if (*at == '*' && n > 0)
			left += n;
		if (*at != '$' || n < 0)
			continue;
		if (end - p < n + 2)
			return 0;
		p += n + 2;
	}
	return (size_t)(p - s.ptr);
}

size_t resp_take_array(struct span *s)
{
	const char *end = s->ptr + s->len, *p;
	int64_t n = line_number(s->ptr + 1, end, &p);

	if (*s->ptr != '*')
		bare_die("not an array");
	*s = span_of(p, (size_t)(end - p));
	return n > 0 ? (size_t)n : 0;
}

struct span resp_take_string(struct span *s)
{
	const char *end = s->ptr + s->len, *p;
	int64_t n = line_number(s->ptr + 1, end, &p);

	if (*s->ptr != '$' || n < 0)
		bare_die("not a string");
	*s = span_of(p + n + 2, (size_t)(end - p - n - 2));
	return span_of(p, (size_t)n);
}

int bare_connect_unix(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(address.sun_path))
		bare_die("the path of the socket is too long");
	memcpy(address.sun_path, path, strlen(path));
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		bare_die("cannot connect to Redis");
	return fd;
}

static int64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	(void)clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int64_t bare_cpu_ns(void)
{
	return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

int64_t bare_wall_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

uint64_t bare_number(const char *text)
{
	char *end;
	unsigned long long n = strtoull(text, &end, 10);

	if (*end || end == text)
		bare_die("an argument is not a number");
	return n;
}
