#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Seeds of fuzz_vhost: a VMM that sets a device up, and a guest that sends it requests."""

import argparse
import os
import struct

GET_FEATURES, SET_FEATURES, SET_OWNER, RESET_OWNER, SET_MEM_TABLE = 1, 2, 3, 4, 5
SET_VRING_NUM, SET_VRING_ADDR, SET_VRING_BASE, GET_VRING_BASE = 8, 9, 10, 11
SET_VRING_KICK, SET_VRING_CALL, SET_VRING_ERR = 12, 13, 14
GET_PROTOCOL_FEATURES, SET_PROTOCOL_FEATURES, GET_QUEUE_NUM = 15, 16, 17
SET_VRING_ENABLE, SET_BACKEND_REQ_FD, GET_CONFIG, SET_CONFIG = 18, 21, 24, 25
GET_SHMEM_CONFIG = 44
WRITE, TAKE, ANSWER = 200, 201, 202

EVENT = 0x11  # one descriptor, the event
RAM = 0x01
GUEST, USER = 0x40000000, 0x7F0000000000
DESC, AVAIL, USED, TABLE, DATA = 0x0000, 0x1000, 0x2000, 0x3000, 0x4000
NEXT, WRITABLE, INDIRECT = 1, 2, 4


def record(request, payload=b"", fds=0):
    return struct.pack("<BBH", request, fds, len(payload)) + payload


def memory_table(regions):
    table = struct.pack("<II", len(regions), 0)
    for region in regions:
        table += struct.pack("<QQQQ", *region)
    return record(SET_MEM_TABLE, table, len(regions))


def write(offset, data):
    return record(WRITE, struct.pack("<I", offset) + data)


def desc(index, address, size, flags=0, following=0, at=DESC):
    return write(at + 16 * index, struct.pack("<QIHH", address, size, flags, following))


def available(heads, start=0, num=8):
    data = write(AVAIL + 4 + 2 * (start % num), struct.pack(f"<{len(heads)}H", *heads))
    return data + write(AVAIL + 2, struct.pack("<H", start + len(heads)))


def setup_queue(index=0, base=0, num=8):
    address = struct.pack("<IIQQQQ", index, 0, USER + DESC, USER + USED, USER + AVAIL, 0)
    return (record(SET_VRING_NUM, struct.pack("<II", index, num))
            + record(SET_VRING_BASE, struct.pack("<II", index, base))
            + record(SET_VRING_ADDR, address)
            + record(SET_VRING_KICK, struct.pack("<Q", index), EVENT)
            + record(SET_VRING_CALL, struct.pack("<Q", index), EVENT)
            + record(SET_VRING_ERR, struct.pack("<Q", index), EVENT)
            + record(SET_VRING_ENABLE, struct.pack("<II", index, 1)))


def setup(features=0x17000001F):
    return (record(GET_FEATURES) + record(GET_PROTOCOL_FEATURES)
            + record(SET_PROTOCOL_FEATURES, struct.pack("<Q", 0x400629))
            + record(SET_OWNER) + record(GET_QUEUE_NUM) + record(GET_SHMEM_CONFIG)
            + record(SET_BACKEND_REQ_FD, b"", EVENT)
            + record(SET_FEATURES, struct.pack("<Q", features))
            + memory_table([(GUEST, 0x100000, USER, 0)]) + setup_queue())


def plain_request():
    return (desc(0, GUEST + DATA, 24, NEXT, 1) + desc(1, GUEST + DATA + 64, 24, WRITABLE)
            + available([0]))


def seeds():
    stop = record(SET_VRING_ENABLE, struct.pack("<II", 0, 0))
    stop += record(GET_VRING_BASE, struct.pack("<II", 0, 0))
    loop = desc(0, GUEST, 4, NEXT, 1) + desc(1, GUEST, 4, NEXT, 0) + available([0])
    indirect = (desc(0, GUEST + DATA, 16, NEXT, 1, TABLE)
                + desc(1, GUEST + DATA + 16, 8, NEXT, 2, TABLE)
                + desc(2, GUEST + DATA + 64, 24, WRITABLE, 0, TABLE)
                + desc(0, GUEST + TABLE, 48, INDIRECT) + available([0]))
    nested = desc(0, GUEST + TABLE, 16, INDIRECT, 0, TABLE)
    nested += desc(0, GUEST + TABLE, 16, INDIRECT) + available([0])
    two_regions = memory_table([(GUEST, 0x80000, USER, 0), (GUEST + 0x80000, 0x80000,
                                                            USER + 0x80000, 0x80000)])
    answers = record(TAKE) + record(ANSWER, b"answer" * 4) + record(TAKE)
    config = struct.pack("<III", 0, 24, 0) + bytes(24)
    yield "setup", setup() + record(GET_CONFIG, config) + record(SET_CONFIG, config)
    yield "plain", setup() + plain_request() + answers
    yield "no-event-idx", setup(0x15000001F) + plain_request() + answers
    yield "indirect", setup() + indirect + answers
    yield "nested", setup() + nested + answers
    yield "loop", setup() + loop + answers + available([0, 0, 0], 1) + answers
    yield "border", setup() + two_regions + desc(0, GUEST + 0x7FFF0, 32) + available([0]) + answers
    yield "pause", (setup() + plain_request() + record(TAKE) + stop + record(ANSWER, b"late")
                    + setup_queue(0, 1) + answers)
    yield "again", setup() + plain_request() + record(TAKE) + stop + setup_queue(0, 0xFFFF)
    yield "reset", (setup() + plain_request() + record(TAKE) + stop + setup_queue()
                    + record(ANSWER, b"old") + plain_request() + answers)
    yield "broken", setup() + available([9]) + answers + stop + setup_queue() + plain_request()
    yield "both-queues", setup() + setup_queue(1) + plain_request() + record(TAKE, b"", 1) + answers


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
