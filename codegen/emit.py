# SPDX-License-Identifier: MIT
"""One-line C statements and expressions that the templates put into the shapes of fields."""

from __future__ import annotations

import rules
from model import Model
from plan import Plan
from scope import Scope
from wire import Field, Kind, Shape


class Emit:
    def __init__(self, model: Model, plan: Plan) -> None:
        self.model = model
        self.plan = plan

    # ------------------------------------------------------------ elements

    def is_raw(self, field: Field, decoding: bool) -> bool:
        """Whether elements of the field can be copied as they are."""
        if field.kind is Kind.BLOB:
            return True
        if field.kind is Kind.SCALAR:
            return not (decoding and self.model.is_filtered(field))
        return field.kind is Kind.STRUCT and self.model.layout.is_raw(field.type, decoding)

    def is_empty(self, field: Field) -> bool:
        """Whether an element of the field is nothing at all in a partial struct."""
        if field.kind is Kind.HANDLE:
            return False
        if field.kind is not Kind.STRUCT:
            return True
        return self.is_empty_struct(field.type)

    def is_empty_struct(self, name: str) -> bool:
        struct = self.model.struct(name)
        return not struct.stype and not any(self.in_partial(f) for f in struct.fields)

    def in_partial(self, field: Field) -> bool:
        """Whether a member is there at all in a partial struct."""
        if field.is_pointer or field.kind is Kind.HANDLE or field.is_length:
            return True
        if field.kind is not Kind.STRUCT:
            return False
        return field.shape is Shape.FIXED or not self.is_empty_struct(field.type)

    def decode_element(self, field: Field, target: str, partial: bool, var: str) -> str:
        if field.kind is Kind.HANDLE:
            if partial or field.output:
                return f"{target} = ({field.type})(uintptr_t)hsp_vn_reader_u64(reader);"
            return (
                f"{target} = ({field.type})(uintptr_t)"
                f"hsp_vn_reader_handle(reader, {field.object_type});"
            )
        if field.kind is Kind.UNION:
            return f"hsp_vn_decode_{field.type}(reader, &{target}{self._selector(field, var)});"
        if partial and field.kind is Kind.STRUCT:
            return f"hsp_vn_decode_partial_{field.type}(reader, &{target});"
        if field.small:
            return f"{target} = ({field.type})hsp_vn_reader_u32(reader);"
        if self.is_raw(field, True):
            return f"hsp_vn_reader_raw(reader, &{target}, sizeof({target}));"
        if field.kind is Kind.SCALAR:
            return (
                f"{target} = hsp_vn_filter_{field.type}(({field.type})hsp_vn_reader_u32(reader));"
            )
        return f"hsp_vn_decode_{field.type}(reader, &{target});"

    def encode_element(self, field: Field, value: str, partial: bool, var: str) -> str:
        if field.kind is Kind.HANDLE:
            return f"hsp_vn_writer_u64(writer, (uint64_t)(uintptr_t){value});"
        if field.kind is Kind.UNION:
            return f"hsp_vn_encode_{field.type}(writer, &{value}{self._selector(field, var)});"
        if partial and field.kind is Kind.STRUCT:
            return f"hsp_vn_encode_partial_{field.type}(writer, &{value});"
        if field.small:
            return f"hsp_vn_writer_u32(writer, (uint32_t){value});"
        if self.is_raw(field, False):
            return f"hsp_vn_writer_bytes(writer, &{value}, sizeof({value}));"
        return f"hsp_vn_encode_{field.type}(writer, &{value});"

    @staticmethod
    def _selector(field: Field, var: str) -> str:
        return f", (int32_t){var}->{field.decl.selector}" if field.decl.selector else ""

    # ------------------------------------------------------------ fields

    def element_min(self, field: Field, partial: bool) -> int:
        return self.model.layout.element_min(field, partial)

    def carries_value(self, field: Field) -> bool:
        """An output scalar whose value also travels in the request."""
        return field.is_length or (field.owner, field.name) in rules.IN_OUT

    @staticmethod
    def required(field: Field) -> str:
        return "true" if field.required else "false"

    @staticmethod
    def multiple_of(field: Field) -> int | None:
        return rules.MULTIPLE_OF.get((field.owner, field.name))

    @staticmethod
    def send_if(field: Field) -> str | None:
        return rules.SEND_IF.get((field.owner, field.name))

    @staticmethod
    def stride_of(field: Field, scope: Scope) -> Field | None:
        """The array whose stride this field gives: it travels densely."""
        return next((f for f in scope.fields if f.decl.stride == field.name), None)

    @staticmethod
    def declaration(field: Field) -> str:
        """A parameter as a member of the args struct."""
        decl = field.decl
        if field.shape is Shape.FIXED:  # a parameter of array type is a pointer; we hold the array
            return f"{decl.type} {decl.name}[{field.count}]"
        return decl.c

    @staticmethod
    def has_object(field: Field) -> bool:
        return field.kind is Kind.HANDLE and field.shape is Shape.VALUE
