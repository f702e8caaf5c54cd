/* SPDX-License-Identifier: MIT */
/*
 * The collector as its files know it: collector.c starts and stops it, load.c reads the files it
 * lives by, doors.c says which path is whose.
 */
#pragma once

#include "foreign_door.h"
#include "hook_door.h"
#include "intake.h"
#include "mail_door.h"
#include "program/program.h"

struct settings {
	const char *listen, *keys, *prefix, *plan, *mail_secret, *old_mail_secret;
	const char *sns_relay, *sns_ca;
	bool share_port;
	int64_t item_size, item_depth, batch_items, import_items;
	int64_t body_browser, body_server, body_import;
	int64_t head_size, head_fields, target_size;
	int64_t header_time, body_time, idle_time, write_time, redis_time;
	int64_t connections, bodies, answers, waiting;
};

struct collector {
	struct program *program;
	const struct settings *settings;
	struct http_server *server;
	struct journal journal;
	struct intake intake;
	struct hook_door hook_door;
	struct foreign_doors foreign;
	struct mail_door mail;
	struct tally tally;
};

/* Reads the file of sources and, with it, hooks and their secrets; and the tracking plan. 0, or
 * PROGRAM_EXIT with the reason logged: what was in force stays so. */
int load_files(struct collector *c);
/* Prepares the links of mails, once. 0, or PROGRAM_EXIT, having failed the program. */
int load_mail(struct collector *c);

/* A request for one of the doors, or none. */
void doors_handle(struct collector *c, struct http_request *request);
/* How large its body may be, by its head. */
size_t doors_body_max(const struct collector *c, struct http_request *request);
