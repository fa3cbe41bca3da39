#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Seeds of fuzz_gpu_commands: what Linux does with a virtio-gpu, and what renderers answer."""

import argparse
import os
import struct

(DISPLAY_INFO, CREATE_2D, UNREF, SET_SCANOUT, FLUSH, TRANSFER, ATTACH_BACKING, DETACH_BACKING,
 CAPSET_INFO, CAPSET, EDID, UUID, CREATE_BLOB, SET_SCANOUT_BLOB, CTX_CREATE, CTX_DESTROY,
 CTX_ATTACH, CTX_DETACH, SUBMIT, MAP, UNMAP, UPDATE_CURSOR, MOVE_CURSOR) = range(23)
RAW, CHILD, CHILD_CLOSES, RESET, PAUSE, GO_ON, REFUSE_MAPS, CONFIG = range(200, 208)
FENCE, RING_IDX = 1, 2
FENCE_RETIRED, BLOB_CREATED, FATAL, RING = 0x180, 0x181, 0x182, 0x183
FLUSHED, RESIZED, SCREENSHOT_DONE = 0x280, 0x281, 0x282
GUEST, HOST3D = 1, 2


def record(op, payload=b"", selector=0):
    return struct.pack("<BBH", op, selector, len(payload)) + payload


def words(*values):
    return struct.pack(f"<{len(values)}I", *(value & 0xFFFFFFFF for value in values))


def command(op, payload=b"", ctx=0, flags=0, ring=0):
    return record(op, payload, flags | ctx << 2 | ring << 5)


def entries(*pages):
    return b"".join(struct.pack("<QII", address, size, 0) for address, size in pages)


def rect(width, height, x=0, y=0):
    return words(x, y, width, height)


def create_2d(resource, width=64, height=64, pixel_format=2):
    return command(CREATE_2D, words(resource, pixel_format, width, height))


def attach_backing(resource, *pages):
    return command(ATTACH_BACKING, words(resource, len(pages)) + entries(*pages))


def transfer(resource, width=64, height=64):
    return command(TRANSFER, rect(width, height) + struct.pack("<QII", 0, resource, 0))


def blob(ctx, resource, mem, flags, blob_id, size, *pages):
    body = words(resource, mem, flags, len(pages)) + struct.pack("<QQ", blob_id, size)
    return command(CREATE_BLOB, body + entries(*pages), ctx)


def context(ctx, capset=4, name=b"program"):
    return command(CTX_CREATE, words(len(name), capset) + name.ljust(64, b"\0"), ctx)


def map_blob(resource, offset):
    return command(MAP, words(resource, 0) + struct.pack("<Q", offset))


def submit(ctx, payload, flags=0, ring=0):
    return command(SUBMIT, words(len(payload), 0) + payload, ctx, flags, ring)


def say(child, message, payload, fds=0):
    return record(CHILD, words(message) + payload, child | fds << 6)


