#!/usr/bin/env python3
"""Collects the licence texts of everything that is linked in, for `kist version --licenses`.

    licenses.py OUTPUT NAME=FILE...

Of a C header only the comment at its top is taken.
"""

import sys

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
    with open(output, "w", encoding="utf-8") as file:
        file.write(whole)


main()
