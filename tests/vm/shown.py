# SPDX-License-Identifier: MIT
"""Stock programs in the guest that show something: started, watched from the host, ended."""

import time

from PIL import Image

from harness.runner import check


class Shown:
    """A program that runs in the guest from here until finish()."""

    def __init__(self, test, vm, command):
        self.test = test
        self.vm = vm
        self.command = command
        self.process = vm.ssh_start(command, test.log)

    def read_screen(self):
        return self.vm.stat()["scanouts"][0]

    def check_runs(self, text):
        check(self.process.poll() is None,
              f"{self.command[-60:]} ended with {self.process.poll()} {text}; see the log")

    def wait_for_picture(self, is_right, seconds=90, name="screen.png"):
        """Takes pictures of the screen until one is right; returns it."""
        path = self.test.path(name)
        end = time.monotonic() + seconds
        while True:
            self.vm.screenshot(path)
            picture = Image.open(path).convert("RGB")
            if is_right(picture):
                return picture
            self.check_runs("before its picture was seen")
            check(time.monotonic() < end, f"the picture is wrong after {seconds} s: {path}")
            time.sleep(0.5)

    def measure(self, seconds=3):
        """Frames on the screen per second, and bytes that the host's CPU copied for each."""
        before, began = self.read_screen(), time.monotonic()
        time.sleep(seconds)
        after = self.read_screen()
        self.check_runs("while it was measured")
        frames = after["frames"] - before["frames"]
        check(frames > 2, f"{frames} frames in {seconds} s")
        fps = frames / (time.monotonic() - began)
        copied = (after["copied_bytes"] - before["copied_bytes"]) / frames
        self.test.say(f"{fps:.1f} frames/s, {copied:.0f} bytes copied by the host per frame")
        return fps, copied

    def finish(self, name, signal_name="INT", timeout=60):
        """Ends it by the name of its process; returns its status as a shell has it."""
        self.vm.ssh(f"pkill -{signal_name} -x {name}", status=None)
        return self.process.wait(timeout)


def has_colors(count):
    """For wait_for_picture: more than `count` different colours."""
    return lambda picture: len(picture.getcolors(1 << 24)) > count


def is_near(pixel, expected, tolerance=6):
    return all(abs(a - b) <= tolerance for a, b in zip(pixel, expected))
