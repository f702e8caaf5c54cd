/* SPDX-License-Identifier: MIT */
/* Removing a directory that we have made, with all that is in it. */
#pragma once

/* Never leaves the directory: links are removed, not followed. What cannot be removed stays. */
void remove_tree(const char *path);
