/* SPDX-License-Identifier: MIT */
/* News of consent and of what became of messages. */
#include "consent_sides.h"
#include "fold.h"

static const char *const yes_words[] = {"subscribed", "given", "granted", "optedin", "optin", "yes",
	"true", "confirmed", "allowed", "accepted", "active", NULL};
static const char *const no_words[] = {"unsubscribed", "withdrawn", "denied", "optedout", "optout",
	"no", "false", "revoked", "refused", "redacted", "stopped", NULL};
static const char *const soft_words[] = {
	"soft", "softoptin", "implied", "legitimateinterest", NULL};

/* Whether V says yes or no to being written to. False: neither (`pending`). */
static bool consent_word(const struct value *v, enum consent_word *ret_word)
{
	struct span s = value_words(v);

	if (v->type == VALUE_TRUE || word_in(s, yes_words))
		*ret_word = CONSENT_GIVEN;
	else if (v->type == VALUE_FALSE || word_in(s, no_words))
		*ret_word = CONSENT_WITHDRAWN;
	else if (word_in(s, soft_words))
		*ret_word = CONSENT_SOFT;
	else
		return false;
	return true;
}

/* The channel that S is a word for; JOB_CHANNEL_COUNT if it is none. */
static enum job_channel medium(struct span s)
{
	static const struct {
		const char *words[6];
		enum job_channel channel;
	} table[] = {
		{{"email", "mail", "newsletter", NULL}, JOB_CHANNEL_EMAIL},
		{{"sms", "text", "mms", NULL}, JOB_CHANNEL_SMS},
		{{"phone", "call", "calls", "voice", "telephone", NULL}, JOB_CHANNEL_CALL},
		{{"post", "letter", "postal", "directmail", "print", NULL}, JOB_CHANNEL_MAIL},
		{{"push", "mobilepush", "webpush", NULL}, JOB_CHANNEL_PUSH},
		{{"inapp", "app", "onsite", NULL}, JOB_CHANNEL_INAPP},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (word_in(s, table[i].words))
			return table[i].channel;
	return JOB_CHANNEL_COUNT;
}

/* One word of consent. */
struct saying {
	struct span topic;
	uint32_t channel;
	enum consent_word word;
};

static int say(struct journey *j, const struct event *e, struct saying s)
{
	struct span key = e->subject.len > 0 ? e->subject : e->customer;
	struct consent_name name = {.topic = s.topic,
		.side = consent_side(j, key, e->occurred_at),
		.channel = s.channel};
	struct consent word = {.at = e->occurred_at, .word = s.word};
	struct consent *c;
	int r;

	if (s.topic.len > CONSENT_TOPIC_MAX) {
		/* A topic that cannot be kept: its withdrawal is taken for one of all. */
		if (s.word != CONSENT_WITHDRAWN)
			return 0;
		name.topic = SPAN_EMPTY;
	}
	c = consent_add(j, name);
	if (!c && errno == ENOSPC) {
		if (s.word != CONSENT_WITHDRAWN)
			return 0;
		word.at = int64_max(word.at, consent_one_since(j, name.side, SPAN_EMPTY));
		name.topic = name.side = SPAN_EMPTY;
		c = consent_add(j, name);
	}
	if (!c)
		return -ENOMEM;
	if (e->source.len <= CONSENT_SOURCE_MAX)
		r = text_set(&word.source, e->source);
	else
		r = 0;
	if (r == 0)
		r = consent_join(c, &word);
	text_release(&word.source);
	return r < 0 ? r : consent_settle(j);
}

/* Which topic: by its name, else by the list's. */
static struct span topic_of(const struct event *e)
{
	struct span topic = value_id(event_detail(e, DETAIL_TOPIC), SIZE_MAX);

