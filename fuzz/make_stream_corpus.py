#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""First inputs for fuzz_stream: a request of every command, full and small, about the objects that
the target makes before (stream_objects.h). New objects get ids that are free."""

from __future__ import annotations

import argparse
import re
import struct
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "codegen"), str(ROOT / "tests" / "codec")]

from generate import Generator  # noqa: E402
from samples import Sampler  # noqa: E402
from wire import Kind  # noqa: E402

IDS = re.compile(r"^\s*ID_(Vk\w+)", re.MULTILINE)
FIRST_FREE_ID = 100


class CorpusSampler(Sampler):
    """Handles are ids of objects that exist; those of outputs are free."""

    def __init__(self, model, full, ids):
        super().__init__(model, full)
        self.ids = ids
        self.free_id = FIRST_FREE_ID

    def element(self, field, partial, values):
        if field.kind is not Kind.HANDLE:
            super().element(field, partial, values)
        elif partial:
            self.u64(self.free_id)
            self.free_id += 1
        else:
            self.u64(self.ids.get(field.type, 0))


def words(*values: int) -> bytes:
    return b"".join(struct.pack("<I", value) for value in values)


def wide(*values: int) -> list[int]:
    """64-bit values as the words that they are on the wire."""
    return [half for value in values for half in (value & 0xFFFFFFFF, value >> 32)]


def special_streams(model, ids: dict[str, int]) -> dict[str, bytes]:
    """Streams whose bytes are used a second time, in the resource that they lie in: by a ring, and
    as an indirect stream."""
    number = {command.name: command.number for command in model.commands}
    device, event = ids["VkDevice"], ids["VkEvent"]
    set_event = words(number["vkSetEvent"], 0, *wide(device, event))
    commands = set_event * 10
    ring_id, resource = 7, 2

    def create_ring(tail_offset: int, buffer_offset: int) -> bytes:
        return words(
            number["vkCreateRingMESA"], 0, *wide(ring_id, 1), 1000384000, *wide(0), 0, resource,
            *wide(0, 65536, len(commands)),
            # head, tail, status, buffer and its size, extra and its size
            *wide(60000, tail_offset, 60064, buffer_offset, 256, 60128, 64),
        )

    notify = words(number["vkNotifyRingMESA"], 0, *wide(ring_id), len(commands), 0)
    # The idle timeout happens to be the number of bytes in the ring.
    tail_offset = create_ring(0, 0).index(words(*wide(65536, len(commands)))) + 8
    buffer_offset = len(create_ring(0, 0)) + len(notify)
    ring = create_ring(tail_offset, buffer_offset) + notify + commands

    def execute(offset: int) -> bytes:
        return words(
            number["vkExecuteCommandStreamsMESA"], 0, 1, *wide(1), resource,
            *wide(offset, len(commands)), *wide(0), 0, *wide(0), 0,
        )

    return {"ring": ring, "indirect": execute(len(execute(0))) + commands}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--registry", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True, help="a folder")
    arguments = parser.parse_args()
    header = (ROOT / "fuzz" / "stream_objects.h").read_text()
    ids = {name: number for number, name in enumerate(IDS.findall(header), 1)}
    model = Generator(arguments.registry).model
    arguments.output.mkdir(parents=True, exist_ok=True)
    for command in model.commands:
        for full in (True, False):
            sampler = CorpusSampler(model, full, ids)
            sampler.request(command)
            name = f"{command.name}-{'full' if full else 'small'}"
            (arguments.output / name).write_bytes(b"".join(sampler.words))
    for name, data in special_streams(model, ids).items():
        (arguments.output / name).write_bytes(data)


if __name__ == "__main__":
    main()