def blob_created(child, resource, size, status=0, pieces=1):
    payload = words(resource, status, 1, 0)
    if status == 0:
        payload += words(pieces, 0)
        for i in range(pieces):
            payload += struct.pack("<IIQQ", 0, 0, i * size // pieces, size // pieces)
    return say(child, BLOB_CREATED, payload, 1 if status == 0 else 0)


def retired(child, fence, ring=0):
    return say(child, FENCE_RETIRED, struct.pack("<QII", fence, ring, 0))


def ring(child, resource, offset, created=1):
    return say(child, RING, struct.pack("<QII", offset, resource, created))


def seeds():
    ref = words(1, 0)
    picture = create_2d(1) + attach_backing(1, (0x1000, 0x2000), (0x8000, 0x2000))
    shown = picture + command(SET_SCANOUT, rect(64, 64) + words(0, 1)) + transfer(1)
    flush = rect(64, 64) + words(1, 0)
    flushed = say(0, FLUSHED, struct.pack("<QII", 1, 0, 0))
    shm = context(1) + blob(1, 5, HOST3D, 1, 0, 0x4000) + retired(1, 1)
    memory = context(1) + blob(1, 6, HOST3D, 3, 77, 0x4000)
    scanout_blob = rect(32, 32) + words(0, 6, 32, 32, 2, 0, 128, 0, 0, 0, 0, 0, 0, 0)
    cursor = words(0, 3, 4, 0, 2, 1, 1, 0)
    yield "queries", (command(DISPLAY_INFO) + command(EDID, words(0, 0))
                      + command(CAPSET_INFO, words(0, 0)) + command(CAPSET, words(4, 0)))
    yield "2d", (shown + command(FLUSH, flush) + flushed + command(UUID, ref)
                 + command(DETACH_BACKING, ref) + command(UNREF, ref))
    yield "flush-fences", (shown + command(FLUSH, flush, 0, FENCE) * 3 + flushed
                           + say(0, FLUSHED, struct.pack("<QII", 2, 0, 0)))
    yield "cursor", (create_2d(2, 64, 64, 1) + record(UPDATE_CURSOR, cursor)
                     + record(MOVE_CURSOR, cursor) + record(UPDATE_CURSOR, words(*[0] * 8)))
    yield "shm", (shm + map_blob(5, 0x10000) + command(CTX_ATTACH, words(5, 0), 1)
                  + ring(1, 5, 128) + submit(1, b"abcd" * 4) + ring(1, 5, 128, 0)
                  + command(UNMAP, words(5, 0)) + command(UNREF, words(5, 0))
                  + command(CTX_DESTROY, b"", 1))
    yield "memory", (memory + map_blob(6, 0) + blob_created(1, 6, 0x4000) + context(2)
                     + command(CTX_ATTACH, words(6, 0), 2)
                     + command(SET_SCANOUT_BLOB, scanout_blob) + command(CTX_DESTROY, b"", 1))
    yield "pieces", memory + blob_created(1, 6, 0x4000, 0, 4) + map_blob(6, 0x2000)
    yield "blob-fails", memory + map_blob(6, 0) + blob_created(1, 6, 0, -12)
    yield "guest-blob", (context(1) + blob(0, 6, GUEST, 0, 0, 0x2000, (0, 0x1000), (0x4000, 0x1000))
                         + command(CTX_ATTACH, words(6, 0), 1)
                         + command(SET_SCANOUT_BLOB, scanout_blob)
                         + command(FLUSH, rect(32, 32) + words(6, 0)) + command(UNREF, words(6, 0)))
    yield "fences", (context(1) + context(2) + submit(1, b"", FENCE | RING_IDX, 1)
                     + submit(1, b"wxyz", FENCE) + submit(2, b"", FENCE) + retired(2, 1)
                     + submit(1, b"", FENCE | RING_IDX, 1) + retired(1, 3, 1) + retired(1, 2))
    yield "death", (shm + ring(1, 5, 64) + submit(1, b"", FENCE | RING_IDX, 2)
                    + blob(1, 7, HOST3D, 1, 9, 0x1000) + map_blob(7, 0)
                    + command(CTX_ATTACH, words(7, 0), 1) + command(CTX_DESTROY, b"", 1)
                    + say(1, FATAL, b"why") + record(CHILD_CLOSES, b"", 1) + context(1))
    yield "display-dies", (shown + command(FLUSH, flush, 0, FENCE)
                           + record(CHILD_CLOSES) + command(FLUSH, flush, 0, FENCE)
                           + say(1, RESIZED, words(0, 800, 600, 0)))
    yield "pause", (memory + map_blob(6, 0) + record(PAUSE) + blob_created(1, 6, 0x4000)
                    + record(GO_ON) + command(UNMAP, words(6, 0)))
    yield "reset", shown + shm + map_blob(5, 0) + submit(1, b"", FENCE) + record(RESET) + picture
    yield "refused", (shm + record(REFUSE_MAPS, b"", 1) + map_blob(5, 0) + record(REFUSE_MAPS)
                      + map_blob(5, 0) + map_blob(5, 0))
    yield "config", record(CONFIG, words(1), 4) + record(CONFIG, words(0, 1, 0, 0, 0, 0))
    yield "raw", record(RAW, words(0x100, 0, 0, 0, 0, 0)) + record(RAW, words(0x301), 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", required=True, help="folder for the seeds")
    arguments = parser.parse_args()
    os.makedirs(arguments.output, exist_ok=True)
    for name, data in seeds():
        with open(os.path.join(arguments.output, name), "wb") as file:
            file.write(data)


if __name__ == "__main__":
    main()
