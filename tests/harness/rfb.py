# SPDX-License-Identifier: MIT
"""A VNC viewer that types and points, for screens without a password (RFC 6143)."""

import socket
import struct


class Viewer:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.receive(12)
        self.socket.sendall(b"RFB 003.008\n")
        self.receive(self.receive(1)[0])
        self.socket.sendall(b"\x01")
        assert self.receive(4) == bytes(4)
        self.socket.sendall(b"\x01")
        self.width, self.height = struct.unpack(">HH", self.receive(4))
        self.receive(16)
        self.name = self.receive(struct.unpack(">I", self.receive(4))[0]).decode()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.socket.close()

    def receive(self, size):
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise EOFError("the screen has hung up")
            data += more
        return data

    def press(self, keysym, is_pressed):
        self.socket.sendall(struct.pack(">BBxxI", 4, is_pressed, keysym))

    def point(self, x, y, buttons=0):
        self.socket.sendall(struct.pack(">BBHH", 5, buttons, x, y))

    def ask_for_size(self, width, height):
        self.socket.sendall(struct.pack(">BxHHBx", 251, width, height, 1)
                            + struct.pack(">IHHHHI", 1, 0, 0, width, height, 0))
