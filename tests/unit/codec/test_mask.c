/* SPDX-License-Identifier: MIT */
/* What staff see of people, against answers written by hand from codec/mask.h. */
#include "check.h"

#include "codec/mask.h"

typedef void mask_fn(struct span text, struct buf *out);

static void mask_default_key(struct span key, struct buf *out)
{
	mask_key(&IDENTITY_DEFAULT, key, out);
}

static const struct {
	mask_fn *mask;
	const char *text, *masked;
} rows[] = {
	{mask_email, "jane@example.com", "j***@e***.com"},
	{mask_email, "jane.doe@mail.example.co.uk", "j***@m***.uk"},
	{mask_email, "j@x.de", "***@***.de"},
	{mask_email, "a@b@example.com", "a***@e***.com"},
	{mask_email, "root@localhost", "r***@l***"},
	{mask_email, "@example.com", "***@e***.com"},
	{mask_email, "\xc3\xa4nne@\xc3\xa4pfel.de", "\xc3\xa4***@\xc3\xa4***.de"},
	{mask_email, "no address", "n***ss"},
	{mask_email, "", "***"},
	{mask_name, "Jane Doe", "J*** D***"},
	{mask_name, "  Zo\xc3\xab \xc3\x96stlund ", "Z*** \xc3\x96***"},
	{mask_name, "J", "***"},
	{mask_name, "\xff\xfe\xfd\xfc", "***"},
	{mask_code, "+49301234567", "+49***67"},
	{mask_code, "+4930123", "+***"},
	{mask_code, "R-2024-0017", "R***17"},
	{mask_code, "123456", "1***56"},
	{mask_code, "12345", "1***"},
	{mask_code, "123", "***"},
	{mask_default_key, "email:jane@example.com", "email:j***@e***.com"},
	{mask_default_key, "phone:+49301234567", "phone:+49***67"},
	{mask_default_key, "card:77-000-123", "card:7***23"},
	{mask_default_key, "anon:5b1c", "anon:5b1c"},
	{mask_default_key, "u-1042", "u-1042"},
	{mask_default_key, "jane@example.com", "j***@e***.com"},
	{mask_default_key, "user:email:jane@example.com", "user:e***@e***.com"},
};

static void masks(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(buf_release) struct buf out = BUF_INIT;

		rows[i].mask(span_str(rows[i].text), &out);
		CHECK_STR(buf_span(&out), rows[i].masked);
	}
}

static const struct check_case cases[] = {{"masks", masks}};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
