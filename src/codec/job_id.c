/* SPDX-License-Identifier: MIT */
/* The name of a job, which is a function of the decision and of nothing else. */
#include <openssl/evp.h> /* before base.h: it has parameters with names that we ban */

#include "codec/job_json.h"

#define ID_BYTES ((JOB_ID_SIZE - 1) / 2)

/* D. J. Bernstein's netstrings: the length stands before the bytes, so no two lists of strings
 * run into the same bytes. */
static void add_netstring(struct buf *b, struct span s)
{
	buf_add_u64(b, s.len);
	buf_add_char(b, ':');
	buf_add_span(b, s);
	buf_add_char(b, ',');
}

static struct span decimal(uint32_t n, char text[static 11])
{
	int len = snprintf(text, 11, "%u", (unsigned)n);

	return span_of(text, (size_t)len);
}

int job_id_of(const struct job_name *name, char ret_id[JOB_ID_SIZE])
{
	static const char hex[] = "0123456789abcdef";
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	unsigned char digest[EVP_MAX_MD_SIZE];
	char epoch[11];

	buf_add_str(&b, "wm1|");
	add_netstring(&b, name->rule);
	add_netstring(&b, decimal(name->epoch, epoch));
	add_netstring(&b, name->customer);
	add_netstring(&b, name->key);
	add_netstring(&b, name->episode);
	add_netstring(&b, name->step);
	if (buf_failed(&b) < 0)
		return -ENOMEM;
	/* SHA-256 is built in: what can fail is memory. */
	if (!EVP_Digest(b.ptr, b.len, digest, NULL, EVP_sha256(), NULL))
		return -ENOMEM;
	for (size_t i = 0; i < ID_BYTES; i++) {
		ret_id[2 * i] = hex[digest[i] >> 4];
		ret_id[2 * i + 1] = hex[digest[i] & 15];
	}
	ret_id[JOB_ID_SIZE - 1] = '\0';
	return 0;
}

int job_id(const struct decision *d, struct span customer, char ret_id[JOB_ID_SIZE])
{
	char episode[11];
	const struct job_name name = {
		.rule = d->rule,
		.epoch = d->epoch,
		.customer = d->subject.len ? d->subject : customer,
		.key = d->key,
		.episode = decimal(d->episode, episode),
		.step = d->step,
	};

	return job_id_of(&name, ret_id);
}
