# SPDX-License-Identifier: MIT
"""Names in generated functions: what a length refers to, and how values are read in C."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from length import Length
from model import Model
from wire import Field, Kind, Shape, WireError


@dataclass(frozen=True)
class Scope:
    """The fields that a length of one struct or command may refer to. `var` is the C variable
    (a pointer) that holds them."""

    model: Model
    owner: str
    fields: tuple[Field, ...]
    var: str

    def field(self, name: str) -> Field:
        for field in self.fields:
            if field.name == name:
                return field
        raise WireError(f"{self.owner}: a length refers to the unknown '{name}'")

    def length(self, length: Length, index: str = "i") -> str:
        """C expression of 64 bits; `index` replaces `[]`."""
        return length.c(lambda ref: self._reference(ref, index))

    def _reference(self, ref: str, index: str) -> str:
        if ref in self.model.registry.constants:
            return ref
        if "[]." in ref:
            outer, _, member = ref.partition("[].")
            return f"(uint64_t){self.var}->{self.field(outer).name}[{index}].{member}"
        if "->" in ref:
            outer, _, member = ref.partition("->")
            pointer = f"{self.var}->{self.field(outer).name}"
            return f"({pointer} ? (uint64_t){pointer}->{member} : 0)"
        field = self.field(ref)
        if field.kind is not Kind.SCALAR:
            raise WireError(f"{self.owner}: the length '{ref}' is no number")
        value = f"{self.var}->{field.name}"
        if field.shape is Shape.POINTER:
            return f"({value} ? (uint64_t)*{value} : 0)"
        if field.shape is not Shape.VALUE:
            raise WireError(f"{self.owner}: the length '{ref}' is no number")
        return f"(uint64_t)(uint32_t){value}" if field.size == 4 else f"(uint64_t){value}"


def scope_of(model: Model, owner: str, fields: Iterable[Field], var: str) -> Scope:
    return Scope(model, owner, tuple(fields), var)
