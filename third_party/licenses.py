#!/usr/bin/env python3
"""Packs the licence texts of everything that is linked in, for `kist version --licenses`.

    licenses.py OUTPUT NAME=FILE...

Of a C header only the comment at its top is taken.  The result is a gzip stream, which kist unpacks
with what it has for layers.
"""

import gzip
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from bytes import write_header

ROOTS = """The certificate authorities that are compiled in derive from Mozilla's list, by way of Debian's
package ca-certificates.  That list is subject to the Mozilla Public License, version 2.0
(https://mozilla.org/MPL/2.0/); its source form is the package's source, and kist can be built with
another list or none (make ROOTS=FILE, make ROOTS=none).
"""


def text_of(file):
    text = open(file, encoding="utf-8").read()
    if file.endswith(".h"):
        comment = text[text.index("/*") + 2:text.index("*/")]
        text = "\n".join(line.strip().removeprefix("*").removeprefix(" ") for line in comment.split("\n"))
    return text.strip("\n") + "\n"


def main():
    output, *rows = sys.argv[1:]
    sections = [row.split("=", 1) for row in rows]
    texts = [(name, text_of(file)) for name, file in sections] + [("certificate authorities", ROOTS)]
    whole = "\n".join(f"==== {name}\n\n{text}" for name, text in texts)
    data = gzip.compress(whole.encode(), 9, mtime=0)
    write_header(output, "licence texts, by third_party/licenses.py", "kLicensesData", data)
    print(f"{len(texts)} licences, {len(whole)} bytes, {len(data)} packed")


main()
