/* SPDX-License-Identifier: MIT */
/*
 * GET /waymark.js: the script that web pages include (src/collector/beacon/waymark.js). It is part
 * of the program, made small when that was built; what is served never changes while it runs.
 *
 * Any page may load it, and keeps it for an hour. Gzipped for whoever takes that; 304 for whoever
 * has it already, by ETag.
 */
#pragma once

#include "io/http_server.h"

/* Answers REQUEST, a GET or HEAD. */
void beacon_serve(struct http_request *request);
