#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the codec of the Venus protocol: C files made from vk.xml, mesa.xml and policy.toml.

    generate.py --registry vk.xml --output DIR --parts 4
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mako.exceptions import text_error_template
from mako.lookup import TemplateLookup

import formats
import length
import plan as plans
import policy as policies
import registry as registries
from emit import Emit
from model import Model
from scope import Scope, scope_of
from wire import Kind, WireCommand, WireError

HERE = Path(__file__).resolve().parent
PROTOCOL_EXTENSION = "VK_MESA_venus_protocol"
SERIALIZATION_EXTENSION = "VK_EXT_command_serialization"


def read_table(path: Path) -> list[list[str]]:
    """Lines of words; '#' starts a comment."""
    lines = (line.partition("#")[0].split() for line in path.read_text().splitlines())
    return [words for words in lines if words]


class Generator:
    """What the templates see as `g`."""

    def __init__(self, registry_path: Path, inputs: Path = HERE) -> None:
        self.registry = registries.load(registry_path, inputs / "mesa.xml")
        values = self.registry.enum_values.get("VkFormat", {})
        known = [f for f in formats.load(registry_path) if f.name in values]
        self.formats = sorted(known, key=lambda f: values[f.name])
        self.numbers = {name: int(number) for number, name in read_table(inputs / "commands.txt")}
        self.policy = policies.load(inputs / "policy.toml", set(self.numbers))
        versions = {name: int(version) for name, version in read_table(inputs / "extensions.txt")}
        self.extensions = {
            name: min(version, self.registry.extensions[name].spec_version)
            for name, version in versions.items()
            if name in self.registry.extensions
        }
        self.model = Model(
            self.registry,
            set(self.extensions) | {PROTOCOL_EXTENSION},
            self.numbers,
            self.policy.filters,
            self.policy.filter_exceptions,
            self.policy.hooks,
        )
        self.plan = plans.Plan(self.model, self.policy)
        self.emit = Emit(self.model, self.plan)
        self.commands = self.model.commands
        self.enumerants = {n for values in self.registry.enum_values.values() for n in values}

    # ------------------------------------------------------------ protocol

    @property
    def protocol_spec_version(self) -> int:
        """See mesa.xml."""
        if "VK_EXT_descriptor_heap" in self.extensions:
            return 4
        return 3 if "VK_EXT_host_image_copy" in self.extensions else 2

    @property
    def protocol_extension(self) -> registries.Extension:
        return self.registry.extensions[PROTOCOL_EXTENSION]

    @property
    def mesa_structs(self) -> list[registries.Struct]:
        names = [n for r in self.protocol_extension.requirements for n in r.types]
        sendable = [n for n in names if n in self.registry.structs and self.model.is_sendable(n)]
        return [self.registry.structs[n] for n in self._by_use(sendable)]

    def _by_use(self, names: list[str]) -> list[str]:
        """Structs after those that they contain."""
        ordered: list[str] = []

        def add(name: str) -> None:
            if name in names and name not in ordered:
                for member in self.registry.structs[name].members:
                    add(member.type)
                ordered.append(name)

        for name in names:
            add(name)
        return ordered

    @property
    def mesa_stypes(self) -> dict[str, int]:
        values = self.registry.enum_values["VkStructureType"]
        return {s.stype: values[s.stype] for s in self.mesa_structs if s.stype}

    @property
    def mesa_flags(self) -> list[str]:
        return sorted(
            name
            for name, base in self.registry.scalars.items()
            if name.endswith("MESA") and base == "VkFlags"
        )

    def is_mesa(self, name: str) -> bool:
        return any(name in r.commands for r in self.protocol_extension.requirements)

    # ------------------------------------------------------------ struct functions

    def is_omitted(self, name: str, op: str) -> bool:
        """Bodies that nobody calls: raw structs are copied, empty ones are nothing."""
        struct = self.model.struct(name)
        if struct.union:
            return op.endswith("partial")
        if op.endswith("partial"):
            return not struct.stype and self.emit.is_empty_struct(name)
        return self.model.layout.is_raw(name, op == plans.DECODE)

    def has_body(self, name: str, op: str) -> bool:
        struct = self.model.struct(name)
        if op.endswith("partial"):
            return any(self.emit.in_partial(f) for f in struct.fields)
        return bool(struct.fields)

    def body_prototype(self, name: str, op: str) -> str:
        struct = self.model.struct(name)
        decoding = op.startswith("decode")
        stream = "struct hsp_vn_reader *reader" if decoding else "struct hsp_vn_writer *writer"
        const = "" if decoding else "const "
        if struct.stype:
            return f"void hsp_vn_{op}_self_{name}({stream}, {const}void *body_of)"
        selector = ", int32_t selector" if struct.union and struct.selected else ""
        return f"void hsp_vn_{op}_{name}({stream}, {const}{name} *val{selector})"

    def body_call(self, name: str, op: str) -> str:
        stream = "reader" if op.startswith("decode") else "writer"
        return f"hsp_vn_{op}_self_{name}({stream}, val);"

    def head_prototype(self, name: str, op: str) -> str:
        if op.startswith("decode"):
            return f"void hsp_vn_{op}_{name}(struct hsp_vn_reader *reader, {name} *val)"
        return f"void hsp_vn_{op}_{name}(struct hsp_vn_writer *writer, const {name} *val)"

    def prototypes(self, ops: dict[str, plans.Needs]) -> list[str]:
        found = []
        for name in self.plan.structs(ops):
            for op, needs in ops.items():
                if name in needs.bodies and not self.is_omitted(name, op):
                    if self.model.struct(name).union or self.has_body(name, op):
                        found.append(self.body_prototype(name, op))
                if name in needs.owners and self.model.struct(name).stype:
                    found.append(self.head_prototype(name, op))
        return found

    def link_functions(self, name: str, client: bool) -> dict[str, str]:
        """Member of struct hsp_vn_link → function."""
        plan = self.plan
        if client:
            ops = {**plan.client_needs, plans.ENCODE_PARTIAL: plan.needs[plans.ENCODE_PARTIAL]}
        else:
            ops = plan.server_ops()
        return {
            op: f"hsp_vn_{op}_self_{name}"
            for op, needs in ops.items()
            if name in needs.links and self.has_body(name, op)
        }

    # ------------------------------------------------------------ commands

    def scope(self, command: WireCommand) -> Scope:
        return scope_of(self.model, command.name, command.fields, "args")

    def blobs(self, command: WireCommand) -> list:
        return [f for f in command.outputs if f.kind is Kind.BLOB]

    def call_arguments(self, command: WireCommand, replaced: str = "") -> str:
        """Arguments of a driver call; the last one is `replaced` if that is given."""
        names = [
            "NULL" if f.decl.type == "VkAllocationCallbacks" else f"args.{f.name}"
            for f in command.fields
        ]
        if replaced:
            names[-1] = replaced
        return ", ".join(names)

    # ------------------------------------------------------------ driver tables

    def driver_commands(self, level: str) -> list[registries.Command]:
        names = [
            c.name
            for c in self.commands
            if not self.is_mesa(c.name) and c.name not in self.policy.refused
        ]
        names += [n for n in self.policy.driver_extra if n not in names]
        found = []
        for name in names:
            command = self.registry.commands.get(name)
            if command is None:
                continue
            own = self.plan.level(command.params[0])
            if name == "vkGetDeviceProcAddr":  # what device tables are loaded with
                own = "instance"
            if own == level:
                found.append(command)
        return found

    def destroyers(self) -> list[tuple[str, str, str]]:
        """Object type, handle type and destroying command of all children of a device."""
        found = []
        for command in self.driver_commands("device"):
            params = command.params
            if not command.name.startswith(("vkDestroy", "vkFree")) or len(params) != 3:
                continue
            handle = self.registry.handles.get(params[1].type)
            if handle and params[1].pointers == 0 and params[2].type == "VkAllocationCallbacks":
                found.append((handle.object_type, handle.name, command.name))
        return found


