# SPDX-License-Identifier: MIT
"""`len` and `altlen` expressions of vk.xml → C expressions on decoded values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Callable

_TOKEN = re.compile(r"\s*(?:(\d+)|([A-Za-z_]\w*(?:\[\])?(?:(?:->|\.)[A-Za-z_]\w*)*)|([-+*/()]))")


class LengthError(Exception):
    """An expression that cannot be understood."""


@dataclass(frozen=True)
class Length:
    """A parsed expression. Tokens are numbers, operators and references; what a reference means
    (a member, a pointer to a count, a constant) is for the caller to say."""

    text: str
    tokens: tuple[tuple[str, str], ...]  # (number | ref | op, text)

    @property
    def references(self) -> list[str]:
        return [text for kind, text in self.tokens if kind == "ref"]

    def c(self, resolve: Callable[[str], str]) -> str:
        """The C expression, computed in 64 bits."""
        parts = []
        for kind, text in self.tokens:
            if kind == "number":
                parts.append(f"UINT64_C({text})")
            elif kind == "ref":
                parts.append(resolve(text))
            else:
                parts.append(text)
        return parts[0] if len(parts) == 1 else "(" + " ".join(parts) + ")"


def parse(text: str) -> Length:
    tokens: list[tuple[str, str]] = []
    position = 0
    depth = 0
    while position < len(text.rstrip()):
        match = _TOKEN.match(text, position)
        if not match:
            raise LengthError(f"cannot read the length '{text}' at '{text[position:]}'")
        number, reference, operator = match.groups()
        operand = number is not None or reference is not None or operator == "("
        after_operand = bool(tokens) and (tokens[-1][0] != "op" or tokens[-1][1] == ")")
        if operand == after_operand:
            raise LengthError(f"cannot read the length '{text}' at '{text[position:].strip()}'")
        depth += {"(": 1, ")": -1}.get(operator or "", 0)
        if depth < 0:
            raise LengthError(f"unbalanced parentheses in the length '{text}'")
        if number is not None:
            tokens.append(("number", number))
        elif reference is not None:
            tokens.append(("ref", reference))
        else:
            tokens.append(("op", operator))
        position = match.end()
    if not tokens or depth or (tokens[-1][0] == "op" and tokens[-1][1] != ")"):
        raise LengthError(f"the length '{text}' is incomplete")
    return Length(text=text, tokens=tuple(tokens))