	return topic.len ? topic : value_id(event_detail(e, DETAIL_LIST_ID), SIZE_MAX);
}

static int fold_unsubscribed(struct journey *j, const struct event *e)
{
	struct span words = value_words(event_detail(e, DETAIL_MEDIUM));
	struct saying s = {topic_of(e), JOB_CHANNEL_EMAIL, CONSENT_WITHDRAWN};

	if (words.len == 0 && e->channel == CHANNEL_SMS)
		s.channel = JOB_CHANNEL_SMS;
	else if (words.len == 0)
		words = value_words(event_field(e, FIELD_CHANNEL));
	/* `email` above, unless another one of our channels is named; an unknown medium: all. */
	if (words.len > 0 && !span_is(words, "web") && !span_is(words, "server"))
		s.channel = medium(words);
	return say(j, e, s);
}

int fold_consent(struct journey *j, const struct event *e)
{
	struct span words = value_words(event_detail(e, DETAIL_MEDIUM));
	struct saying s = {topic_of(e), JOB_CHANNEL_COUNT, CONSENT_WITHDRAWN};

	if (e->kind == EVENT_UNSUBSCRIBED)
		return fold_unsubscribed(j, e);
	if (e->kind == EVENT_EMAIL_SPAM)
		return say(j, e, (struct saying){SPAN_EMPTY, JOB_CHANNEL_EMAIL, CONSENT_WITHDRAWN});
	if (e->kind == EVENT_PREFERENCE_UPDATED) {
		if (s.topic.len == 0 || !consent_word(event_detail(e, DETAIL_WANTED), &s.word))
			return 0;
		return say(j, e, s);
	}
	if (!consent_word(event_field(e, FIELD_STATUS), &s.word))
		return 0;
	s.channel = medium(words);
	/* Yes to a way that we do not know is no yes to all. */
	if (words.len > 0 && s.channel == JOB_CHANNEL_COUNT && s.word != CONSENT_WITHDRAWN)
		return 0;
	return say(j, e, s);
}

/* ---- addresses --------------------------------------------------------------------------- */

bool fold_is_hard(const struct event *e)
{
	static const char *const hard[] = {"hard", "hardbounce", "permanent", "hardbounced",
		"invalid", "invalidemail", "unknownuser", NULL};
	struct span words = value_words(event_detail(e, DETAIL_BOUNCE_TYPE)), code;

	if (words.len == 0)
		words = value_words(event_detail(e, DETAIL_BOUNCE));
	if (words.len > 0)
		return word_in(words, hard);
	code = value_id(event_detail(e, DETAIL_BOUNCE_CODE), 16);
	return code.len > 1 && code.ptr[0] == '5';
}

/* Among the latest, the latest first. */
static void add_soft(struct address *a, int64_t at)
{
	for (unsigned i = 0; i < ADDRESS_SOFT_MAX; i++) {
		if (a->soft[i] >= at)
			continue;
		memmove(&a->soft[i + 1], &a->soft[i],
			(ADDRESS_SOFT_MAX - 1 - i) * sizeof(a->soft[0]));
		a->soft[i] = at;
		return;
	}
}

/* To which address it went, as far as E says; empty: it does not. False: to none of ours. */
static bool address_of(const struct event *e, enum job_channel channel, char buf[ADDRESS_MAX],
	struct span *ret_which)
{
	static const enum detail places[] = {DETAIL_ADDRESS, DETAIL_TO_EMAIL, DETAIL_TO_PHONE};
	struct span which = SPAN_EMPTY;

	for (size_t i = 0; i < ARRAY_SIZE(places) && which.len == 0; i++)
		which = value_words(event_detail(e, places[i]));
	*ret_which = address_normal(channel, which, buf);
	return which.len == 0 || ret_which->len > 0;
}

static enum job_channel address_channel(const struct event *e)
{
	switch ((unsigned)e->kind) {
	case EVENT_SMS_DELIVERED:
	case EVENT_SMS_FAILED:
		return JOB_CHANNEL_SMS;
	case EVENT_NOTIFICATION_DELIVERED:
	case EVENT_NOTIFICATION_BOUNCED:
		return job_channel_of(value_words(event_field(e, FIELD_CHANNEL)));
	default:
		return JOB_CHANNEL_EMAIL;
	}
}

int fold_address(struct journey *j, const struct event *e)
{
	enum job_channel channel = address_channel(e);
	char buf[ADDRESS_MAX];
	struct span which;
	struct address *a;

	if (channel == JOB_CHANNEL_COUNT || !address_of(e, channel, buf, &which))
		return 0;
	a = journey_add_address(j, channel, which);
	if (!a)
		return -ENOMEM;
	switch ((unsigned)e->kind) {
	case EVENT_EMAIL_SPAM:
		a->complained_at = int64_max(a->complained_at, e->occurred_at);
		break;
	case EVENT_EMAIL_DELIVERED:
	case EVENT_SMS_DELIVERED:
	case EVENT_NOTIFICATION_DELIVERED:
		a->delivered_at = int64_max(a->delivered_at, e->occurred_at);
		break;
	default:
		if (fold_is_hard(e))
			a->hard_at = int64_max(a->hard_at, e->occurred_at);
		else
			add_soft(a, e->occurred_at);
	}
	return 0;
}
