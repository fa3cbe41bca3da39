# SPDX-License-Identifier: MIT
"""Which functions the generated code needs, and how each command is run."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from model import Model
from policy import Policy
from registry import Declaration
from wire import Field, Kind, Shape, WireCommand, WireError, WireStruct

# Operations on structs. The renderer needs the first three, a client the others.
DECODE = "decode"
DECODE_PARTIAL = "decode_partial"
ENCODE = "encode"
ENCODE_PARTIAL = "encode_partial"


class Run(Enum):
    PASS = "pass"
    CREATE = "create"  # one object, or an array of them
    DESTROY = "destroy"
    HANDLER = "handler"
    REFUSED = "refused"


@dataclass
class Needs:
    """Structs that an operation is needed for: as owners (with sType and chain) and as links of
    chains. Both have bodies."""

    owners: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)
    bodies: set[str] = field(default_factory=set)


class Plan:
    def __init__(self, model: Model, policy: Policy) -> None:
        self.model = model
        self.policy = policy
        self.needs = {op: Needs() for op in (DECODE, DECODE_PARTIAL, ENCODE, ENCODE_PARTIAL)}
        self.client_needs = {op: Needs() for op in (DECODE, ENCODE)}
        for command in model.commands:
            for param in command.fields:
                self._visit_parameter(param)
        self.links = self._sorted_links()

    # ------------------------------------------------------------ struct functions

    def _visit_parameter(self, param: Field) -> None:
        if param.kind not in (Kind.STRUCT, Kind.UNION):
            return
        if param.output:
            self._visit(self.needs[DECODE_PARTIAL], DECODE_PARTIAL, param.type)
            self._visit(self.needs[ENCODE], ENCODE, param.type)
            self._visit(self.needs[ENCODE_PARTIAL], ENCODE_PARTIAL, param.type)
            self._visit(self.client_needs[DECODE], DECODE, param.type)
        else:
            self._visit(self.needs[DECODE], DECODE, param.type)
            self._visit(self.client_needs[ENCODE], ENCODE, param.type)

    def _visit(self, needs: Needs, op: str, name: str, link: bool = False) -> None:
        names = needs.links if link else needs.owners
        if name in names:
            return
        names.add(name)
        needs.bodies.add(name)
        struct = self.model.struct(name)
        for member in struct.fields:
            if member.kind in (Kind.STRUCT, Kind.UNION) and member.shape is not Shape.NULL:
                self._visit(needs, op, member.type)
        if struct.stype and not link:
            for other in self.model.links(name):
                self._visit(needs, op, other.name, link=True)

    def _sorted_links(self) -> list[WireStruct]:
        names = set().union(*(n.links for n in self.needs.values()))
        structs = [self.model.struct(name) for name in names]
        return sorted(structs, key=lambda s: self.model.stype_value(s))

    def link_index(self, name: str) -> int:
        return next(i for i, s in enumerate(self.links) if s.name == name)

    def structs(self, ops: dict[str, Needs]) -> list[str]:
        """Names of all structs that one of the operations is needed for."""
        return sorted(set().union(*(n.bodies for n in ops.values())))

    def server_ops(self) -> dict[str, Needs]:
        return {op: self.needs[op] for op in (DECODE, DECODE_PARTIAL, ENCODE)}

    def client_ops(self) -> dict[str, Needs]:
        """What a client needs beyond what the renderer has."""
        return {
            DECODE: self._without(self.client_needs[DECODE], self.needs[DECODE]),
            ENCODE: self._without(self.client_needs[ENCODE], self.needs[ENCODE]),
            ENCODE_PARTIAL: self.needs[ENCODE_PARTIAL],
        }

    @staticmethod
    def _without(wanted: Needs, there: Needs) -> Needs:
        return Needs(
            owners=wanted.owners - there.owners,
            links=wanted.links,
            bodies=wanted.bodies - there.bodies,
        )

    # ------------------------------------------------------------ commands

    def run(self, command: WireCommand) -> Run:
        name = command.name
        if name in self.policy.refused:
            return Run.REFUSED
        if name in self.policy.handlers:
            return Run.HANDLER
        if command.first_handle is None:
            raise WireError(f"{name}: no first handle; the policy must name a handler")
        if name.startswith("vkDestroy"):
            return Run.DESTROY
        handles = [f for f in command.outputs if f.kind is Kind.HANDLE]
        if not handles:
            self._check_passable(command)
            return Run.PASS
        if name.startswith("vkCreate") and len(handles) == 1 and command.fields[-1] is handles[0]:
            return Run.CREATE
        raise WireError(f"{name}: returns handles; the policy must name a handler")

    def _check_passable(self, command: WireCommand) -> None:
        for param in command.outputs:
            if param.kind is Kind.STRUCT and self._has_handles(param.type, set()):
                raise WireError(
                    f"{command.name}: returns handles in {param.type}; "
                    "the policy must name a handler"
                )

    def _has_handles(self, name: str, seen: set[str]) -> bool:
        if name in seen:
            return False
        seen.add(name)
        struct = self.model.struct(name)
        if any(f.kind is Kind.HANDLE for f in struct.fields):
            return True
        inner = [f.type for f in struct.fields if f.kind is Kind.STRUCT]
        return any(
            self._has_handles(n, seen) for n in inner + [s.name for s in self.model.links(name)]
        )

    def level(self, first: Declaration | None) -> str | None:
        """`instance` or `device`: whose driver table a command belongs to."""
        if first is None or first.type not in self.model.registry.handles:
            return None
        handle = first.type
        while handle not in (None, "VkDevice", "VkInstance", "VkPhysicalDevice"):
            handle = self.model.registry.handles[handle].parent
        return "device" if handle == "VkDevice" else "instance"

    # ------------------------------------------------------------ objects = true

    def unwrap_structs(self) -> list[str]:
        """Structs that the handlers of `objects` commands get with objects inside."""
        names: set[str] = set()
        for command in self.model.commands:
            if command.name in self.policy.objects:
                for param in command.fields:
                    if param.kind is Kind.STRUCT and not param.output:
                        self._collect(param.type, names)
        return sorted(n for n in names if self._has_handles(n, set()))

    def _collect(self, name: str, names: set[str]) -> None:
        if name in names:
            return
        names.add(name)
        struct = self.model.struct(name)
        for inner in [f.type for f in struct.fields if f.kind is Kind.STRUCT]:
            self._collect(inner, names)
        for link in self.model.links(name) if struct.stype else ():
            self._collect(link.name, names)

    def has_handles(self, name: str) -> bool:
        return self._has_handles(name, set())
