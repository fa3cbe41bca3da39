# SPDX-License-Identifier: MIT
"""`hesper run` with firmware that has a picture, and with a disk that is kept."""

import os
import signal
import subprocess
import tempfile
import threading
import time

from PIL import Image

from harness.discover import long
from harness.runner import check, start, stop
from harness.screen import Screen
from harness.vm import GUEST, HESPER, VM, free_port
from vm.session import WESTON, Session
from vm.shown import Shown, has_colors


def count_colors(path):
    return len(Image.open(path).convert("RGB").getcolors(1 << 24))


def test_firmware_picture(test):
    """UEFI draws on the device before there is any driver of ours: nothing is there to boot."""
    picture = test.path("screen.png")
    name = f"test-{os.getpid()}-firmware"
    with tempfile.TemporaryDirectory() as folder:
        empty = os.path.join(folder, "empty.img")
        with open(empty, "wb") as file:
            file.truncate(1 << 20)
        process = start([HESPER, "run", "--image", empty, "--firmware", "uefi", "--memory", "512M",
                         "--ssh-port", str(free_port()), "--name", name],
                        stdout=test.log, stderr=test.log)
        try:
            end = time.monotonic() + 180
            while True:
                time.sleep(1)
                result = subprocess.run([HESPER, "screenshot", "--name", name, picture],
                                        stdin=subprocess.DEVNULL, stderr=test.log, timeout=60,
                                        check=False)
                if result.returncode == 0 and count_colors(picture) > 2:
                    break
                check(process.poll() is None, "hesper run ended")
                check(time.monotonic() < end, "the firmware shows nothing")
            process.send_signal(signal.SIGINT)
            check(process.wait(30) == 130, f"status {process.returncode}")
        finally:
            stop(process)


class Photographer(threading.Thread):
    """Takes pictures of a machine's screen while it starts, until stopped."""

    def __init__(self, test, name):
        super().__init__()
        self.test = test
        self.name_of_machine = name
        self.pictures = []  # paths of those that show more than one colour
        self.is_done = threading.Event()

    def run(self):
        while not self.is_done.wait(1):
            path = self.test.path(f"{len(self.pictures)}.png")
            result = subprocess.run(
                [HESPER, "screenshot", "--name", self.name_of_machine, path], timeout=60,
                stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
            if result.returncode == 0 and count_colors(path) > 2:
                self.pictures.append(path)

    def stop(self):
        self.is_done.set()
        self.join()


def check_closing(test, vm, screen):
    """The machine goes on without its window, and gets it back."""
    screen.wait_windows(vm.name)[0].close()
    screen.wait_windows(vm.name, 0)
    vm.ssh("true")
    test.run([HESPER, "outputs", "--name", vm.name, "1=on"])
    window = screen.wait_windows(vm.name)[0]
    end = time.monotonic() + 10
    while len(window.capture(test.path("reopened.png")).getcolors(1 << 24)) < 20:
        check(time.monotonic() < end, "the window that came back is empty")


def show_desktop(test, vm, screen):
    console = Shown(test, vm, "dmesg >/dev/tty1; sleep 600")
    console.wait_for_picture(has_colors(1), name="console.png")
    vm.ssh("pkill -x sleep", status=None)
    session = Session(test, vm, WESTON)
    try:
        terminal = session.show("weston-terminal")
        terminal.wait_for_picture(has_colors(20), name="desktop.png")
        check_closing(test, vm, screen)
        terminal.finish("weston-terminal", "TERM")
    finally:
        session.finish()


@long
def test_from_power_on_to_a_desktop(test):
    """One machine in a window: the firmware's picture, the kernel's console, a desktop."""
    name = f"test-{os.getpid()}-power"
    screen = Screen()
    photographer = Photographer(test, name)
    photographer.start()
    try:
        vm = VM(test.path("vm.log"), name, env=screen.environment,
                options=["--firmware", "uefi", "--display", "window"])
        photographer.stop()
        try:
            check(photographer.pictures, "the firmware and the kernel showed nothing")
            show_desktop(test, vm, screen)
        finally:
            vm.stop()
    finally:
        photographer.stop()
        screen.finish()


@long
def test_disk_that_is_kept(test):
    """What the guest writes, and has not told its disk to keep, is there after the machine."""
    with tempfile.TemporaryDirectory() as folder:
        disk = os.path.join(folder, "disk.img")
        test.run(["cp", "--sparse=always", os.path.join(GUEST, "disk.img"), disk], timeout=300)
        os.chmod(disk, 0o600)
        for name in ("vmlinuz", "initrd.img", "ssh_key", "known_hosts"):
            os.symlink(os.path.join(GUEST, name), os.path.join(folder, name))
        test.run([HESPER, "run", "--image", disk, "--writable", "--ssh-port", str(free_port()),
                  "--exec", "echo kept >/root/kept; exit 3"], timeout=600, status=3)
        test.run(["e2fsck", "-fn", disk], timeout=300)
        state = test.run(["dumpe2fs", "-h", disk], timeout=60)
        check("Filesystem state:         clean" in state, "the guest did not close its disk")
        text = test.run(["debugfs", "-R", "cat /root/kept", disk])
        check(text == "kept\n", f"the file holds '{text}'")
