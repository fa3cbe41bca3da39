# SPDX-License-Identifier: MIT
"""Registry → what travels: fields of structs and parameters of commands with their wire shapes.

The two modes of a struct are *full* (inputs, and everything in replies) and *partial* (outputs in
requests: only what the receiver needs to know how much it is to return).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property

import length as lengths
import rules
from registry import Command, Declaration, Registry, Struct

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


class Model:
    """All that is sendable, given the extensions and command numbers that the protocol knows."""

    def __init__(
        self,
        registry: Registry,
        extensions: set[str],
        numbers: dict[str, int],
        filters: set[str] = frozenset(),
        filter_exceptions: set[tuple[str, str]] = frozenset(),
        hooks: set[str] = frozenset(),
    ) -> None:
        self.registry = registry
        self.extensions = extensions
        self.filters = filters
        self.filter_exceptions = filter_exceptions
        self.hooks = hooks
        self.known_types, self.known_commands = self._known()
        self._structs: dict[str, WireStruct | NotSendable] = {}
        self._links: dict[str, list[str]] | None = None
        self.commands: list[WireCommand] = []
        self.unsendable: dict[str, str] = {}  # command → reason
        for name, number in sorted(numbers.items(), key=lambda item: item[1]):
            if name not in registry.commands or name not in self.known_commands:
                continue
            try:
                self.commands.append(self._command(registry.commands[name], number))
            except NotSendable as reason:
                self.unsendable[name] = str(reason)

    # ------------------------------------------------------------ what the protocol knows

    def _condition(self, text: str | None) -> bool:
        """`depends` of a <require>: ',' is or, '+' is and, with parentheses."""
        if not text:
            return True
        out = []
        token = ""
        for char in text + "\0":
            if char.isalnum() or char in "_:":
                token += char
                continue
            if token:
                known = (
                    token in self.extensions
                    or token.startswith(("VK_VERSION_", "VK_BASE_", "VK_COMPUTE_", "VK_GRAPHICS_"))
                    or "::" in token
                )
                out.append(str(known))
                token = ""
            out.append({",": " or ", "+": " and ", "(": "(", ")": ")"}.get(char, ""))
        return bool(eval("".join(out), {"__builtins__": {}}))  # only True, False, or, and, ()

    def _known(self) -> tuple[set[str], set[str]]:
        """Types that nothing lists at all are known: helpers of known types."""
        types: set[str] = set()
        commands: set[str] = set()
        for requirement in self.registry.features:
            if self._condition(requirement.depends):
                types.update(map(self.registry.type_name, requirement.types))
                commands.update(map(self.registry.command_name, requirement.commands))
        for extension in self.registry.extensions.values():
            for requirement in extension.requirements:
                if extension.name in self.extensions and self._condition(requirement.depends):
                    types.update(map(self.registry.type_name, requirement.types))
                    commands.update(map(self.registry.command_name, requirement.commands))
        everything = set(self.registry.structs) | set(self.registry.handles)
        listed = set(map(self.registry.type_name, self.registry.listed_types))
        return types | (everything - listed), commands

    # ------------------------------------------------------------ fields

    def scalar_base(self, name: str) -> str | None:
        seen = 0
        while name in self.registry.scalars and name not in SCALAR_SIZES and seen < 8:
            name = self.registry.scalars[name]
            seen += 1
        return name if name in SCALAR_SIZES else None

    def _element(self, decl: Declaration) -> tuple[Kind, int, int, str]:
        """Kind, C size, C alignment and object type of what the declaration holds."""
        base = self.scalar_base(decl.type)
        if base:
            size = SCALAR_SIZES[base]
            return Kind.SCALAR, size, size, ""
        if decl.type in self.registry.handles:
            if decl.type not in self.known_types:
                raise NotSendable(f"handle {decl.type} of an unknown extension")
            return Kind.HANDLE, 8, 8, self.registry.handles[decl.type].object_type
        if decl.type in self.registry.structs:
            struct = self.struct(decl.type)
            size, align = self.c_layout(decl.type)
            return (Kind.UNION if struct.union else Kind.STRUCT), size, align, ""
        raise NotSendable(f"{decl.name}: type {decl.type}")

    def _field(self, decl: Declaration, owner: str) -> Field:
        if decl.bitfield or len(decl.dims) > 1:
            raise NotSendable(f"{decl.name}: bit-field or array of arrays")
        if decl.type == "VkAllocationCallbacks" and decl.pointers == 1:
            return Field(decl, Shape.NULL, Kind.BLOB, 8, 8, owner)
        length = [part for part in decl.length if part != "null-terminated"]
        if (owner, decl.name) in rules.NULL_POINTERS:
            return Field(decl, Shape.NULL, Kind.BLOB, 8, 8, owner)
        if decl.type == "void":
            if decl.pointers != 1 or not length:
                raise NotSendable(f"{decl.name}: pointer without a length")
            return Field(
                decl, Shape.ARRAY, Kind.BLOB, 1, 1, owner, length=self._length(length[0], owner)
            )
        kind, size, align, object_type = self._element(decl)
        field = Field(decl, Shape.VALUE, kind, size, align, owner, object_type=object_type)
        if decl.dims:
            return replace(
                field, shape=Shape.FIXED, count=self.registry.constant(decl.dims[0])
            )
        if decl.pointers == 0:
            return field
        if "null-terminated" in decl.length and decl.type == "char":
            if decl.pointers == 1:
                return replace(field, shape=Shape.STRING)
            return replace(field, shape=Shape.STRINGS, length=self._length(length[0], owner))
        if decl.pointers == 2:
            inner = rules.INNER_LENGTH.get((owner, decl.name)) or (length + [""])[1]
            if not length or not inner:
                raise NotSendable(f"{decl.name}: array of pointers without lengths")
            return replace(
                field,
                shape=Shape.ARRAYS,
                length=self._length(length[0], owner),
                inner=self._length(inner, owner),
            )
        if length and length[0] != "1":
            return replace(field, shape=Shape.ARRAY, length=self._length(length[0], owner))
        return replace(field, shape=Shape.POINTER)

    @staticmethod
    def _length(text: str, owner: str) -> lengths.Length:
        try:
            return lengths.parse(text)
        except lengths.LengthError as error:
            raise WireError(f"{owner}: {error}") from error

    @staticmethod
    def _mark_lengths(fields: list[Field]) -> list[Field]:
        used = {ref for f in fields if f.length for ref in f.length.references}
        return [replace(f, is_length=f.name in used) for f in fields]

    @staticmethod
    def _counts_first(fields: list[Field]) -> list[Field]:
        """A count that is declared after its array travels before it."""
        ordered = list(fields)
        for field in fields:
            for ref in field.length.references if field.length else ():
                names = [f.name for f in ordered]
                if ref in names and names.index(ref) > names.index(field.name):
                    count = ordered.pop(names.index(ref))
                    ordered.insert(names.index(field.name), count)
        return ordered

    # ------------------------------------------------------------ structs

    def struct(self, name: str) -> WireStruct:
        """Raises NotSendable."""
        if name not in self._structs:
            self._structs[name] = NotSendable(f"{name} contains itself")
            try:
                self._structs[name] = self._make_struct(name)
            except NotSendable as reason:
                self._structs[name] = NotSendable(f"{name}: {reason}")
        found = self._structs[name]
        if isinstance(found, NotSendable):
            raise found
        return found

    def _make_struct(self, name: str) -> WireStruct:
        struct = self.registry.structs[name]
        if name not in self.known_types or name in rules.REMOVED_STRUCTS:
            raise NotSendable("not in the protocol")
        if struct.union:
            return self._make_union(struct)
        members = list(struct.members)
        head = struct.stype is not None
        if head:
            if len(members) < 2 or members[1].name != "pNext":
                raise WireError(f"{name}: sType without pNext")
            members = members[2:]
        elif any(m.name in ("sType", "pNext") for m in members):
            raise NotSendable("a struct of any type")
        fields = [self._field(m, name) for m in members]
        return WireStruct(struct, self._counts_first(self._mark_lengths(fields)), head)

    def _make_union(self, struct: Struct) -> WireStruct:
        selected = any(m.selection for m in struct.members)
        if not selected and struct.name not in rules.UNION_TAGS:
            raise NotSendable("union without a tag")
        fields = []
        for member in struct.members:
            try:
                if member.type == "void":  # hostAddress: never valid, but it has a tag
                    fields.append(Field(member, Shape.NULL, Kind.BLOB, 8, 8, struct.name))
                else:
                    fields.append(self._field(member, struct.name))
            except NotSendable:
                if not selected:  # the tag is an index: none may be missing
                    raise
        return WireStruct(struct, fields, False)

    def is_sendable(self, name: str) -> bool:
        try:
            self.struct(name)
        except NotSendable:
            return False
        return True

    def links(self, owner: str) -> list[WireStruct]:
        """Structs that may stand in the pNext chain of an owner, by sType."""
        if self._links is None:
            self._links = {}
            for struct in self.registry.structs.values():
                if struct.extends and struct.stype and self.is_sendable(struct.name):
                    for name in struct.extends:
                        self._links.setdefault(name, []).append(struct.name)
        found = [self.struct(name) for name in self._links.get(owner, [])]
        return sorted(found, key=lambda s: self.stype_value(s))

    def stype_value(self, struct: WireStruct) -> int:
        values = self.registry.enum_values.get("VkStructureType", {})
        if struct.stype not in values:
            raise WireError(f"{struct.name}: {struct.stype} has no value")
        return values[struct.stype]

    # ------------------------------------------------------------ C layout

    def c_layout(self, name: str) -> tuple[int, int]:
        """Size and alignment in C; the generated code asserts what depends on it."""
        struct = self.registry.structs[name]
        offset, max_align, max_size = 0, 1, 0
        for member in struct.members:
            size, align = self._c_member(member)
            offset = (offset + align - 1) // align * align + size
            max_align, max_size = max(max_align, align), max(max_size, size)
        total = max_size if struct.union else offset
        return (total + max_align - 1) // max_align * max_align, max_align

    def _c_member(self, decl: Declaration) -> tuple[int, int]:
        base = self.scalar_base(decl.type)
        if decl.pointers or decl.type in self.registry.handles:
            size = align = 8
        elif base:
            size = align = SCALAR_SIZES[base]
        elif decl.type in self.registry.structs:
            size, align = self.c_layout(decl.type)
        else:
            raise NotSendable(f"{decl.name}: type {decl.type}")
        for dim in decl.dims:
            size *= self.registry.constant(dim)
        return size, align

    # ------------------------------------------------------------ runs

    def is_filtered(self, field: Field) -> bool:
        return field.decl.type in self.filters and (
            (field.owner, field.name) not in self.filter_exceptions
        )

    def is_raw(self, name: str, decoding: bool) -> bool:
        """Whether a struct has the same bytes in C and on the wire."""
        struct = self.struct(name)
        if struct.union or struct.stype or (decoding and name in self.hooks):
            return False
        items = self.items(struct.fields, decoding, [m.name for m in struct.struct.members])
        return (
            len(items) == 1
            and isinstance(items[0], Run)
            and items[0].size == self.c_layout(name)[0]
        )

    def _is_raw_field(self, field: Field, decoding: bool) -> bool:
        if field.shape is not Shape.VALUE or field.decl.name in ("ret",):
            return False
        if field.kind is Kind.SCALAR:
            return field.size >= 4 and not (decoding and self.is_filtered(field))
        return field.kind is Kind.STRUCT and self.is_raw(field.type, decoding)

    def items(
        self, fields: list[Field] | tuple[Field, ...], decoding: bool, order: list[str] | None = None
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
        struct = self.struct(name)
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

    # ------------------------------------------------------------ commands

    def _command(self, command: Command, number: int) -> WireCommand:
        if command.name in rules.REMOVED_COMMANDS:
            raise NotSendable("removed from the protocol")
        if command.returns != "void" and not self.scalar_base(command.returns):
            raise NotSendable(f"returns {command.returns}")
        fields = [replace(self._field(p, command.name), param=True) for p in command.params]
        fields = self._mark_lengths(fields)
        if self._counts_first(fields) != fields:
            raise WireError(f"{command.name}: a count is declared after its array")
        return WireCommand(command, number, tuple(fields))
