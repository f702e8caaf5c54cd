#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The partition of a customer, from the description of SipHash-2-4 and of keys.h alone.

usage: partition_model.py CUSTOMER…   prints each with its partition of 16 and of 1000

test_keys.c holds what this printed.
"""
import sys

MASK = (1 << 64) - 1


def siphash24(key, data):
    k0, k1 = (int.from_bytes(key[i:i + 8], 'little') for i in (0, 8))
    v = [k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d,
         k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573]

    def left(x, n):
        return (x << n | x >> (64 - n)) & MASK

    def rounds(n):
        a, b, c, d = v
        for _ in range(n):
            a = (a + b) & MASK
            b = left(b, 13) ^ a
            a = left(a, 32)
            c = (c + d) & MASK
            d = left(d, 16) ^ c
            a = (a + d) & MASK
            d = left(d, 21) ^ a
            c = (c + b) & MASK
            b = left(b, 17) ^ c
            c = left(c, 32)
        v[:] = a, b, c, d

    padded = data + bytes(7 - len(data) % 8) + bytes([len(data) & 255])
    for i in range(0, len(padded), 8):
        word = int.from_bytes(padded[i:i + 8], 'little')
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    v[2] ^= 0xff
    rounds(4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def main():
    # The example of the paper's appendix A.
    assert siphash24(bytes(range(16)), bytes(range(15))) == 0xa129ca6149be45e5
    for customer in sys.argv[1:]:
        digest = siphash24(b'waymark:customer', customer.encode())
        print(customer, digest % 16, digest % 1000)


if __name__ == '__main__':
    main()
