# SPDX-License-Identifier: MIT
"""A compositor in the guest, on the screen of the device, and programs that are its clients.

Nothing in the guest is set up for it: no login manager, no seat daemon. The compositors get what
they need from their environment, which is the same that a user of the guest would set:
LIBSEAT_BACKEND=builtin stands in for a seat daemon, SEATD_VTBOUND=0 for a virtual terminal;
MESA_LOADER_DRIVER_OVERRIDE=zink makes OpenGL of Vulkan, and LIBGL_ALWAYS_SOFTWARE=1 lets zink use a
device of the type CPU, which lavapipe is in the guest too. See docs/limitations.md."""

import re
import time

from harness.runner import Failure, check
from vm.guest import VENUS
from vm.shown import Shown

FOLDER = "/run/hesper-session"  # XDG_RUNTIME_DIR
ZINK = "MESA_LOADER_DRIVER_OVERRIDE=zink LIBGL_ALWAYS_SOFTWARE=1"
START_TIMEOUT = 120  # seconds; OpenGL over Vulkan on an emulated CPU

ENVIRONMENT = f"XDG_RUNTIME_DIR={FOLDER} LIBSEAT_BACKEND=builtin SEATD_VTBOUND=0 {ZINK}"

WESTON = ("weston --backend=drm --renderer=gl --shell=desktop --socket=wayland-1 --xwayland "
          "--continue-without-input --idle-time=0 --no-config")
LABWC = "WLR_RENDERER=vulkan WLR_LIBINPUT_NO_DEVICES=1 labwc"


class Session:
    """A compositor that runs from here until finish()."""

    def __init__(self, test, vm, compositor, environment=VENUS):
        self.test = test
        self.vm = vm
        self.environment = environment
        self.name = next(word for word in compositor.split() if "=" not in word)
        self.log = f"{FOLDER}/{self.name}.log"
        vm.ssh(f"rm -rf {FOLDER} /tmp/.X11-unix/* /tmp/.X?-lock; mkdir -m 700 {FOLDER}")
        self.process = vm.ssh_start(f"env {environment} {ENVIRONMENT} {compositor} "
                                    f">{self.log} 2>&1", test.log)
        try:
            self.wait_until_up()
        except Failure:
            self.finish()
            raise

    def wait_until_up(self):
        end = time.monotonic() + START_TIMEOUT
        while True:
            names = self.vm.ssh(f"ls {FOLDER} /tmp/.X11-unix 2>/dev/null", status=None).split()
            sockets = [name for name in names if re.fullmatch(r"wayland-\d", name)]
            screens = [name for name in names if re.fullmatch(r"X\d", name)]
            if sockets and screens:
                self.socket, self.display = sockets[0], screens[0].replace("X", ":")
                return
            check(self.process.poll() is None, f"{self.name} has ended; see the log")
            check(time.monotonic() < end, f"{self.name} is not up after {START_TIMEOUT} s")
            time.sleep(0.5)

    def command(self, command, environment=None):
        """The command as a client of this compositor, for a shell in the guest."""
        return (f"env {environment or self.environment} XDG_RUNTIME_DIR={FOLDER} "
                f"WAYLAND_DISPLAY={self.socket} DISPLAY={self.display} {command}")

    def run(self, command, environment=None, timeout=120):
        return self.vm.ssh(self.command(command, environment), timeout=timeout, log=self.test.log)

    def show(self, command, environment=None):
        return Shown(self.test, self.vm, self.command(command, environment))

    def check_runs(self):
        check(self.process.poll() is None, f"{self.name} has ended; see the log")

    def finish(self):
        """Ends the compositor, and keeps what it said in the test's log."""
        self.vm.ssh(f"pkill -TERM -x {self.name}", status=None)
        try:
            self.process.wait(30)
        except Exception:
            self.vm.ssh(f"pkill -KILL -x {self.name}", status=None)
            self.process.kill()
            self.process.wait()
        self.vm.ssh(f"cat {self.log}", status=None, log=self.test.log)

    def count_contexts(self):
        """Of the compositor itself, once no client runs: its own and Xwayland's."""
        end = time.monotonic() + 30
        names = []
        while time.monotonic() < end:
            names = [context["name"] for context in self.vm.stat()["contexts"]]
            if len(names) <= 2:
                break
            time.sleep(0.5)
        self.test.say(f"contexts without clients: {names}")
        return len(names)
