#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""First inputs for fuzz_stream: a request of every command, full and small, about the objects that
the target makes before (stream_objects.h). New objects get ids that are free."""

from __future__ import annotations

import argparse
import itertools
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


def barrier(number: dict[str, int], commands: int, image: int, uses_sync2: int, is_release: int,
            old_layout: int) -> bytes:
    """An image's transfer to or from the world outside, between two barriers that are none."""
    ignored, foreign, general = 0xFFFFFFFF, 0xFFFFFFFD, 1
    # sType, the chain, stages and accesses
    head = [1000314002, *wide(0, 1, 0, 1, 0)] if uses_sync2 else [45, *wide(0), 0, 0]

    def of(*families: int) -> list[int]:
        return [*head, old_layout, general, *families, *wide(image), 1, 0, 1, 0, 1]

    barriers = [
        0, *wide(0), 0, *wide(0), 3, *wide(3), *of(ignored, ignored),
        *(of(0, foreign) if is_release else of(foreign, 0)), *of(ignored, ignored),
    ]
    if uses_sync2:
        return words(number["vkCmdPipelineBarrier2"], 0, *wide(commands, 1), 1000314003, *wide(0),
                     0, *barriers)
    return words(number["vkCmdPipelineBarrier"], 0, *wide(commands), 1, 1, 0, *barriers)


def staged_streams(model, ids: dict[str, int]) -> dict[str, bytes]:
    """Images that are not in the guest's memory themselves: their barriers, and imports with row
    pitches and offsets of their own."""
    number = {command.name: command.number for command in model.commands}
    device, memory = ids["VkDevice"], ids["VkDeviceMemory"]

    def create_import(usage: int, offset: int, row_pitch: int) -> bytes:
        layout = [1000158004, *wide(0, 0), 1, *wide(1, offset, 0, row_pitch, 0, 0)]
        external = [1000072001, *wide(1), *layout, 0x200]
        return words(
            number["vkCreateImage"], 0, *wide(device, 1), 14, *wide(1), *external,
            # flags, 2D, RGBA, extent, one of all, modifier tiling, usage, no family, UNDEFINED
            0, 1, 37, 64, 64, 1, 1, 1, 1, 1000158000, usage, 0, 0, *wide(0), 0,
            *wide(0, 1, FIRST_FREE_ID),
        )

    def transfer(image: int, *how: int) -> bytes:
        return barrier(number, ids["VkCommandBuffer"], image, *how)

    bind = words(number["vkBindImageMemory"], 0, *wide(device, FIRST_FREE_ID, memory, 0))
    streams = {}
    for how in itertools.product((0, 1), repeat=3):
        name = "staged-barrier-" + "".join(str(choice) for choice in how)
        streams[name] = transfer(ids["VkImageStaged"], *how)
    for usage in (0x4, 0x17):
        for offset, row_pitch in ((64, 512), (64, 0xFFFFFFFC), (2**64 - 4, 512)):
            streams[f"staged-import-{usage:x}-{offset:x}-{row_pitch:x}"] = (
                create_import(usage, offset, row_pitch) + bind
                + transfer(FIRST_FREE_ID, 0, 0, 0) + transfer(FIRST_FREE_ID, 1, 1, 1))
    return streams


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
    for name, data in {**special_streams(model, ids), **staged_streams(model, ids)}.items():
        (arguments.output / name).write_bytes(data)


if __name__ == "__main__":
    main()
