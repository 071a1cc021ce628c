#!/usr/bin/env python3
"""Turns certificates into the trust anchors that are compiled in.

    roots.py none|FILE|DIRECTORY OUTPUT

FILE is a PEM bundle; DIRECTORY holds PEM files (*.crt), as Debian's package ca-certificates does
with Mozilla's list of authorities trusted for servers.  Of each certificate only the public key and
what finds it by the subject's name are kept.  A trust anchor is a name and a key (RFC 5280, 6.1.1); the
names are a quarter of the bytes, and whoever asks for one has it at hand, in a chain:

    the first 8 bytes of the SHA-256 of the subject's name (DER), u8 kind
    kind 0 (RSA):   u16 size of n, n, u8 size of e, e
    kind > 0 (EC):  the curve's number in BearSSL; u16 size of q, q (uncompressed point)

Numbers are big endian.  src/registry/roots.cpp reads it.  Authorities that had expired when the
package was made are left out.
"""

import base64
import calendar
import glob
import hashlib
import os
import re
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from bytes import write_header

RSA = "1.2.840.113549.1.1.1"
EC = "1.2.840.10045.2.1"
CURVES = {"1.2.840.10045.3.1.7": 23, "1.3.132.0.34": 24, "1.3.132.0.35": 25}


def element(data, at):
    """The DER element at an offset: (tag, start, end of content)."""
    tag, size, start = data[at], data[at + 1], at + 2
    if size & 0x80:
        count = size & 0x7F
        size = int.from_bytes(data[start:start + count], "big")
        start += count
    return tag, start, start + size


def children(data, start, end):
    while start < end:
        tag, content, after = element(data, start)
        yield tag, start, content, after
        start = after


def oid(data):
    numbers, value = [data[0] // 40, data[0] % 40], 0
    for byte in data[1:]:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(value)
            value = 0
    return ".".join(map(str, numbers))


def moment(tag, text):
    """UTCTime and GeneralizedTime, as seconds since 1970."""
    if tag == 0x17:
        text = ("20" if int(text[:2]) < 50 else "19") + text
    return calendar.timegm(time.strptime(text, "%Y%m%d%H%M%SZ"))


def key_of(data, start, end):
    parts = list(children(data, start, end))
    algorithm = list(children(data, parts[0][2], parts[0][3]))
    bits = data[parts[1][2] + 1:parts[1][3]]  # after the count of unused bits
    kind = oid(data[algorithm[0][2]:algorithm[0][3]])
    if kind == RSA:
        _, inside, after = element(bits, 0)
        n, e = (bits[part[2]:part[3]].lstrip(b"\0") for part in children(bits, inside, after))
        return b"\0" + len(n).to_bytes(2, "big") + n + len(e).to_bytes(1, "big") + e
    if kind == EC:
        curve = CURVES.get(oid(data[algorithm[1][2]:algorithm[1][3]]))
        if curve:
            return bytes([curve]) + len(bits).to_bytes(2, "big") + bits
    return None  # BearSSL has nothing for this kind


def anchor(certificate):
    """(expiry, bytes of the trust anchor) of a DER certificate; bytes are None for unusable keys."""
    _, start, end = element(certificate, 0)
    _, start, end = element(certificate, start)  # tbsCertificate
    fields = [part for part in children(certificate, start, end) if part[0] != 0xA0]
    _serial, _algorithm, _issuer, validity, subject, key = fields[:6]
    _, until = children(certificate, validity[2], validity[3])
    name = certificate[subject[1]:subject[3]]
    public = key_of(certificate, key[2], key[3])
    whole = public and hashlib.sha256(name).digest()[:8] + public
    return moment(until[0], certificate[until[2]:until[3]].decode()), whole


def certificates(text):
    for body in re.findall("-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", text, re.S):
        yield base64.b64decode(body)


def main():
    source, output = sys.argv[1:]
    made, files = 0, []
    if os.path.isdir(source):
        files = sorted(glob.glob(os.path.join(source, "*.crt")))
        made = max(os.path.getmtime(file) for file in files)
    elif source != "none":
        files = [source]
    anchors = {}
    for file in files:
        found = 0
        for certificate in certificates(open(file, encoding="utf-8", errors="replace").read()):
            found += 1
            until, data = anchor(certificate)
            if data and until >= made:
                anchors[data] = True
        if not found:
            sys.exit(f"roots.py: {file} holds no PEM certificate")
    data = b"".join(anchors)
    comment = f"{len(anchors)} trust anchors, by third_party/roots.py"
    write_header(output, comment, "kRootsData", data)
    print(f"{len(anchors)} trust anchors, {len(data)} bytes")


main()
