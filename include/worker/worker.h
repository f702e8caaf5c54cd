/* SPDX-License-Identifier: MIT */
/*
 * The worker role: owns partitions, shows their log to the core one event at a time, and commits
 * what follows. Any number of them share the partitions by leases.
 */
#pragma once

int worker_main(int argc, char **argv);
