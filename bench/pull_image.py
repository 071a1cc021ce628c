#!/usr/bin/env python3
"""pull_image.py - writes the image of the pull benchmark as an OCI layout.

usage: pull_image.py LAYOUT

Seven layers like those of a distribution with a language on top: 27,600 files of text and of program-like
bytes, about 488 MB unpacked and 166 MB as gzip.  The bytes are the same from run to run.
"""

import multiprocessing
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "fixtures"))
import make_image

# Megabytes and files of each layer.
LAYERS = ((178, 9000), (112, 8200), (84, 4300), (55, 3100), (33, 1900), (18, 900), (8, 200))
POOL = 6 << 20


def text_pool(chance):
    """Words by Zipf's law, with lines and numbers between them."""
    words = ["".join(chance.choices("etaoinshrdlucmfwypvbgkjqxz", range(26, 0, -1), k=chance.randint(3, 13)))
             for _ in range(2500)]
    weights = [1 / (rank + 1) for rank in range(len(words))]
    text = []
    size = 0
    while size < POOL:
        line = " ".join(chance.choices(words, weights, k=chance.randint(3, 14)))
        text.append(line + chance.choice((";\n", " = %d,\n" % chance.getrandbits(20), "\n", "\n    ")))
        size += len(text[-1])
    return "".join(text).encode()


def program_pool(chance):
    """Short instructions, addresses and tables of zeros."""
    codes = [chance.randbytes(chance.randint(1, 5)) for _ in range(300)]
    parts = []
    size = 0
    while size < POOL:
        kind = chance.random()
        if kind < 0.55:
            part = b"".join(chance.choices(codes, k=8)) + chance.randbytes(2)
        elif kind < 0.78:
            part = chance.randbytes(2) + bytes(6)
        else:
            part = bytes(chance.randint(8, 60))
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def make_layer(number):
    megabytes, files = LAYERS[number]
    chance = random.Random(1)
    pools = (text_pool(chance), program_pool(chance))
    chance = random.Random(number + 100)
    sizes = [chance.lognormvariate(0, 1.9) for _ in range(files)]
    scale = megabytes * 1e6 / sum(sizes)
    layer = make_image.Layer()
    for index, size in enumerate(sizes):
        if index % 40 == 0:
            directory = f"usr/lib/part{number}/{index // 40:04}"
            layer.directory(directory)
        pool = pools[chance.random() < 0.15]
        left = max(1, int(size * scale))
        data = []
        while left > 0:
            start = chance.randrange(len(pool) - 4096)
            data.append(pool[start:start + min(left, 1 << 19)])
            left -= len(data[-1])
        layer.file(f"{directory}/file{index:05}.bin", b"".join(data),
                   0o755 if chance.random() < 0.1 else 0o644)
    return layer.bytes()


def main():
    layout = make_image.Layout(sys.argv[1])
    with multiprocessing.Pool(2) as workers:
        layers = workers.map(make_layer, range(len(LAYERS)), chunksize=1)
    layout.tag(layout.image(layers, {"Cmd": ["true"]}))


main()
