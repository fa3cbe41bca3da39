# SPDX-License-Identifier: MIT
"""Registry → all structs and commands that the protocol can carry."""

from __future__ import annotations

from dataclasses import replace

import length as lengths
import rules
from layout import Layout
from registry import Command, Declaration, Registry, Struct
from wire import SCALAR_SIZES, Field, Kind, NotSendable, Shape, WireCommand, WireError, WireStruct


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
        self.layout = Layout(self)
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
            size, align = self.layout.of_struct(decl.type)
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

    def is_filtered(self, field: Field) -> bool:
        return field.decl.type in self.filters and (
            (field.owner, field.name) not in self.filter_exceptions
        )

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
