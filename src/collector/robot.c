/* SPDX-License-Identifier: MIT */
#include "robot.h"

/* Words of user agents in small letters; "bot" alone would find the Cubot, a telephone. */
static const char *const words[] = {
	"bot/",
	"bot;",
	"bot)",
	"bot ",
	"-bot",
	"googlebot",
	"bingbot",
	"storebot",
	"crawler",
	"spider",
	"slurp",
	"bingpreview",
	"headlesschrome",
	"phantomjs",
	"lighthouse",
	"pingdom",
	"uptimerobot",
	"statuscake",
	"facebookexternalhit",
	"barracuda",
	"proofpoint",
	"mimecast",
};

static char small(char ch)
{
	return (char)(ch >= 'A' && ch <= 'Z' ? ch - 'A' + 'a' : ch);
}

static bool starts_with(struct span s, const char *word)
{
	for (size_t i = 0; word[i]; i++)
		if (i == s.len || small(s.ptr[i]) != word[i])
			return false;
	return true;
}

bool is_robot(struct span user_agent)
{
	static const char exception[] = "cubot";

	for (size_t at = 0; at < user_agent.len; at++) {
		struct span rest = span_of(user_agent.ptr + at, user_agent.len - at);

		if (starts_with(rest, exception)) {
			at += sizeof(exception) - 2;
			continue;
		}
		for (size_t i = 0; i < ARRAY_SIZE(words); i++)
			if (starts_with(rest, words[i]))
				return true;
	}
	return false;
}