def split(items: list, parts: int) -> list[list]:
    """Parts of about the same number of items, in order."""
    size = -(-len(items) // parts) if items else 0
    return [items[i * size : (i + 1) * size] for i in range(parts)]


def render_one(g: Generator, template: str, **values: object) -> str:
    lookup = TemplateLookup(directories=[str(HERE / "templates")], strict_undefined=True)
    try:
        return lookup.get_template(template).render(g=g, plans=plans, **values)
    except (WireError, length.LengthError):
        raise
    except Exception as error:
        raise WireError(f"{template}: {text_error_template().render()}") from error


def render(g: Generator, output: Path, parts: int) -> None:
    def write(name: str, template: str, **values: object) -> None:
        (output / name).write_text(render_one(g, template, **values))

    for name in (
        "protocol.h",
        "protocol.c",
        "formats.h",
        "formats.c",
        "args.h",
        "codec.h",
        "structs.h",
        "driver.h",
        "driver.c",
        "handlers.h",
        "links.c",
        "unwrap.c",
        "dispatch.h",
        "dispatch.c",
        "client.h",
        "client_structs.h",
        "client.c",
    ):
        write(name, f"{name}.mako")
    structs = split(g.plan.structs(g.plan.server_ops()), parts)
    commands = split(g.commands, parts)
    client_structs = split(g.plan.structs(g.plan.client_ops()), parts)
    for i in range(parts):
        write(f"structs_{i}.c", "structs.c.mako", names=structs[i])
        write(f"commands_{i}.c", "commands.c.mako", commands=commands[i])
        write(f"dispatch_{i}.c", "dispatch_part.c.mako", commands=commands[i])
        write(f"client_structs_{i}.c", "client_structs.c.mako", names=client_structs[i])
        write(f"client_commands_{i}.c", "client_commands.c.mako", commands=commands[i])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--registry", type=Path, required=True, help="vk.xml")
    parser.add_argument("--output", type=Path, required=True, help="folder of the generated files")
    parser.add_argument("--parts", type=int, default=4, help="files that each kind is split into")
    arguments = parser.parse_args()
    try:
        render(Generator(arguments.registry), arguments.output, arguments.parts)
    except (
        registries.RegistryError,
        policies.PolicyError,
        length.LengthError,
        WireError,
    ) as error:
        print(f"generate.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
