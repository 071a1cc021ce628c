"""Writes bytes as a C++ array, only touching the file when it changes."""

import os


def write_header(path, comment, name, data):
    lines = [f"// {comment}", "#pragma once", f"inline constexpr unsigned char {name}[] = {{"]
    for start in range(0, len(data), 20):
        lines.append(",".join(str(byte) for byte in data[start:start + 20]) + ",")
    lines += ["0};  // one byte more, so that it is never empty", ""]
    text = "\n".join(lines)
    if os.path.exists(path) and open(path).read() == text:
        os.utime(path)
        return
    with open(path, "w") as file:
        file.write(text)
