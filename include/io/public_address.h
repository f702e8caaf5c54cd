/* SPDX-License-Identifier: MIT */
/*
 * Does an address belong to the public Internet? Whoever lets us fetch a place of their choice must
 * not reach what only we can reach: this machine, its network, the metadata service of its cloud.
 *
 * Sources: IANA's registries of special-purpose addresses for IPv4 and IPv6 (RFC 6890 and what came
 * after it) and of multicast addresses. What the registries do not call globally reachable is not
 * public, nor is the one address in public space by which a cloud speaks to its machines
 * (168.63.129.16, Azure's documentation). Of IPv6 only 2000::/3 can be, and there nothing in which
 * an address of another kind travels: 6to4 (2002::/16), Teredo and all else of 2001::/23. So
 * neither mapped addresses (::ffff:0:0/96) nor those of translators (64:ff9b::/96) pass, whatever
 * they lead to.
 */
#pragma once

#include "base/base.h"

struct sockaddr;

/* ADDRESS has LEN bytes. No family but IPv4's and IPv6's is public. */
bool address_is_public(const struct sockaddr *address, size_t len);
