/* SPDX-License-Identifier: MIT */
/*
 * A signed request that can be altered byte by byte: from the cases in tests/data/signatures, or
 * put together by a test.
 */
#pragma once

#include "base/buf.h"
#include "codec/signature.h"

#define SIGNATURE_CASE_FIELDS 8

struct signature_case_field {
	char name[64];
	struct buf value;
};

struct signature_case {
	char name[160];
	struct signature_plan *plan;
	struct buf body, url, certificate;
	struct signature_case_field headers[SIGNATURE_CASE_FIELDS], query[SIGNATURE_CASE_FIELDS];
	size_t n_headers, n_query;
	struct buf secrets[4];
	size_t n_secrets;
	int64_t now;
};

void signature_case_init(struct signature_case *c);
void signature_case_release(struct signature_case *c);
void signature_case_header(struct signature_case *c, const char *name, struct span value);
void signature_case_secret(struct signature_case *c, struct span secret);
/* Compiles the plan; false and a note on stderr if it is bad. */
bool signature_case_plan(struct signature_case *c, struct span verify);

/* Verifies the case as it stands, each piece in memory of exactly its size. */
int signature_case_verify(const struct signature_case *c, struct signature_proof *ret_proof);
void signature_case_explain(const struct signature_case *c, struct buf *out);
