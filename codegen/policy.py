# SPDX-License-Identifier: MIT
"""policy.toml, checked: what the renderer does with each command."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path


class PolicyError(Exception):
    """The policy file names something twice or wrongly."""


@dataclass
class Policy:
    handlers: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    objects: set[str] = field(default_factory=set)
    hooks: set[str] = field(default_factory=set)
    filters: set[str] = field(default_factory=set)
    filter_exceptions: set[tuple[str, str]] = field(default_factory=set)
    driver_extra: list[str] = field(default_factory=list)


def load(path: Path, commands: set[str]) -> Policy:
    """`commands`: all that the protocol has a number for."""
    try:
        data = tomllib.loads(path.read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise PolicyError(f"{path}: {error}") from error
    policy = Policy(
        refused=data.get("refused", {}),
        objects=set(data.get("objects", {}).get("commands", [])),
        hooks=set(data.get("struct_hooks", {}).get("structs", [])),
        filters=set(data.get("type_filters", {})),
        driver_extra=data.get("driver", {}).get("extra", []),
    )
    for names in data.get("handlers", {}).values():
        for name in names:
            if name in policy.handlers:
                raise PolicyError(f"{path}: {name} is twice a handler")
            policy.handlers.add(name)
    for rule in data.get("type_filters", {}).values():
        for exception in rule.get("except", []):
            owner, _, member = exception.partition(".")
            policy.filter_exceptions.add((owner, member))
    for name in sorted(policy.handlers | set(policy.refused) | policy.objects):
        if name not in commands:
            raise PolicyError(f"{path}: {name} is no command of the protocol")
    for name in sorted(policy.handlers & set(policy.refused)):
        raise PolicyError(f"{path}: {name} is both a handler and refused")
    for name in sorted(policy.objects - policy.handlers):
        raise PolicyError(f"{path}: {name} gets objects but is no handler")
    return policy
