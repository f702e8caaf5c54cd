/* SPDX-License-Identifier: MIT */
/*
 * The rows of IANA's registries of special-purpose addresses (iana-ipv4-special-registry,
 * iana-ipv6-special-registry): of each block its first and last address, and the neighbours outside
 * where these are public.
 */
#include "io/public_address.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "check.h"

struct row {
	const char *text;
	bool is_public;
};

static bool judge(const char *text)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		return address_is_public((const struct sockaddr *)&in, sizeof(in));
	if (inet_pton(AF_INET6, text, &in6.sin6_addr) != 1)
		abort();
	return address_is_public((const struct sockaddr *)&in6, sizeof(in6));
}

static void check_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (judge(rows[i].text) == rows[i].is_public)
			continue;
		fprintf(stderr, "# %s\n", rows[i].text);
		CHECK(judge(rows[i].text) == rows[i].is_public);
	}
}

static void ipv4(void)
{
	static const struct row rows[] = {
		{"0.0.0.0", false}, /* RFC 791: this network */
		{"0.255.255.255", false},
		{"1.0.0.0", true},
		{"9.255.255.255", true}, /* RFC 1918: private use */
		{"10.0.0.0", false},
		{"10.255.255.255", false},
		{"11.0.0.0", true},
		{"100.63.255.255", true}, /* RFC 6598: shared address space */
		{"100.64.0.0", false},
		{"100.100.100.200", false}, /* a cloud's metadata, in it */
		{"100.127.255.255", false},
		{"100.128.0.0", true},
		{"126.255.255.255", true}, /* RFC 1122: loopback */
		{"127.0.0.0", false},
		{"127.0.0.1", false},
		{"127.255.255.255", false},
		{"128.0.0.0", true},
		{"168.63.129.15", true}, /* Azure's platform */
		{"168.63.129.16", false},
		{"168.63.129.17", true},
		{"169.253.255.255", true}, /* RFC 3927: link-local */
		{"169.254.0.0", false},
		{"169.254.169.254", false}, /* metadata of most clouds */
		{"169.254.255.255", false},
		{"169.255.0.0", true},
		{"172.15.255.255", true}, /* RFC 1918 */
		{"172.16.0.0", false},
		{"172.31.255.255", false},
		{"172.32.0.0", true},
		{"191.255.255.255", true}, /* RFC 6890: IETF protocol assignments */
		{"192.0.0.0", false},
		{"192.0.0.7", false},	/* RFC 7335: IPv4 service continuity */
		{"192.0.0.8", false},	/* RFC 7600: dummy address */
		{"192.0.0.170", false}, /* RFC 7050: NAT64 discovery */
		{"192.0.0.255", false},
		{"192.0.1.0", true},
		{"192.0.2.0", false}, /* RFC 5737: TEST-NET-1 */
		{"192.0.2.255", false},
		{"192.0.3.0", true},
		{"192.31.196.1", true},	 /* RFC 7535: AS112, globally reachable */
		{"192.88.98.255", true}, /* RFC 7526: 6to4 relays, deprecated */
		{"192.88.99.0", false},
		{"192.88.99.255", false},
		{"192.88.100.0", true},
		{"192.167.255.255", true}, /* RFC 1918 */
		{"192.168.0.0", false},
		{"192.168.255.255", false},
		{"192.169.0.0", true},
		{"198.17.255.255", true}, /* RFC 2544: benchmarking */
		{"198.18.0.0", false},
		{"198.19.255.255", false},
		{"198.20.0.0", true},
		{"198.51.99.255", true}, /* RFC 5737: TEST-NET-2 */
		{"198.51.100.0", false},
		{"198.51.100.255", false},
		{"198.51.101.0", true},
		{"203.0.112.255", true}, /* RFC 5737: TEST-NET-3 */
		{"203.0.113.0", false},
		{"203.0.113.255", false},
		{"203.0.114.0", true},
		{"223.255.255.255", true}, /* RFC 5771: multicast */
		{"224.0.0.0", false},
		{"239.255.255.255", false},
		{"240.0.0.0", false}, /* RFC 1112: reserved */
		{"255.255.255.254", false},
		{"255.255.255.255", false}, /* RFC 919: limited broadcast */
		{"8.8.8.8", true},
	};

	check_rows(rows, ARRAY_SIZE(rows));
}

static void ipv6(void)
{
	static const struct row rows[] = {
		{"::", false},	       /* RFC 4291: unspecified */
		{"::1", false},	       /* RFC 4291: loopback */
		{"::8.8.8.8", false},  /* RFC 4291: IPv4-compatible, deprecated */
		{"::ffff:0:0", false}, /* RFC 4291: IPv4-mapped */
		{"::ffff:127.0.0.1", false},
		{"::ffff:10.0.0.1", false},
		{"::ffff:8.8.8.8", false},
		{"64:ff9b::", false}, /* RFC 6052: translation */
		{"64:ff9b::169.254.169.254", false},
		{"64:ff9b::8.8.8.8", false},
		{"64:ff9b:1::", false},	 /* RFC 8215: local translation */
		{"100::", false},	 /* RFC 6666: discard only */
		{"100:0:0:1::1", false}, /* RFC 9780: dummy prefix */
		{"1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
		{"2001::", false},     /* RFC 4380: Teredo, in RFC 2928's block */
		{"2001:2::1", false},  /* RFC 5180: benchmarking */
		{"2001:10::1", false}, /* RFC 4843: ORCHID */
		{"2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", false},
		{"2001:200::", true},
		{"2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", true},
		{"2001:db8::", false}, /* RFC 3849: documentation */
		{"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", false},
		{"2001:db9::", true},
		{"2001:4860:4860::8888", true},
		{"2002::", false}, /* RFC 3056: 6to4 */
		{"2002:7f00:1::", false},
		{"2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
		{"2003::", true},
		{"2606:4700:4700::1111", true},
		{"2620:4f:8000::1", true}, /* RFC 7534: AS112, globally reachable */
		{"3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true},
		{"3fff::", false}, /* RFC 9637: documentation */
		{"3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", false},
		{"3fff:1000::", true},
		{"4000::", false},
		{"5f00::1", false},	  /* RFC 9602: segment routing */
		{"fc00::", false},	  /* RFC 4193: unique local */
		{"fd00:ec2::254", false}, /* a cloud's metadata, in it */
		{"fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
		{"fe80::1", false}, /* RFC 4291: link-local */
		{"fec0::1", false}, /* RFC 3879: site-local, deprecated */
		{"ff02::1", false}, /* RFC 4291: multicast */
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
	};

	check_rows(rows, ARRAY_SIZE(rows));
}

static void others(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr other = {.sa_family = AF_UNIX};

	inet_pton(AF_INET, "8.8.8.8", &in.sin_addr);
	CHECK(address_is_public((const struct sockaddr *)&in, sizeof(in)));
	CHECK(!address_is_public((const struct sockaddr *)&in, sizeof(in) - 1));
	in.sin_family = AF_INET6;
	CHECK(!address_is_public((const struct sockaddr *)&in, sizeof(in)));
	CHECK(!address_is_public(&other, sizeof(other)));
}

static const struct check_case cases[] = {
	{"IPv4", ipv4},
	{"IPv6", ipv6},
	{"other families and short addresses", others},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
