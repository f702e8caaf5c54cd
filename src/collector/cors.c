/* SPDX-License-Identifier: MIT */
#include "cors.h"

#include "base/buf.h"

/* Seconds that a browser may remember a permission: RudderStack's, and short enough that a change
 * of the file of keys is felt within the hour. */
#define MAX_AGE "900"

/* Field names a page may ask for, together; what is longer than this no SDK sends. */
#define ASKED_MAX 2048

static void name_origin(struct http_request *request, struct span origin, enum origin_grant grant)
{
	/* A failure leaves the origin unnamed, as if it were unknown. */
	(void)http_request_add_field(request, "Vary", SPAN_LIT("Origin"));
	(void)http_request_add_field(request, "Access-Control-Allow-Origin", origin);
	(void)http_request_add_field(
		request, "Access-Control-Expose-Headers", SPAN_LIT("Retry-After"));
	if (grant == ORIGIN_WITH_CREDENTIALS)
		(void)http_request_add_field(
			request, "Access-Control-Allow-Credentials", SPAN_LIT("true"));
}

/* The host and port that stand behind an origin's scheme. */
static struct span origin_host(struct span origin)
{
	for (size_t i = 0; i + 2 < origin.len; i++)
		if (memcmp(origin.ptr + i, "://", 3) == 0)
			return span_of(origin.ptr + i + 3, origin.len - i - 3);
	return SPAN_EMPTY;
}

static bool is_our_own(const struct http_request *request, struct span origin)
{
	struct span host = http_request_header(request, "host");

	return host.len > 0 && span_equal_nocase(origin_host(origin), host);
}

/* The names are echoed: users of SDKs add their own. Nothing but what a list of names is made of
 * may pass into our answer. */
static bool is_list_of_names(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		char ch = s.ptr[i];

		if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
			    (ch >= '0' && ch <= '9') || (ch && strchr("-_, ", ch))))
			return false;
	}
	return s.len > 0 && s.len <= ASKED_MAX;
}

void cors_preflight(
	const struct write_keys *keys, struct tally *tally, struct http_request *request)
{
	struct span origin = http_request_header(request, "origin");
	struct span asked = http_request_header(request, "access-control-request-headers");
	enum origin_grant grant = origin.len > 0 ? write_keys_origin(keys, origin) : ORIGIN_REFUSED;

	tally_answer(tally, 204);
	if (grant != ORIGIN_REFUSED) {
		name_origin(request, origin, grant);
		(void)http_request_add_field(
			request, "Access-Control-Allow-Methods", SPAN_LIT("POST, GET, OPTIONS"));
		(void)http_request_add_field(request, "Access-Control-Max-Age", SPAN_LIT(MAX_AGE));
		if (is_list_of_names(asked))
			(void)http_request_add_field(
				request, "Access-Control-Allow-Headers", asked);
	}
	http_respond(request, 204, NULL, SPAN_LIT("Allow: POST, GET, OPTIONS\r\n"), SPAN_EMPTY);
}

void cors_allow(const struct write_keys *keys, struct http_request *request)
{
	struct span origin = http_request_header(request, "origin");
	enum origin_grant grant;

	if (origin.len == 0)
		return;
	grant = write_keys_origin(keys, origin);
	if (grant != ORIGIN_REFUSED)
		name_origin(request, origin, grant);
}

int cors_allow_key(const struct write_key *key, struct http_request *request)
{
	struct span origin = http_request_header(request, "origin");
	enum origin_grant grant;

	if (origin.len == 0 || is_our_own(request, origin))
		return 0;
	grant = write_key_origin(key, origin);
	if (grant == ORIGIN_REFUSED)
		return CORS_REFUSED;
	name_origin(request, origin, grant);
	return 0;
}
