/* SPDX-License-Identifier: MIT */
/*
 * What the collector says about itself: alive, ready, and in figures.
 */
#pragma once

#include "door_tally.h"
#include "io/http_server.h"
#include "journal.h"
#include "reasons.h"

struct pages {
	const struct journal *journal;
	const struct tally *tally;
	const struct reasons *reasons;
	const struct http_server *server;
};

/* The process runs: 200. */
void page_health(struct http_request *request);
/* New events can be expected to be stored: 200, else 503 with the reason. */
void page_ready(const struct pages *pages, struct http_request *request);
/* Prometheus's text format, version 0.0.4. */
void page_metrics(const struct pages *pages, struct http_request *request);
