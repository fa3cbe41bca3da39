# SPDX-License-Identifier: MIT
"""What travels: fields of structs and parameters of commands with their wire shapes.

The two modes of a struct are *full* (inputs, and everything in replies) and *partial* (outputs in
requests: only what the receiver needs to know how much it is to return).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property

import length as lengths
import rules
from registry import Command, Declaration, Struct

SCALAR_SIZES = {
    "char": 1,
    "int8_t": 1,
    "uint8_t": 1,
    "int16_t": 2,
    "uint16_t": 2,
    "int32_t": 4,
    "uint32_t": 4,
    "float": 4,
    "int64_t": 8,
    "uint64_t": 8,
    "size_t": 8,
    "double": 8,
}


class WireError(Exception):
    """The registry and the rules contradict each other."""


class NotSendable(Exception):
    """A type or command that the protocol cannot carry; the message says why."""


class Shape(Enum):
    VALUE = "value"
    FIXED = "fixed"  # T name[N]
    POINTER = "pointer"  # to one
    ARRAY = "array"  # pointer with a length
    STRING = "string"
    STRINGS = "strings"  # array of strings
    ARRAYS = "arrays"  # array of pointers to arrays
    NULL = "null"  # a pointer that must be null


class Kind(Enum):
    SCALAR = "scalar"
    HANDLE = "handle"
    STRUCT = "struct"
    UNION = "union"
    BLOB = "blob"


@dataclass(frozen=True)
class Field:
    decl: Declaration
    shape: Shape
    kind: Kind
    size: int  # of one element in C
    align: int
    owner: str
    count: int = 0  # FIXED
    length: lengths.Length | None = None  # ARRAY, STRINGS, ARRAYS
    inner: lengths.Length | None = None  # ARRAYS
    object_type: str = ""  # HANDLE
    is_length: bool = False  # counts another field
    param: bool = False

    @property
    def name(self) -> str:
        return self.decl.name

    @property
    def type(self) -> str:
        return "uint8_t" if self.kind is Kind.BLOB else self.decl.type

    @property
    def required(self) -> bool:
        """Whether null (or an array_size of 0 where the count is not 0) is a fault."""
        return not (self.decl.optional or self.decl.noautovalidity)

    @property
    def is_pointer(self) -> bool:
        return self.shape not in (Shape.VALUE, Shape.FIXED)

    @property
    def output(self) -> bool:
        """A parameter that the command writes to."""
        return self.param and self.is_pointer and not self.decl.const

    @property
    def small(self) -> bool:
        return self.kind is Kind.SCALAR and self.size < 4

    @property
    def c_size(self) -> int:
        if self.is_pointer:
            return 8
        return self.size * self.count if self.shape is Shape.FIXED else self.size

    @property
    def c_align(self) -> int:
        return 8 if self.is_pointer else self.align


@dataclass(frozen=True)
class Run:
    """Neighbouring fields that have the same bytes in C and on the wire."""

    fields: tuple[Field, ...]
    size: int

    @property
    def first(self) -> str:
        return self.fields[0].name

    @property
    def last(self) -> str:
        return self.fields[-1].name


class WireStruct:
    """A sendable struct or union."""

    def __init__(self, struct: Struct, fields: list[Field], head: bool) -> None:
        self.struct = struct
        self.name = struct.name
        self.union = struct.union
        self.fields = fields  # without sType and pNext
        self.stype = struct.stype if head else None
        self.selected = any(f.decl.selection for f in fields)  # union with a selector
        self.default_tag = rules.UNION_TAGS.get(struct.name, 0)

    def __repr__(self) -> str:
        return f"<{self.name}>"


@dataclass(frozen=True)
class WireCommand:
    command: Command
    number: int
    fields: tuple[Field, ...]

    @property
    def name(self) -> str:
        return self.command.name

    @property
    def returns(self) -> str:
        return self.command.returns

    @property
    def outputs(self) -> list[Field]:
        return [f for f in self.fields if f.output]

    @cached_property
    def first_handle(self) -> Field | None:
        first = self.fields[0] if self.fields else None
        return first if first and first.kind is Kind.HANDLE and not first.is_pointer else None
