/* SPDX-License-Identifier: MIT */
/*
 * The console: answers the questions of support staff about customers. `waymark console --help`
 * lists its settings, schemas/openapi.yaml describes its answers.
 */
#pragma once

/* A program as program/program.h describes it. */
int console_main(int argc, char **argv);
