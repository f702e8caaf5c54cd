/* SPDX-License-Identifier: MIT */
#include "store/audit.h"

#include "codec/seal.h"

/* KEYS: wm:meta. ARGV: a salt, should there be none. */
static const char salt_script[] = "redis.call('HSETNX', KEYS[1], 'salt', ARGV[1])\n"
				  "return redis.call('HGET', KEYS[1], 'salt')\n";

static void on_salt(void *user, const struct redis_value *reply)
{
	struct audit *a = user;

	if (!reply || reply->type != REDIS_STRING || reply->text.len != AUDIT_SALT_LEN)
		return;
	memcpy(a->salt, reply->text.ptr, AUDIT_SALT_LEN);
	a->salt[AUDIT_SALT_LEN] = '\0';
}

int audit_open(struct audit *a, struct redis *redis)
{
	char fresh[SEAL_KEY_TEXT + 1];
	struct span args[] = {SPAN_LIT("EVAL"), SPAN_LIT(salt_script), SPAN_LIT("1"),
		SPAN_LIT("wm:meta"), SPAN_EMPTY};

	_Static_assert(SEAL_KEY_TEXT >= AUDIT_SALT_LEN, "a key has enough digits");
	if (seal_key_make(fresh) < 0)
		return -EIO;
	args[4] = span_of(fresh, AUDIT_SALT_LEN);
	a->redis = redis;
	return redis_command(redis, on_salt, a, args, ARRAY_SIZE(args));
}

bool audit_is_open(const struct audit *a)
{
	return a->salt[0] != '\0';
}

int audit_of(const struct audit *a, struct span text, char out[AUDIT_OF_LEN + 1])
{
	char digits[SEAL_MAC_TEXT + 1];
	int r = seal_mac(span_str(a->salt), text, digits);

	if (r < 0)
		return r;
	memcpy(out, digits, AUDIT_OF_LEN);
	out[AUDIT_OF_LEN] = '\0';
	return 0;
}

int audit_add(const struct audit *a, const struct audit_entry *e, redis_reply_fn fn, void *user)
{
	const struct span reason = span_of(
		e->reason.ptr, e->reason.len < AUDIT_REASON_MAX ? e->reason.len : AUDIT_REASON_MAX);
	struct redis *redis = a->redis;
	char of[AUDIT_OF_LEN + 1];
	int r = audit_of(a, e->of, of);

	if (r < 0)
		return r;
	redis_begin(redis, reason.len ? 16 : 14);
	redis_arg_str(redis, "XADD");
	redis_arg_str(redis, "wm:audit");
	redis_arg_str(redis, "MAXLEN");
	redis_arg_str(redis, "~");
	redis_arg_u64(redis, AUDIT_MAX);
	redis_arg_str(redis, "*");
	redis_arg_str(redis, "who");
	redis_arg_str(redis, e->who);
	redis_arg_str(redis, "what");
	redis_arg_str(redis, e->what);
	redis_arg_str(redis, "shape");
	redis_arg_str(redis, e->shape);
	redis_arg_str(redis, "of");
	redis_arg_str(redis, of);
	if (reason.len) {
		redis_arg_str(redis, "reason");
		redis_arg(redis, reason);
	}
	return redis_end(redis, fn, user);
}

bool audit_was_noted(const struct redis_value *reply)
{
	return reply && reply->type == REDIS_STRING;
}
