/* SPDX-License-Identifier: MIT */
/*
 * A scene for the gates: a shop in Berlin with the default policy, one customer who ordered once
 * and may be written to, and rules made by hand.
 */
#pragma once

#include "core/gate.h"

#define SCENE_RULES 4
#define SCENE_ZONES 16

struct gate_scene {
	struct rules *rules;
	struct policy *policy; /* of the rules, to be changed */
	struct journey *journey;
	struct instance *instance; /* of rule 0, armed */
	struct policy_zone names[SCENE_ZONES];
	struct zone *zones[SCENE_ZONES];
	struct gate_ask ask;
	struct gate_verdict verdict;
};

/* The instant of TEXT (base/instant.h); a wrong one fails the test. */
int64_t scene_time(const char *text);

/* NOW is Monday 2026-11-23 12:00 in Berlin. Rule 0 is `cart_abandoned`, marketing by email. */
void scene_init(struct gate_scene *s);
void scene_release(struct gate_scene *s);

/* Rule N gets this id and place; from then on it is in the set. */
struct rule *scene_rule(struct gate_scene *s, size_t n, const char *id, enum rule_class class);
void scene_channels(struct rule *rule, const char *a, const char *b);

void scene_consent(
	struct gate_scene *s, const char *topic, const char *channel, enum consent_word word);
void scene_profile_text(struct gate_scene *s, enum profile_text n, const char *text);
void scene_profile_number(struct gate_scene *s, enum profile_number n, int64_t value);
/* A send of the rule with that id, so long ago. */
void scene_send(struct gate_scene *s, const char *rule, enum rule_class class,
	enum job_channel channel, int64_t ago_ms);
/* Armed and due at AT. */
struct instance *scene_instance(
	struct gate_scene *s, const char *rule, const char *key, int64_t at);

/* Asks, and checks answer and reason. */
#define SCENE_ANSWER(S, ANSWER, REASON) scene_answer(__FILE__, __LINE__, (S), (ANSWER), (REASON))
void scene_answer(const char *file, int line, struct gate_scene *s, enum gate_answer answer,
	enum gate_reason reason);
/* The same for a deferral until UNTIL. */
#define SCENE_UNTIL(S, REASON, UNTIL) scene_until(__FILE__, __LINE__, (S), (REASON), (UNTIL))
void scene_until(const char *file, int line, struct gate_scene *s, enum gate_reason reason,
	const char *until);
