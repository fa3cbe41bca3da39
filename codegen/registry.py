# SPDX-License-Identifier: MIT
"""vk.xml → a model of the types and commands, with aliases resolved.

Only the Vulkan API is read (not Vulkan SC). Elements and attributes that this file does not know
are ignored, so that newer registries work. Nothing here knows about the wire (wire.py does).
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path

CORE_VERSIONS = ("1.0", "1.1", "1.2", "1.3", "1.4")


class RegistryError(Exception):
    """The registry says something that the generator cannot work with."""


@dataclass(frozen=True)
class Declaration:
    """A struct member or a command parameter."""

    name: str
    type: str
    const: bool = False  # what the pointer points to
    pointers: int = 0
    dims: tuple[str, ...] = ()  # of a fixed array: numbers or names of API constants
    bitfield: bool = False
    length: tuple[str, ...] = ()  # `len`, outermost first; `altlen` where it is LaTeX
    optional: bool = False  # the first field of `optional`
    noautovalidity: bool = False
    stype: str | None = None  # `values` of an sType member
    selector: str | None = None
    selection: tuple[str, ...] = ()
    stride: str | None = None

    @property
    def c(self) -> str:
        """The C declaration."""
        const = "const " if self.const else ""
        stars = "*" if self.pointers == 1 else "* const*" if self.pointers == 2 else ""
        dims = "".join(f"[{d}]" for d in self.dims)
        return f"{const}{self.type} {stars}{self.name}{dims}"


@dataclass(frozen=True)
class Handle:
    name: str
    object_type: str
    parent: str | None
    dispatchable: bool


@dataclass(frozen=True)
class Struct:
    """A struct or a union."""

    name: str
    members: tuple[Declaration, ...]
    union: bool = False
    extends: tuple[str, ...] = ()
    allow_duplicate: bool = False

    @property
    def stype(self) -> str | None:
        first = self.members[0] if self.members else None
        return first.stype if first and first.name == "sType" else None


@dataclass(frozen=True)
class Command:
    name: str
    returns: str
    params: tuple[Declaration, ...]
    aliases: tuple[str, ...] = ()  # other names of it


@dataclass(frozen=True)
class Requirement:
    """A <require> block: what a feature or an extension adds, under a condition."""

    depends: str | None
    types: tuple[str, ...]
    commands: tuple[str, ...]


@dataclass(frozen=True)
class Extension:
    name: str
    number: int
    spec_version: int
    requirements: tuple[Requirement, ...]


@dataclass
class Registry:
    header_version: tuple[int, int, int] = (1, 0, 0)
    constants: dict[str, int] = field(default_factory=dict)
    scalars: dict[str, str] = field(default_factory=dict)  # name → what it is typed as
    enum_values: dict[str, dict[str, int]] = field(default_factory=dict)
    handles: dict[str, Handle] = field(default_factory=dict)
    structs: dict[str, Struct] = field(default_factory=dict)  # and unions
    commands: dict[str, Command] = field(default_factory=dict)
    extensions: dict[str, Extension] = field(default_factory=dict)
    features: list[Requirement] = field(default_factory=list)
    listed_types: set[str] = field(default_factory=set)  # by anything, other APIs included
    type_aliases: dict[str, str] = field(default_factory=dict)
    command_aliases: dict[str, str] = field(default_factory=dict)

    def type_name(self, name: str) -> str:
        """The name that an alias stands for."""
        seen: set[str] = set()
        while name in self.type_aliases:
            if name in seen:
                raise RegistryError(f"type {name}: alias of itself")
            seen.add(name)
            name = self.type_aliases[name]
        return name

    def command_name(self, name: str) -> str:
        while name in self.command_aliases:
            name = self.command_aliases[name]
        return name

    def constant(self, text: str) -> int:
        """The value of an array dimension."""
        if text.isdigit():
            return int(text)
        if text in self.constants:
            return self.constants[text]
        raise RegistryError(f"unknown constant {text}")


def is_vulkan(element: ET.Element) -> bool:
    apis = element.get("api")
    return apis is None or not {"vulkan", "vulkanbase"}.isdisjoint(apis.split(","))


def _flag(element: ET.Element, name: str) -> bool:
    return (element.get(name) or "").split(",")[0] == "true"


def _list(element: ET.Element, name: str) -> tuple[str, ...]:
    return tuple(filter(None, (element.get(name) or "").split(",")))


def _text(element: ET.Element) -> str:
    """The C text of a declaration, without comments."""
    parts = [element.text or ""]
    for child in element:
        if child.tag != "comment":
            parts.append("".join(child.itertext()))
        parts.append(child.tail or "")
    return "".join(parts)


def parse_declaration(element: ET.Element, owner: str) -> Declaration:
    name = element.findtext("name")
    type_name = element.findtext("type")
    if not name or not type_name:
        raise RegistryError(f"{owner}: a member without name or type")
    text = _text(element)
    before, _, after = text.partition(name) if text.count(name) == 1 else text.rpartition(name)
    length = element.get("altlen") or element.get("len") or ""
    return Declaration(
        name=name,
        type=type_name,
        const=bool(re.search(r"\bconst\b", before.split(type_name)[0])),
        pointers=before.count("*"),
        dims=tuple(d.strip() for d in re.findall(r"\[([^\]]*)\]", after)),
        bitfield=bool(re.match(r"\s*:", after)),
        length=tuple(part.strip() for part in length.split(",")) if length else (),
        optional=_flag(element, "optional"),
        noautovalidity=_flag(element, "noautovalidity"),
        stype=element.get("values") if name == "sType" else None,
        selector=element.get("selector"),
        selection=_list(element, "selection"),
        stride=element.get("stride"),
    )


def _parse_constants(root: ET.Element, registry: Registry) -> None:
    for enums in root.iter("enums"):
        if enums.get("name") != "API Constants":
            continue
        for enum in enums.findall("enum"):
            value = enum.get("value") or ""
            if value.isdigit():
                registry.constants[enum.get("name", "")] = int(value)
        for enum in enums.findall("enum"):
            if enum.get("alias") in registry.constants:
                registry.constants[enum.get("name", "")] = registry.constants[enum.get("alias", "")]


def _parse_header_version(element: ET.Element, registry: Registry) -> None:
    text = _text(element)
    name = element.findtext("name") or element.get("name")
    major, minor, patch = registry.header_version
    if name == "VK_HEADER_VERSION":
        patch = int(re.search(r"(\d+)\s*$", text.strip()).group(1))
    elif name == "VK_HEADER_VERSION_COMPLETE":
        numbers = re.search(r"\(\s*\d+\s*,\s*(\d+)\s*,\s*(\d+)", text)
        major, minor = int(numbers.group(1)), int(numbers.group(2))
    registry.header_version = (major, minor, patch)


def _parse_type(element: ET.Element, registry: Registry) -> None:
    category = element.get("category")
    name = element.get("name") or element.findtext("name")
    if not name:
        return
    if element.get("alias"):
        registry.type_aliases[name] = element.get("alias", "")
    elif category in ("basetype", "bitmask"):
        base = element.findtext("type")
        if base and "*" not in _text(element):
            registry.scalars[name] = base
    elif category == "enum":
        registry.scalars[name] = "int32_t"
    elif category == "handle":
        registry.handles[name] = Handle(
            name=name,
            object_type=element.get("objtypeenum", ""),
            parent=element.get("parent"),
            dispatchable=element.findtext("type") == "VK_DEFINE_HANDLE",
        )
    elif category in ("struct", "union"):
        members = [m for m in element.findall("member") if is_vulkan(m)]
        registry.structs[name] = Struct(
            name=name,
            members=tuple(parse_declaration(m, name) for m in members),
            union=category == "union",
            extends=_list(element, "structextends"),
            allow_duplicate=element.get("allowduplicate") == "true",
        )
    elif category == "define":
        _parse_header_version(element, registry)


def _parse_command(element: ET.Element, registry: Registry) -> None:
    if element.get("alias"):
        registry.command_aliases[element.get("name", "")] = element.get("alias", "")
        return
    proto = element.find("proto")
    if proto is None:
        return
    name = proto.findtext("name") or ""
    registry.commands[name] = Command(
        name=name,
        returns=(proto.findtext("type") or "").strip(),
        params=tuple(
            parse_declaration(p, name) for p in element.findall("param") if is_vulkan(p)
        ),
    )


def _parse_requirements(element: ET.Element) -> tuple[Requirement, ...]:
    return tuple(
        Requirement(
            depends=require.get("depends"),
            types=tuple(t.get("name", "") for t in require.findall("type")),
            commands=tuple(c.get("name", "") for c in require.findall("command")),
        )
        for require in element.findall("require")
        if is_vulkan(require)
    )


def _parse_extension(element: ET.Element, registry: Registry) -> None:
    supported = (element.get("supported") or "").split(",")
    if "vulkan" not in supported:
        return
    name = element.get("name", "")
    spec_version = 1
    for enum in element.iter("enum"):
        if (enum.get("name") or "").endswith("_SPEC_VERSION"):
            value = enum.get("value") or ""
            spec_version = int(value) if value.isdigit() else spec_version
    extension = Extension(
        name=name,
        number=int(element.get("number", "0")),
        spec_version=spec_version,
        requirements=_parse_requirements(element),
    )
    # What mesa.xml has of a newer vk.xml yields to that vk.xml, which is read first.
    registry.extensions.setdefault(name, extension)


def _parse_enum_values(root: ET.Element, registry: Registry) -> None:
    """Values of enumerants, those that extensions add included; only where they are needed to
    sort structure types."""
    for enums in root.iter("enums"):
        for enum in enums.findall("enum"):
            if enum.get("value") and enums.get("type") == "enum":
                values = registry.enum_values.setdefault(enums.get("name", ""), {})
                values[enum.get("name", "")] = int(enum.get("value", "0"), 0)
    for block in list(root.iter("feature")) + list(root.iter("extension")):
        for enum in block.iter("enum"):
            extends = enum.get("extends")
            if not extends or not (enum.get("offset") or enum.get("value")):
                continue
            values = registry.enum_values.setdefault(extends, {})
            if enum.get("offset"):
                number = int(enum.get("extnumber") or block.get("number") or 0)
                value = 1000000000 + (number - 1) * 1000 + int(enum.get("offset", "0"))
                values[enum.get("name", "")] = -value if enum.get("dir") == "-" else value
            else:
                values[enum.get("name", "")] = int(enum.get("value", "0"), 0)


def _parse_file(root: ET.Element, registry: Registry) -> None:
    _parse_constants(root, registry)
    for types in root.findall("types"):
        for element in types.findall("type"):
            if is_vulkan(element):
                _parse_type(element, registry)
    for commands in root.findall("commands"):
        for element in commands.findall("command"):
            if is_vulkan(element):
                _parse_command(element, registry)
    for feature in root.findall("feature"):
        if is_vulkan(feature) and feature.get("number") in CORE_VERSIONS:
            registry.features.extend(_parse_requirements(feature))
    for extensions in root.findall("extensions"):
        for element in extensions.findall("extension"):
            _parse_extension(element, registry)
    for require in root.iter("require"):
        registry.listed_types.update(t.get("name", "") for t in require.findall("type"))
    _parse_enum_values(root, registry)


def _resolve(registry: Registry) -> None:
    """Rewrites every use of an alias to the name that it stands for."""

    def resolve(decl: Declaration) -> Declaration:
        return Declaration(**{**decl.__dict__, "type": registry.type_name(decl.type)})

    for name, struct in registry.structs.items():
        registry.structs[name] = Struct(
            name=name,
            members=tuple(resolve(m) for m in struct.members),
            union=struct.union,
            extends=tuple(dict.fromkeys(registry.type_name(e) for e in struct.extends)),
            allow_duplicate=struct.allow_duplicate,
        )
    aliases: dict[str, list[str]] = {}
    for alias in registry.command_aliases:
        aliases.setdefault(registry.command_name(alias), []).append(alias)
    for name, command in registry.commands.items():
        registry.commands[name] = Command(
            name=name,
            returns=command.returns,
            params=tuple(resolve(p) for p in command.params),
            aliases=tuple(aliases.get(name, ())),
        )


def load(*paths: Path) -> Registry:
    """Reads vk.xml and files that add to it, in the same format."""
    registry = Registry()
    for path in paths:
        try:
            root = ET.parse(path).getroot()
        except (OSError, ET.ParseError) as error:
            raise RegistryError(f"{path}: {error}") from error
        _parse_file(root, registry)
    _resolve(registry)
    return registry
