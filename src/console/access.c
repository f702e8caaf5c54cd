/* SPDX-License-Identifier: MIT */
#include "access.h"

#include <arpa/inet.h>
#include <sys/stat.h>

#include "io/file.h"

#define TOKEN_FILE_MAX 4096

/* ---- the token --------------------------------------------------------------------------- */

static int bad(const struct log *log, const char *path, const char *reason, const char *advice)
{
	log_error(log, "The staff token cannot be used.",
		LOG_FIELDS(log_str("file", path), log_str("reason", reason),
			log_str("advice", advice)));
	return ACCESS_BAD;
}

int access_read_token(const char *path, const struct log *log, struct staff_token *ret_token)
{
	static const char make[] = "Make one that only we can read: (umask 077; openssl rand -hex "
				   "16 > FILE); [console] token_file names the file.";
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	const char *why = "out of memory";
	struct stat st;
	int r;

	if (path[0] == '\0')
		return bad(log, path, "no file is named", make);
	if (stat(path, &st) < 0)
		return bad(log, path, strerror(errno), make);
	if (!S_ISREG(st.st_mode))
		return bad(log, path, "it is no regular file", make);
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return bad(log, path, "others than its owner may use it", "chmod 600 FILE");
	r = file_read(path, TOKEN_FILE_MAX, &text);
	if (r != 0)
		return bad(log, path, r < 0 ? strerror(-r) : "it is too large", make);
	if (staff_token_parse(buf_span(&text), ret_token, &why) != 0)
		return bad(log, path, why, make);
	return 0;
}

/* ---- the host ---------------------------------------------------------------------------- */

/* Cuts `:PORT` off S. False if what stands behind the name is no port. */
static bool cut_port(struct span *s)
{
	const char *end;
	struct span port;
	uint64_t n;

	if (s->len > 0 && s->ptr[0] == '[') {
		end = memchr(s->ptr, ']', s->len);
		end = end ? end + 1 : NULL;
	} else {
		end = s->len ? memchr(s->ptr, ':', s->len) : NULL;
		end = end ? end : s->ptr + s->len;
	}
	if (!end)
		return false;
	port = span_of(end, s->len - (size_t)(end - s->ptr));
	s->len -= port.len;
	if (port.len == 0)
		return true;
	/* RFC 3986 lets the digits be missing. */
	return port.ptr[0] == ':' &&
	       (port.len == 1 || span_to_u64(span_of(port.ptr + 1, port.len - 1), 65535, &n) == 0);
}

/* `1.2.3.4` or `[::1]`. */
static bool is_ip(struct span name)
{
	bool v6 = name.len > 2 && name.ptr[0] == '[' && name.ptr[name.len - 1] == ']';
	char text[INET6_ADDRSTRLEN];
	unsigned char address[sizeof(struct in6_addr)];

	if (v6)
		name = span_of(name.ptr + 1, name.len - 2);
	if (name.len == 0 || name.len >= sizeof(text) || memchr(name.ptr, '\0', name.len))
		return false;
	memcpy(text, name.ptr, name.len);
	text[name.len] = '\0';
	return inet_pton(v6 ? AF_INET6 : AF_INET, text, address) == 1;
}

static bool is_one_of(struct span name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (span_equal_nocase(name, span_str(list[i])))
			return true;
	return false;
}

static bool is_listed(struct span name, const char *names)
{
	while (*names) {
		size_t blank = strspn(names, ", \t"), len = strcspn(names + blank, ", \t");

		if (len > 0 && span_equal_nocase(name, span_of(names + blank, len)))
			return true;
		names += blank + len;
	}
	return false;
}

bool access_is_our_host(struct span host, const char *listen, const char *names)
{
	static const char *const loopback[] = {"localhost", "127.0.0.1", "[::1]"};
	static const char *const everywhere[] = {"", "0.0.0.0", "[::]"};
	struct span own = span_str(listen);
	bool is_path = listen[0] == '/' || span_starts(own, SPAN_LIT("unix:"));

	if (!cut_port(&host) || host.len == 0)
		return false;
	if (is_one_of(host, loopback, ARRAY_SIZE(loopback)) || is_listed(host, names))
		return true;
	if (is_path || !cut_port(&own))
		return false;
	if (is_one_of(own, everywhere, ARRAY_SIZE(everywhere)))
		return is_ip(host);
	return span_equal_nocase(host, own);
}
