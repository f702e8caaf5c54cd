/* SPDX-License-Identifier: MIT */
/* What a search by prefix found, as JSON: of the API and of the tools. */
#pragma once

#include "base/buf.h"
#include "store/find_query.h"

struct find_form {
	const struct identity *identity;
	bool masked;	  /* codec/mask.h; else everything as it is */
	struct span next; /* of the next page, as the asker is to send it; empty: there is none */
};

/* schemas/openapi.yaml, Found. buf_failed(OUT). */
int find_json(const struct find_answer *answer, const struct find_form *form, struct buf *out);
