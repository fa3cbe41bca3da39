# SPDX-License-Identifier: MIT
"""Sizes: of structs in C, of what C and the wire have in common, and of items on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry import Declaration
from wire import SCALAR_SIZES, Field, Kind, NotSendable, Run, Shape

if TYPE_CHECKING:
    from model import Model


class Layout:
    def __init__(self, model: Model) -> None:
        self.model = model

    # ------------------------------------------------------------ C layout

    def of_struct(self, name: str) -> tuple[int, int]:
        """Size and alignment in C; the generated code asserts what depends on it."""
        struct = self.model.registry.structs[name]
        offset, max_align, max_size = 0, 1, 0
        for member in struct.members:
            size, align = self._c_member(member)
            offset = (offset + align - 1) // align * align + size
            max_align, max_size = max(max_align, align), max(max_size, size)
        total = max_size if struct.union else offset
        return (total + max_align - 1) // max_align * max_align, max_align

    def _c_member(self, decl: Declaration) -> tuple[int, int]:
        base = self.model.scalar_base(decl.type)
        if decl.pointers or decl.type in self.model.registry.handles:
            size = align = 8
        elif base:
            size = align = SCALAR_SIZES[base]
        elif decl.type in self.model.registry.structs:
            size, align = self.of_struct(decl.type)
        else:
            raise NotSendable(f"{decl.name}: type {decl.type}")
        for dim in decl.dims:
            size *= self.model.registry.constant(dim)
        return size, align

    # ------------------------------------------------------------ runs

    def is_raw(self, name: str, decoding: bool) -> bool:
        """Whether a struct has the same bytes in C and on the wire."""
        struct = self.model.struct(name)
        if struct.union or struct.stype or (decoding and name in self.model.hooks):
            return False
        items = self.items(struct.fields, decoding, [m.name for m in struct.struct.members])
        return (
            len(items) == 1
            and isinstance(items[0], Run)
            and items[0].size == self.of_struct(name)[0]
        )

    def _is_raw_field(self, field: Field, decoding: bool) -> bool:
        if field.shape is not Shape.VALUE or field.decl.name in ("ret",):
            return False
        if field.kind is Kind.SCALAR:
            return field.size >= 4 and not (decoding and self.model.is_filtered(field))
        return field.kind is Kind.STRUCT and self.is_raw(field.type, decoding)

    def items(
        self,
        fields: list[Field] | tuple[Field, ...],
        decoding: bool,
        order: list[str] | None = None,
    ) -> list[Field | Run]:
        """The fields with raw neighbours joined. `order`: C order of the names, if it differs."""
        items: list[Field | Run] = []
        offset = 0
        c_order = order or [f.name for f in fields]
        pending: list[Field] = []

        def flush() -> None:
            if pending:
                items.append(Run(tuple(pending), sum(f.c_size for f in pending)))
                pending.clear()

        for field in fields:
            aligned = (offset + field.c_align - 1) // field.c_align * field.c_align
            neighbour = bool(pending) and (
                aligned == offset
                and c_order.index(field.name) == c_order.index(pending[-1].name) + 1
            )
            if not neighbour:
                flush()
            if self._is_raw_field(field, decoding):
                pending.append(field)
            else:
                flush()
                items.append(field)
            # Padding before a field only matters between neighbours; handles of commands are
            # followed by a pointer to their object, which keeps them aligned.
            offset = aligned + field.c_size
        flush()
        return items

    # ------------------------------------------------------------ sizes on the wire

    def min_size(self, name: str, partial: bool = False) -> int:
        """The least number of bytes that a struct takes in a request."""
        struct = self.model.struct(name)
        if struct.union:
            if partial:
                return 0
            return 4 + min((self._min_field(f, False) for f in struct.fields), default=0)
        head = 12 if struct.stype else 0
        return head + sum(self._min_field(f, partial) for f in struct.fields)

    def _min_field(self, field: Field, partial: bool) -> int:
        if field.is_pointer:
            return 8
        if field.shape is Shape.FIXED:
            if partial and field.kind is Kind.SCALAR:
                return 0
            if field.kind is Kind.SCALAR:
                return 8 + (field.size * field.count + 3) // 4 * 4
            return 8 + field.count * self.element_min(field, partial)
        if partial and field.kind is Kind.SCALAR:
            return field.size if field.is_length else 0
        return self.element_min(field, partial)

    def element_min(self, field: Field, partial: bool) -> int:
        if field.kind in (Kind.STRUCT, Kind.UNION):
            return self.min_size(field.type, partial)
        if field.kind is Kind.HANDLE:
            return 8
        return 0 if partial else max(field.size, 4)
