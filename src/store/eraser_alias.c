/* SPDX-License-Identifier: MIT */
/*
 * What else a name is known by. Pixels and audiences of advertisers are told the SHA-256 of an
 * address, of a telephone number (with the sign of its country or without it) and of a user's id;
 * others' events may bear it. From a salted digest of the name it could not be worked out later, so
 * it is told along with the name, as one more (codec/scrub.h).
 */
#include "eraser_impl.h"

#include "codec/gone_name.h"

static int digest(struct span value, eraser_alias_fn *fn, void *user)
{
	char key[SCRUB_DIGEST_LEN];

	scrub_digest(value, key);
	return fn(user, span_of(key, sizeof(key)));
}

int eraser_each_alias(const struct eraser *e, struct span key, eraser_alias_fn *fn, void *user)
{
	const struct identity *identity = e->options.identity;
	enum identifier what = identity->kinds[identity_kind_of(identity, key)].what;
	struct span value = identity_value(identity, key);
	int r = fn(user, key);

	if (what != IDENTIFIER_EMAIL && what != IDENTIFIER_PHONE && what != IDENTIFIER_USER)
		return r;
	r = r ? r : digest(value, fn, user);
	if (r == 0 && what == IDENTIFIER_PHONE && value.len > 1 && value.ptr[0] == '+')
		r = digest(span_of(value.ptr + 1, value.len - 1), fn, user);
	return r;
}

int eraser_list_name(void *user, struct span key)
{
	const struct eraser_list *list = user;
	unsigned char name[GONE_NAME_SIZE];
	int r = gone_name(list->salt, key, name);

	if (r == 0)
		buf_add(list->out, name, sizeof(name));
	return r;
}
