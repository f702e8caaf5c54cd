/* SPDX-License-Identifier: MIT */
/*
 * Robots in pages: search engines, mail scanners and monitors load a shop's pages and run its
 * scripts. What they send is kept and marked (a shop wants to see them), and rules do not take it
 * for something that a customer did.
 */
#pragma once

#include "base/base.h"
#include "base/span.h"

/* By the User-Agent field. Robots that hide are not found this way, and none is refused. */
bool is_robot(struct span user_agent);
