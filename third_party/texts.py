#!/usr/bin/env python3
"""Packs what only help and the manual say: the literals "..."_help of the sources, and the licences.

    texts.py OUTPUT LICENCES SOURCE...

The program knows a text by its number (src/cli/text.h).  The result is a gzip stream of the licences and
then each text once, a zero byte behind each; kist unpacks it with what it has for layers.
"""

import gzip
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from bytes import write_header

TOKEN = re.compile(r"""
    (?P<skip>    \s+ | //[^\n]* | /\*.*?\*/ ) |
    (?P<raw>     \w*R"(?P<mark>[^(\n]*)\(.*?\)(?P=mark)"\w* ) |
    (?P<literal> (?P<prefix>u8|[uUL])?"(?P<text>(?:[^"\\\n]|\\.)*)"(?P<suffix>\w*) ) |
    (?P<other>   '(?:[^'\\\n]|\\.)+' | (?:\d'?\w*)+ | \w+ | . )""", re.VERBOSE | re.DOTALL)
ESCAPES = {"n": "\n", "t": "\t", '"': '"', "'": "'", "\\": "\\"}


class Refused(Exception):
    pass


def unescaped(text):
    def one(match):
        if match[1] not in ESCAPES:
            raise Refused(f"the escape \\{match[1]} is not understood")
        return ESCAPES[match[1]]
    return re.sub(r"\\(.)", one, text, flags=re.DOTALL)


def texts_of(source):
    """The texts of one file, adjacent literals joined; Refused where they cannot be known for sure."""
    before, run, tokens = "", [], [match for match in TOKEN.finditer(source) if not match["skip"]]
    for at, token in enumerate(tokens + [None]):
        if token and token["raw"] and token["raw"].endswith("_help"):
            raise Refused(f"{token['raw']}: a raw literal is not understood")
        if token and token["literal"]:
            run.append(token)
            continue
        if before != "operator" and any(each["suffix"] == "_help" for each in run):
            what = "".join(each["text"] for each in run)
            after = token[0] if token else ""
            if not re.fullmatch(r"[,({=?:]|return", before) or not re.fullmatch(r"[,)};:]", after):
                raise Refused(f"\"{what}\": only literals can be joined to a text")
            if not what or any(each["prefix"] or each["suffix"] not in ("", "_help") for each in run):
                raise Refused(f"\"{what}\": neither empty nor of another kind")
            yield "".join(unescaped(each["text"]) for each in run)
        run = []
        before = token[0] if token else ""


def number_of(text):
    number = 2166136261
    for byte in text.encode():
        number = (number ^ byte) * 16777619 & 0xffffffff
    return number


def main():
    output, licences, *sources = sys.argv[1:]
    numbers = {0: None}
    for name in sources:
        with open(name, encoding="utf-8") as file:
            try:
                for text in texts_of(file.read()):
                    if numbers.setdefault(number_of(text), text) != text:
                        raise Refused(f"\"{text}\" has the number of another text; change a word")
            except Refused as reason:
                sys.exit(f"{name}: {reason}")
    del numbers[0]
    with open(licences, encoding="utf-8") as file:
        texts = [file.read()] + sorted(numbers.values())
    whole = "".join(text + "\0" for text in texts).encode()
    data = gzip.compress(whole, 9, mtime=0)
    write_header(output, "licences and help, by third_party/texts.py", "kTextsData", data)
    print(f"{len(texts)} texts, {len(whole)} bytes, {len(data)} packed")


main()
