/* SPDX-License-Identifier: MIT */
#include "base/buf.h"
#include "check.h"
#include "io/router.h"
#include "io/url.h"

static void handler(void *arg, struct http_request *request, const struct route_params *params)
{
	(void)arg;
	(void)request;
	(void)params;
}

static const struct route routes[] = {
	{HTTP_POST, "/v1/track", handler},
	{HTTP_GET, "/", handler},
	{HTTP_GET, "/v1/customers/me", handler},
	{HTTP_GET, "/v1/customers/{id}", handler},
	{HTTP_DELETE, "/v1/customers/{id}", handler},
	{HTTP_GET, "/v1/customers/{id}/timeline", handler},
	{HTTP_POST, "/v1/customers/{id}/rules/{rule}", handler},
	{HTTP_GET, "/static/*", handler},
	{HTTP_OPTIONS, "/v1/track", handler},
};

static const struct router router = {routes, ARRAY_SIZE(routes), NULL};

enum { GET = 1 << HTTP_GET | 1 << HTTP_HEAD, POST = 1 << HTTP_POST };

static const struct {
	enum http_method method;
	int result;
	const char *path;
	const char *params; /* each followed by a blank */
	size_t row;
	unsigned allowed;
} examples[] = {
	{HTTP_POST, 0, "/v1/track", "", 0, 0},
	{HTTP_GET, 0, "/", "", 1, 0},
	{HTTP_HEAD, 0, "/", "", 1, 0},
	{HTTP_GET, 0, "/v1/customers/me", "", 2, 0},
	{HTTP_GET, 0, "/v1/customers/c%2F1", "c%2F1 ", 3, 0},
	{HTTP_DELETE, 0, "/v1/customers/me", "me ", 4, 0},
	{HTTP_GET, 0, "/v1/customers/7/timeline", "7 ", 5, 0},
	{HTTP_POST, 0, "/v1/customers/7/rules/late", "7 late ", 6, 0},
	{HTTP_GET, 0, "/static/", " ", 7, 0},
	{HTTP_GET, 0, "/static/a/../b", "a/../b ", 7, 0},
	{HTTP_OPTIONS, 0, "/v1/track", "", 8, 0},
	{HTTP_GET, ROUTE_NOT_ALLOWED, "/v1/track", "", 0, POST | 1 << HTTP_OPTIONS},
	{HTTP_OTHER, ROUTE_NOT_ALLOWED, "/v1/customers/7", "", 0, GET | 1 << HTTP_DELETE},
	{HTTP_OTHER, ROUTE_NOT_FOUND, "/nothing", "", 0, 0},
	{HTTP_GET, ROUTE_NOT_FOUND, "/static", "", 0, 0},
	{HTTP_GET, ROUTE_NOT_FOUND, "/v1/customers/", "", 0, 0},
	{HTTP_GET, ROUTE_NOT_FOUND, "/v1/customers", "", 0, 0},
	{HTTP_GET, ROUTE_NOT_FOUND, "/v1/customers/7/", "", 0, 0},
	{HTTP_GET, ROUTE_NOT_FOUND, "/v1/customers//timeline", "", 0, 0},
	{HTTP_GET, ROUTE_NOT_FOUND, "//", "", 0, 0},
	{HTTP_POST, ROUTE_NOT_FOUND, "/v1/track/", "", 0, 0},
	{HTTP_POST, ROUTE_NOT_FOUND, "/v1/trackx", "", 0, 0},
	{HTTP_POST, ROUTE_NOT_FOUND, "/v1/trac", "", 0, 0},
	{HTTP_POST, ROUTE_NOT_FOUND, "/V1/track", "", 0, 0},
	{HTTP_OPTIONS, ROUTE_NOT_FOUND, "*", "", 0, 0},
};

static void test_routes(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		_cleanup_(buf_release) struct buf params = BUF_INIT;
		struct route_match match = {.route = NULL};
		int r = router_find(
			&router, examples[i].method, span_str(examples[i].path), &match);

		if (r != examples[i].result)
			fprintf(stderr, "# %s\n", examples[i].path);
		CHECK_INT(r, examples[i].result);
		if (r == 0)
			CHECK_INT(match.route - routes, examples[i].row);
		if (r == ROUTE_NOT_ALLOWED)
			CHECK_INT(match.allowed, examples[i].allowed);
		if (r != 0)
			continue;
		for (size_t k = 0; k < match.params.n; k++) {
			buf_add_span(&params, match.params.values[k]);
			buf_add_char(&params, ' ');
		}
		CHECK_STR(buf_span(&params), examples[i].params);
	}
}

static const struct {
	const char *in;
	bool form;
	const char *out; /* NULL: invalid */
} encoded[] = {
	{"", false, ""},
	{"a%20b+c", false, "a b+c"},
	{"a%20b+c", true, "a b c"},
	{"%c3%BC%2f", false, "\xc3\xbc/"},
	{"100%25", false, "100%"},
	{"%", false, NULL},
	{"%4", false, NULL},
	{"a%zz", false, NULL},
	{"%00", false, NULL},
};

static void test_decode(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(encoded); i++) {
		_cleanup_(buf_release) struct buf out = BUF_INIT;
		int r;

		buf_add_str(&out, "x");
		r = url_decode(&out, span_str(encoded[i].in), encoded[i].form);
		CHECK_INT(r, encoded[i].out ? 0 : URL_INVALID);
		CHECK_STR(span_of(out.ptr + 1, out.len - 1), encoded[i].out ? encoded[i].out : "");
	}
}

static void test_encode(void)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	_cleanup_(buf_release) struct buf back = BUF_INIT;
	char all[255];

	url_encode(&out, SPAN_LIT("a-b_c.d~e/ \xff"));
	CHECK_STR(buf_span(&out), "a-b_c.d~e%2F%20%FF");
	buf_reset(&out);
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (char)(i + 1);
	url_encode(&out, span_of(all, sizeof(all)));
	CHECK_INT(url_decode(&back, buf_span(&out), false), 0);
	CHECK_SPAN(buf_span(&back), span_of(all, sizeof(all)));
}

static void test_params(void)
{
	static const struct {
		const char *query, *name, *value; /* value NULL: none; "!": invalid */
	} rows[] = {
		{"a=1&b=2", "a", "1"},
		{"a=1&b=2", "b", "2"},
		{"a=1&a=2", "a", "1"},
		{"&&a=1&", "a", "1"},
		{"a", "a", ""},
		{"a=b=c", "a", "b=c"},
		{"%61=x+%79", "a", "x y"},
		{"a=1", "b", NULL},
		{"", "a", NULL},
		{"%zz=1&a=2", "a", "2"},
		{"a=%zz", "a", "!"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(buf_release) struct buf out = BUF_INIT;
		int r = url_param(span_str(rows[i].query), rows[i].name, &out);

		if (!rows[i].value)
			CHECK_INT(r, URL_NO_MORE);
		else if (span_is(span_str(rows[i].value), "!"))
			CHECK_INT(r, URL_INVALID);
		else
			CHECK_STR(buf_span(&out), rows[i].value);
	}
}

int main(void)
{
	static const struct check_case cases[] = {
		{"routes", test_routes},
		{"percent-decoding", test_decode},
		{"percent-encoding", test_encode},
		{"parameters", test_params},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
