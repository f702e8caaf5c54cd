/* SPDX-License-Identifier: MIT */
/*
 * For IPv4 the table says what is not public; for IPv6, where nearly all is still unassigned, what
 * lies in the one public eighth and is not.
 */
#include "io/public_address.h"

#include <netinet/in.h>
#include <sys/socket.h>

struct block {
	unsigned char first[4]; /* 32 bits tell all of them apart, those of IPv6 too */
	unsigned bits;
};

static const struct block special4[] = {
	{{0, 0, 0, 0}, 8},	  /* this network: RFC 791 */
	{{10, 0, 0, 0}, 8},	  /* private: RFC 1918 */
	{{100, 64, 0, 0}, 10},	  /* behind a carrier's NAT: RFC 6598 */
	{{127, 0, 0, 0}, 8},	  /* loopback: RFC 1122 */
	{{168, 63, 129, 16}, 32}, /* Azure's platform; no registry knows it */
	{{169, 254, 0, 0}, 16},	  /* link-local: RFC 3927 */
	{{172, 16, 0, 0}, 12},	  /* private */
	{{192, 0, 0, 0}, 24},	  /* protocol assignments: RFC 6890 */
	{{192, 0, 2, 0}, 24},	  /* documentation: RFC 5737 */
	{{192, 88, 99, 0}, 24},	  /* relays of 6to4, given up: RFC 7526 */
	{{192, 168, 0, 0}, 16},	  /* private */
	{{198, 18, 0, 0}, 15},	  /* benchmarks: RFC 2544 */
	{{198, 51, 100, 0}, 24},  /* documentation */
	{{203, 0, 113, 0}, 24},	  /* documentation */
	{{224, 0, 0, 0}, 4},	  /* multicast: RFC 5771 */
	{{240, 0, 0, 0}, 4},	  /* reserved: RFC 1112; and broadcast */
};

static const struct block public6 = {{0x20, 0, 0, 0}, 3};

static const struct block special6[] = {
	{{0x20, 0x01, 0x00, 0x00}, 23}, /* protocol assignments, Teredo in them: RFC 2928 */
	{{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation: RFC 3849 */
	{{0x20, 0x02, 0x00, 0x00}, 16}, /* 6to4: RFC 3056 */
	{{0x3f, 0xff, 0x00, 0x00}, 20}, /* documentation: RFC 9637 */
};

static bool holds(const struct block *block, const unsigned char *address)
{
	unsigned bits = block->bits;

	for (unsigned i = 0; i < 4 && bits > 0; i++) {
		unsigned here = bits < 8 ? bits : 8;
		unsigned mask = 0xffU << (8 - here) & 0xffU;

		if ((address[i] ^ block->first[i]) & mask)
			return false;
		bits -= here;
	}
	return true;
}

static bool is_public4(const unsigned char *address)
{
	for (size_t i = 0; i < ARRAY_SIZE(special4); i++)
		if (holds(&special4[i], address))
			return false;
	return true;
}

static bool is_public6(const unsigned char *address)
{
	if (!holds(&public6, address))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(special6); i++)
		if (holds(&special6[i], address))
			return false;
	return true;
}

bool address_is_public(const struct sockaddr *address, size_t len)
{
	if (address->sa_family == AF_INET && len >= sizeof(struct sockaddr_in)) {
		struct sockaddr_in in;

		memcpy(&in, address, sizeof(in));
		return is_public4((const unsigned char *)&in.sin_addr);
	}
	if (address->sa_family == AF_INET6 && len >= sizeof(struct sockaddr_in6)) {
		struct sockaddr_in6 in6;

		memcpy(&in6, address, sizeof(in6));
		return is_public6(in6.sin6_addr.s6_addr);
	}
	return false;
}
