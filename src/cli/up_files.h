/* SPDX-License-Identifier: MIT */
/* What `waymark up` writes into the files of a new data directory. */
#pragma once

#include "base/buf.h"

void up_redis_conf(struct buf *out);
void up_waymark_ini(struct buf *out, const char *socket);
void up_keys_ini(struct buf *out, const char *web_key, const char *shop_key);
void up_staff_token(struct buf *out, const char *token);
