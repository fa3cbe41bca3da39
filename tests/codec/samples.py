#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Requests and replies of every command in the format of vectors.txt, made from the model.

Each command has a full sample (nothing is null, every struct that may be chained is) and a small
one (whatever may be absent is). They reach the decoders that no vector reaches: the tests decode,
encode again and compare, cut them off and corrupt them, and they are a fuzzer's first corpus.
"""

from __future__ import annotations

import argparse
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "codegen"))

import length as lengths
import rules
from generate import Generator
from model import Model
from wire import Field, Kind, Shape, WireCommand, WireStruct

COUNT = 2  # of every array whose count is free


class Sampler:
    """Writes one request or reply. `full` decides about everything that may be absent."""

    def __init__(self, model: Model, full: bool) -> None:
        self.model = model
        self.full = full
        self.words: list[bytes] = []
        self.next_value = 1
        self.counted_from_outside = {
            ref.partition("->")[2]
            for command in model.commands
            for field in command.fields
            for ref in (field.length.references if field.length else ())
            if "->" in ref
        }

    # ------------------------------------------------------------ items

    def u32(self, value: int) -> None:
        self.words.append(struct.pack("<I", value & 0xFFFFFFFF))

    def u64(self, value: int) -> None:
        self.words.append(struct.pack("<Q", value & (2**64 - 1)))

    def raw(self, data: bytes) -> None:
        self.words.append(data + bytes(-len(data) % 4))

    def fresh(self) -> int:
        """Small values that differ from their neighbours and fit the smallest types."""
        self.next_value = self.next_value % 100 + 1
        return self.next_value

    def array(self, count: int, size: int) -> None:
        self.raw(b"".join(self.fresh().to_bytes(size, "little") for _ in range(count)))

    # ------------------------------------------------------------ values of members

    def values(self, fields: list[Field] | tuple[Field, ...]) -> dict[str, int]:
        """Members that others depend on."""
        values: dict[str, int] = {}
        for field in fields:
            is_count = field.is_length or field.name in self.counted_from_outside
            if is_count and field.kind is Kind.SCALAR:
                multiple = rules.MULTIPLE_OF.get((field.owner, field.name), 1)
                values[field.name] = COUNT * multiple if self.full else 0
            if (field.owner, field.name) in rules.SEND_IF and self.full:
                values["sharingMode"] = 1
                values["flags"] = 0
            if field.decl.selector:
                union = self.model.struct(field.type)
                label = union.fields[0].decl.selection[0]
                values[field.decl.selector] = next(
                    v[label] for v in self.model.registry.enum_values.values() if label in v
                )
            if field.decl.stride:
                values[field.decl.stride] = field.size
        return values

    def count(self, length: lengths.Length, values: dict[str, int]) -> int:
        def value(ref: str) -> str:
            if ref in self.model.registry.constants:
                return str(self.model.registry.constants[ref])
            if "->" in ref or "[]." in ref:
                return str(COUNT if self.full else 0)
            return str(values[ref])

        expression = length.c(value).replace("UINT64_C", "").replace("/", "//")
        return int(eval(expression, {"__builtins__": {}}))

    # ------------------------------------------------------------ structs

    def struct(self, name: str, partial: bool, selector: int | None = None) -> None:
        struct_ = self.model.struct(name)
        if struct_.union:
            self.union(struct_, selector)
            return
        if struct_.stype:
            links = self.model.links(name) if self.full else []
            self.u32(self.model.stype_value(struct_))
            for link in links:
                self.u64(1)
                self.u32(self.model.stype_value(link))
            self.u64(0)
            for link in reversed(links):
                self.members(link, partial)
        self.members(struct_, partial)

    def members(self, struct_: WireStruct, partial: bool) -> None:
        values = self.values(struct_.fields)
        for field in struct_.fields:
            if partial:
                self.output(field, values)
            else:
                self.field(field, values)

    def union(self, union: WireStruct, selector: int | None) -> None:
        if union.selected:
            self.u32(selector or 0)
            self.field(union.fields[0], {})
        else:
            self.u32(union.default_tag)
            self.field(union.fields[union.default_tag], {})

    # ------------------------------------------------------------ fields

    def absent(self, field: Field) -> bool:
        return not self.full and not field.required

    def element(self, field: Field, partial: bool, values: dict[str, int]) -> None:
        if field.kind is Kind.HANDLE:
            self.u64(self.fresh())
        elif field.kind in (Kind.STRUCT, Kind.UNION):
            selector = values.get(field.decl.selector or "")
            if field.kind is Kind.STRUCT or not partial:
                self.struct(field.type, partial, selector)
        else:
            value = values.get(field.name, self.fresh())
            if field.size == 8:
                self.u64(value)
            else:
                self.u32(value)

    def elements(self, field: Field, count: int, values: dict[str, int]) -> None:
        if field.kind in (Kind.SCALAR, Kind.BLOB):
            self.array(count, field.size)
            return
        for _ in range(count):
            self.element(field, False, values)

    def field(self, field: Field, values: dict[str, int]) -> None:
        if field.shape is Shape.NULL:
            self.u64(0)
        elif field.shape is Shape.VALUE:
            self.element(field, False, values)
        elif field.shape is Shape.FIXED:
            self.u64(field.count)
            if field.type == "char":
                self.raw(b"a" * (field.count - 1) + b"\0")
            else:
                self.elements(field, field.count, values)
        elif field.shape is Shape.POINTER:
            self.u64(0 if self.absent(field) else 1)
            if not self.absent(field):
                self.element(field, False, values)
        elif field.shape is Shape.STRING:
            self.string(field)
        else:
            self.dynamic(field, values)

    def string(self, field: Field) -> None:
        if self.absent(field):
            self.u64(0)
            return
        self.u64(4)
        self.raw(b"abc\0")

    def dynamic(self, field: Field, values: dict[str, int]) -> None:
        count = 0 if self.absent(field) else self.count(field.length, values)
        self.u64(count)
        if field.shape is Shape.ARRAY:
            self.elements(field, count, values)
            return
        for _ in range(count):
            if field.shape is Shape.STRINGS:
                self.u64(4)
                self.raw(b"abc\0")
            else:
                inner = self.count(field.inner, values)
                self.u64(inner)
                self.elements(field, inner, values)

    def output(self, field: Field, values: dict[str, int]) -> None:
        """A member of a partial struct, or an output parameter."""
        if field.shape is Shape.VALUE:
            if field.kind is not Kind.SCALAR or field.is_length:
                self.element(field, True, values)
        elif field.shape is Shape.FIXED:
            if field.kind is not Kind.SCALAR:
                self.u64(field.count)
                for _ in range(field.count):
                    self.element(field, True, values)
        elif field.shape is Shape.POINTER:
            self.u64(0 if self.absent(field) else 1)
            if self.absent(field):
                return
            in_out = field.is_length or (field.owner, field.name) in rules.IN_OUT
            if field.kind is not Kind.SCALAR or in_out:
                self.element(field, True, values)
        else:
            count = 0 if self.absent(field) else self.count(field.length, values)
            self.u64(count)
            for _ in range(count):
                if field.kind in (Kind.HANDLE, Kind.STRUCT):
                    self.element(field, True, values)

    # ------------------------------------------------------------ commands

    def request(self, command: WireCommand) -> None:
        values = self.values(command.fields)
        self.u32(command.number)
        self.u32(1)
        for field in command.fields:
            if field.output:
                self.output(field, values)
            else:
                self.field(field, values)

    def reply(self, command: WireCommand) -> None:
        values = self.values(command.fields)
        self.u32(command.number)
        if command.returns in ("uint64_t", "VkDeviceAddress", "VkDeviceSize"):
            self.u64(self.fresh())
        elif command.returns != "void":
            self.u32(0)
        for field in command.outputs:
            self.field(field, values)


def record(kind: str, command: WireCommand, full: bool, data: bytes) -> str:
    words = [data[i : i + 4][::-1].hex() for i in range(0, len(data), 4)]
    lines = [f"{kind} {command.name}: {'full' if full else 'small'} sample"]
    lines += ["  " + " ".join(words[i : i + 8]) for i in range(0, len(words), 8)]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--registry", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    model = Generator(arguments.registry).model
    records = []
    for command in model.commands:
        for full in (True, False):
            for kind in ("request", "reply"):
                sampler = Sampler(model, full)
                getattr(sampler, kind)(command)
                records.append(record(kind, command, full, b"".join(sampler.words)))
    arguments.output.write_text("\n".join(records))


if __name__ == "__main__":
    main()
