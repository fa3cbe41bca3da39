# SPDX-License-Identifier: MIT
"""Prints a text file as a C string: embed.py FILE NAME."""

import sys


def quote(line):
    return '"' + line.replace("\\", "\\\\").replace('"', '\\"').replace("?", "\\?") + '\\n"'


def main():
    path, name = sys.argv[1:]
    with open(path, encoding="ascii") as file:
        lines = file.read().splitlines()
    print(f"static const char {name}[] =")
    print("\n".join("    " + quote(line) for line in lines) + ";")


if __name__ == "__main__":
    main()
