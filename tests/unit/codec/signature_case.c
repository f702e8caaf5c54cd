/* SPDX-License-Identifier: MIT */
#include "signature_case.h"

#include "check.h"

void signature_case_init(struct signature_case *c)
{
	*c = (struct signature_case){.body = BUF_INIT, .url = BUF_INIT, .certificate = BUF_INIT};
}

void signature_case_release(struct signature_case *c)
{
	signature_plan_free(c->plan);
	buf_release(&c->body);
	buf_release(&c->url);
	buf_release(&c->certificate);
	for (size_t i = 0; i < c->n_headers; i++)
		buf_release(&c->headers[i].value);
	for (size_t i = 0; i < c->n_query; i++)
		buf_release(&c->query[i].value);
	for (size_t i = 0; i < c->n_secrets; i++)
		buf_release(&c->secrets[i]);
}

void signature_case_header(struct signature_case *c, const char *name, struct span value)
{
	struct signature_case_field *f = &c->headers[c->n_headers++];

	assert(c->n_headers <= SIGNATURE_CASE_FIELDS);
	(void)snprintf(f->name, sizeof(f->name), "%s", name);
	f->value = BUF_INIT;
	buf_add_span(&f->value, value);
}

void signature_case_secret(struct signature_case *c, struct span secret)
{
	assert(c->n_secrets < ARRAY_SIZE(c->secrets));
	c->secrets[c->n_secrets] = BUF_INIT;
	buf_add_span(&c->secrets[c->n_secrets++], secret);
}

bool signature_case_plan(struct signature_case *c, struct span verify)
{
	struct signature_fault fault;

	c->plan = signature_plan_free(c->plan);
	if (signature_compile_text(verify, &c->plan, &fault) == 0)
		return true;
	fprintf(stderr, "# %s: %s: %s\n", c->name, fault.pointer, fault.text);
	return false;
}

/* Bytes whose end is the end of their memory, so that a look beyond it is seen. */
struct exact {
	char *list[3 + 2 * SIGNATURE_CASE_FIELDS + 4];
	size_t n;
};

static struct span exact_span(struct exact *e, const struct buf *b)
{
	char *copy = malloc(b->len ? b->len : 1);

	assert(copy && e->n < ARRAY_SIZE(e->list));
	if (b->len)
		memcpy(copy, b->ptr, b->len);
	e->list[e->n++] = copy;
	return span_of(copy, b->len);
}

struct fields {
	const struct signature_case *c;
	struct span headers[SIGNATURE_CASE_FIELDS], query[SIGNATURE_CASE_FIELDS];
};

static bool find_header(void *user, struct span name, struct span *ret_value)
{
	const struct fields *f = user;

	for (size_t i = 0; i < f->c->n_headers; i++) {
		if (!span_is(name, f->c->headers[i].name))
			continue;
		*ret_value = f->headers[i];
		return true;
	}
	return false;
}

static bool find_query(void *user, struct span name, struct span *ret_value)
{
	const struct fields *f = user;

	for (size_t i = 0; i < f->c->n_query; i++) {
		if (!span_is(name, f->c->query[i].name))
			continue;
		*ret_value = f->query[i];
		return true;
	}
	return false;
}

static void request_of(const struct signature_case *c, struct exact *e, struct fields *f,
	struct span *secrets, struct signature_request *ret_request)
{
	f->c = c;
	for (size_t i = 0; i < c->n_headers; i++)
		f->headers[i] = exact_span(e, &c->headers[i].value);
	for (size_t i = 0; i < c->n_query; i++)
		f->query[i] = exact_span(e, &c->query[i].value);
	for (size_t i = 0; i < c->n_secrets; i++)
		secrets[i] = exact_span(e, &c->secrets[i]);
	*ret_request = (struct signature_request){.body = exact_span(e, &c->body),
		.url = exact_span(e, &c->url),
		.header = find_header,
		.query = find_query,
		.user = f,
		.certificate = exact_span(e, &c->certificate)};
}

static void exact_release(struct exact *e)
{
	for (size_t i = 0; i < e->n; i++)
		free(e->list[i]);
}

int signature_case_verify(const struct signature_case *c, struct signature_proof *ret_proof)
{
	_cleanup_(exact_release) struct exact e = {.n = 0};
	struct signature_request request;
	struct span secrets[ARRAY_SIZE(c->secrets)];
	struct fields f;

	request_of(c, &e, &f, secrets, &request);
	return signature_verify(c->plan, (struct signature_secrets){secrets, c->n_secrets},
		&request, c->now, ret_proof);
}

void signature_case_explain(const struct signature_case *c, struct buf *out)
{
	_cleanup_(exact_release) struct exact e = {.n = 0};
	struct signature_request request;
	struct span secrets[ARRAY_SIZE(c->secrets)];
	struct fields f;

	request_of(c, &e, &f, secrets, &request);
	signature_explain(
		c->plan, (struct signature_secrets){secrets, c->n_secrets}, &request, c->now, out);
}
