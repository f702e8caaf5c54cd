/* SPDX-License-Identifier: MIT */
/*
 * What is kept of an identifier whose customer was erased: HMAC-SHA-256 of its key under a salt of
 * the data set (RFC 2104). It cannot be read back; it can be known again, so that the customer is
 * not made anew by the next event that names them. The salt is 64 hex digits, and those, as they
 * stand, are the key of the HMAC.
 */
#pragma once

#include "base/base.h"
#include "base/span.h"

#define GONE_NAME_SIZE 32
#define GONE_TEXT_LEN  64 /* of a name, in hex digits */
#define GONE_SALT_LEN  64 /* characters */

/* 0 or -ENOMEM. */
int gone_name(struct span salt, struct span key, unsigned char ret_name[GONE_NAME_SIZE]);
/* The name as it stands in Redis, NUL-terminated; and back. */
void gone_name_format(const unsigned char name[GONE_NAME_SIZE], char ret_text[GONE_TEXT_LEN + 1]);
bool gone_name_parse(struct span text, unsigned char ret_name[GONE_NAME_SIZE]);
