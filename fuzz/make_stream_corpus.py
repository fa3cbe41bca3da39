#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""First inputs for fuzz_stream: a request of every command, full and small, about the objects that
the target makes before (stream_objects.h). New objects get ids that are free."""

from __future__ import annotations

import argparse
import re
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


if __name__ == "__main__":
    main()
