/* SPDX-License-Identifier: MIT */
/*
 * Negotiation is by RFC 9110: 12.5.3 for Accept-Encoding, 13.1.2 for If-None-Match. What a client
 * says in a way that we do not understand costs it the smaller form or the short answer, no more.
 */
#include "collector/beacon.h"

#include "base/buf.h"
#include "beacon_script.h"

#define SCRIPT_TYPE "text/javascript; charset=utf-8"
/* For every page, also those that ask what they embed to agree to it. */
#define SCRIPT_FIELDS                                                                              \
	"Cache-Control: public, max-age=3600\r\n"                                                  \
	"Vary: Accept-Encoding\r\n"                                                                \
	"Access-Control-Allow-Origin: *\r\n"                                                       \
	"Cross-Origin-Resource-Policy: cross-origin\r\n"                                           \
	"X-Content-Type-Options: nosniff\r\n"

/* Takes the part before the next SEPARATOR from *LIST; false at the end. */
static bool take_part(struct span *list, char separator, struct span *ret_part)
{
	const char *end;

	if (!list->ptr)
		return false;
	end = list->len ? memchr(list->ptr, separator, list->len) : NULL;
	if (end) {
		size_t len = (size_t)(end - list->ptr);

		*ret_part = span_trim(span_of(list->ptr, len));
		*list = span_of(end + 1, list->len - len - 1);
	} else {
		*ret_part = span_trim(*list);
		*list = SPAN_EMPTY;
	}
	return true;
}

/* Whether a weight among PARAMETERS is zero, which forbids what it belongs to. */
static bool is_forbidden(struct span parameters)
{
	struct span part;

	while (take_part(&parameters, ';', &part)) {
		size_t digits = 0;

		if (part.len < 3 || (part.ptr[0] != 'q' && part.ptr[0] != 'Q') ||
			part.ptr[1] != '=')
			continue;
		for (size_t i = 2; i < part.len; i++)
			digits += part.ptr[i] == '0' || part.ptr[i] == '.';
		return digits == part.len - 2;
	}
	return false;
}

static bool takes_gzip(struct span accept)
{
	bool any = false;
	struct span part;

	while (take_part(&accept, ',', &part)) {
		struct span coding = SPAN_EMPTY;

		(void)take_part(&part, ';', &coding);
		if (span_equal_nocase(coding, SPAN_LIT("gzip")) ||
			span_equal_nocase(coding, SPAN_LIT("x-gzip")))
			return !is_forbidden(part);
		if (span_is(coding, "*"))
			any = !is_forbidden(part);
	}
	return any;
}

/* Whether TAG is among those of an If-None-Match; weak ones count (RFC 9110, 8.8.3.2). */
static bool has_tag(struct span list, const char *tag)
{
	struct span part;

	while (take_part(&list, ',', &part)) {
		if (span_starts(part, SPAN_LIT("W/")))
			part = span_of(part.ptr + 2, part.len - 2);
		if (span_is(part, tag) || span_is(part, "*"))
			return true;
	}
	return false;
}

void beacon_serve(struct http_request *request)
{
	bool gzip = takes_gzip(http_request_header(request, "accept-encoding"));
	const char *tag = gzip ? beacon_script.gzip_tag : beacon_script.plain_tag;
	char fields[sizeof(SCRIPT_FIELDS) + 128];
	struct span head;

	head.ptr = fields;
	head.len = (size_t)snprintf(fields, sizeof(fields), "ETag: %s\r\n" SCRIPT_FIELDS "%s", tag,
		gzip ? "Content-Encoding: gzip\r\n" : "");
	assert(head.len < sizeof(fields));
	if (has_tag(http_request_header(request, "if-none-match"), tag))
		http_respond(request, 304, NULL, head, SPAN_EMPTY);
	else
		http_respond(request, 200, SCRIPT_TYPE, head,
			gzip ? beacon_script.gzip : beacon_script.plain);
}
