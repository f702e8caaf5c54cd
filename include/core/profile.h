/* SPDX-License-Identifier: MIT */
/*
 * What a customer told of themselves or we gather of them: preferences, flags, loyalty, ratings,
 * dates that matter, days on which they bought. Every word has its time, and the latest counts.
 */
#pragma once

#include "base/base.h"
#include "core/job_channel.h"
#include "core/thing.h"

/* Texts; the name is the fact's. Stored: append. */
#define PROFILE_TEXTS(X)                                                                           \
	X(ZONE, "timezone")		      /* IANA name */                                      \
	X(LANGUAGE, "language")		      /* BCP 47 */                                         \
	X(COUNTRY, "country")		      /* ISO 3166-1 */                                     \
	X(CURRENCY, "currency")		      /* of the latest order */                            \
	X(TIER, "tier")			      /* of the loyalty programme */                       \
	X(SEEN_ZONE, "device_timezone")	      /* what their device says of itself, */              \
	X(SEEN_LANGUAGE, "device_language")   /* and they need never have chosen */                \
	X(SHIP_COUNTRY, "shipping_country")   /* to where the latest order went */                 \
	X(RECOMMENDATIONS, "recommendations") /* a list as JSON, as it came; empty: taken back */

enum profile_text {
#define X(ID, NAME) PROFILE_##ID,
	PROFILE_TEXTS(X)
#undef X
		PROFILE_TEXT_COUNT
};

#define PROFILE_TEXT_MAX	    64	 /* bytes; a longer word is not taken */
#define PROFILE_RECOMMENDATIONS_MAX 1024 /* the same of recommendations */

static inline size_t profile_text_max(enum profile_text n)
{
	return n == PROFILE_RECOMMENDATIONS ? PROFILE_RECOMMENDATIONS_MAX : PROFILE_TEXT_MAX;
}

/* Numbers. Stored: append. Of two at one instant the lower one counts. */
#define PROFILE_NUMBERS(X)                                                                         \
	X(QUIET_FROM, "quiet_from") /* minutes after local midnight */                             \
	X(QUIET_TO, "quiet_to")                                                                    \
	X(TIER_RANK, "tier_rank") /* the higher the better */                                      \
	X(POINTS, "points")                                                                        \
	X(NPS, "nps")			     /* 0..10 */                                           \
	X(CSAT, "csat")			     /* 1..5 */                                            \
	X(RECOMMEND, "recommend")	     /* 1: yes, 0: no */                                   \
	X(STARS, "stars")		     /* of a review, 1..5 */                               \
	X(SENTIMENT, "sentiment")	     /* of text, -1..1 */                                  \
	X(POINTS_EXPIRE, "points_expire_at") /* instant in ms */

enum profile_number {
#define X(ID, NAME) PROFILE_##ID,
	PROFILE_NUMBERS(X)
#undef X
		PROFILE_NUMBER_COUNT
};

/* Yes or no. Stored: append. At a tie yes counts. */
#define PROFILE_FLAGS(X)                                                                           \
	X(BLOCKED, "blocked")                                                                      \
	X(MINOR, "minor")                                                                          \
	X(DECEASED, "deceased")                                                                    \
	X(ERASED, "erased")

enum profile_flag {
#define X(ID, NAME) PROFILE_##ID,
	PROFILE_FLAGS(X)
#undef X
		PROFILE_FLAG_COUNT
};

/* Instants, the latest of each but for FIRST_ORDER. Stored: append. */
#define PROFILE_TIMES(X)                                                                           \
	X(FIRST_ORDER_AT, "first_order_at") /* earliest */                                         \
	X(LAST_ORDER_AT, "last_order_at")                                                          \
	X(LAST_SURVEY_AT, "last_survey_at") /* answered */                                         \
	X(STORE_VISIT_AT, "store_visit_at")                                                        \
	X(REFERRED_AT, "referred_at")                                                              \
	X(SIGNED_UP_AT, "signed_up_at")                                                            \
	X(ERROR_AT, "error_at")		/* something technical went wrong for them */              \
	X(CONTACTED_AT, "contacted_at") /* they turned to us: a case, an inquiry, a chat */

enum profile_time {
#define X(ID, NAME) PROFILE_##ID,
	PROFILE_TIMES(X)
#undef X
		PROFILE_TIME_COUNT
};

#define PROFILE_DAYS_MAX    64 /* days with a purchase */
#define PROFILE_RATINGS_MAX 16

/* Any rating as a share of what could have been given, so that they compare. */
struct rating {
	int64_t at;
	uint32_t percent; /* 0..100 */
};

struct profile {
	struct said texts[PROFILE_TEXT_COUNT];
	struct amount numbers[PROFILE_NUMBER_COUNT];
	int64_t times[PROFILE_TIME_COUNT];   /* TIME_NEVER: never */
	int64_t flag_at[PROFILE_FLAG_COUNT]; /* INT64_MIN: never said */
	uint32_t flags;			     /* bit n: flag n is set */
	uint32_t n_days, n_ratings;
	/* Channels as the customer ranks them, the first one first; each once. */
	uint32_t n_ranked;
	int64_t ranked_at; /* INT64_MIN: never said */
	unsigned char ranked[JOB_CHANNEL_COUNT];
	int32_t *days;		/* n_days since 1970, rising, distinct: the latest */
	struct rating *ratings; /* n_ratings in order of time: the latest */
};

#define DATE_NAME_MAX 64

/* In the name of a day of somebody else: `birthday_of_mother`. */
#define DATE_OF "_of_"

/* A day that matters to a customer: birthday, wedding; told, or known from what an order is for. */
struct date {
	struct text name;
	int64_t said_at;
	uint16_t year; /* 0: unknown */
	uint8_t month, day;
	uint8_t removed; /* 1: it was taken back */
};
