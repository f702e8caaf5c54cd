/* SPDX-License-Identifier: MIT */
/*
 * The guarded connections of a program.
 */
#pragma once

#include "program/program.h"

/* Closes them all. */
void program_disconnect(struct program *p);
