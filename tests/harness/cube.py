# SPDX-License-Identifier: MIT
"""The cube of demos/cube in a guest, and what the device counts while it is on the screen."""

import json
import os
import time

from harness.runner import MAIN_BUILD, check

CUBE = os.path.join(MAIN_BUILD, "demos", "cube", "cube")
IN_GUEST = "/tmp/cube"  # where the caller has put it: not in a folder that the host shares


class Cube:
    """A cube that spins in the guest from here until finish()."""

    def __init__(self, vm, way, log, environment="", options=""):
        self.vm = vm
        frames = self.read_counts()[0]
        self.process = vm.ssh_start(
            f"{environment} {IN_GUEST} --present={way} --seconds=3600 --json {options} "
            ">/tmp/cube.json", log)
        # The console does not draw by itself, so what comes now is the cube.
        end = time.monotonic() + 60
        while self.read_counts()[0] < frames + 3:
            check(self.process.poll() is None, f"cube --present={way} has ended; see {log.name}")
            check(time.monotonic() < end, f"cube --present={way} shows nothing within 60 s")
            time.sleep(0.1)

    def read_counts(self):
        scanout = self.vm.stat()["scanouts"][0]
        return scanout["frames"], scanout["copied_bytes"]

    def measure(self, seconds):
        """Frames that were shown per second, and bytes that the host copied per frame."""
        began = time.monotonic()
        frames, copied = self.read_counts()
        time.sleep(seconds)
        frames_after, copied_after = self.read_counts()
        frames = frames_after - frames
        check(self.process.poll() is None, "cube has ended by itself")
        check(frames > 2, f"{frames} frames in {seconds} s")
        return frames / (time.monotonic() - began), (copied_after - copied) / frames

    def finish(self):
        """Ends it and returns its own result."""
        self.vm.ssh(f"pkill -INT -x {os.path.basename(IN_GUEST)}")
        check(self.process.wait(60) == 0, "cube failed")
        return json.loads(self.vm.ssh("cat /tmp/cube.json"))
