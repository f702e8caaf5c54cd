/* SPDX-License-Identifier: MIT */
/* What the desk tells of a job, as JSON: of the API and of the tools. */
#pragma once

#include "store/job_desk.h"

/* A job and what has become of it. buf_failed(OUT). */
int job_found_json(const struct job_found *found, struct buf *out);
/* A job that was leased. The same. */
int job_leased_json(const struct job_leased *job, struct buf *out);
