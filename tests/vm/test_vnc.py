# SPDX-License-Identifier: MIT
"""A guest on VNC: seen by a viewer that people have, typed into, and with a display that dies."""

import os
import signal
import subprocess
import time

from PIL import Image, ImageChops

from harness import rfb
from harness.discover import long
from harness.runner import Failure, check
from harness.vm import VM, free_port

# Text that stays, and no cursor that blinks.
DRAW = r"printf '\033[2J\033[?25l\033[1;33;44mhesper %s\n' $(seq 200) >/dev/tty1"


def capture(port, path):
    """What gtk-vnc sees, as a PNG file."""
    result = subprocess.run(["gvnccapture", "-q", f"127.0.0.1:{port - 5900}", path],
                            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60,
                            check=False)
    check(result.returncode == 0, f"gvnccapture: {result.stderr.decode(errors='replace').strip()}")
    return Image.open(path).convert("RGB")


def check_picture(test, vm, port):
    """The viewer sees what hesper screenshot has; the console may be drawing meanwhile."""
    for _ in range(20):
        seen = capture(port, test.path("seen.png"))
        vm.screenshot(test.path("screen.png"))
        screen = Image.open(test.path("screen.png")).convert("RGB")
        if seen.size == screen.size and not ImageChops.difference(seen, screen).getbbox():
            break
        time.sleep(0.5)
    else:
        raise Failure("the viewer does not see what the screenshot has")
    check(len(seen.getcolors(1 << 24)) > 1, "the screen is empty")


def find_input(vm, name):
    return vm.ssh(f"grep -lx '{name}' /sys/class/input/event*/device/name"
                  " | sed 's,.*/\\(event[0-9]*\\)/.*,/dev/input/\\1,'").strip()


def read_events(test, vm, device, act):
    """(type, code, value) of the events that the device has while `act` goes on, without the time."""
    command = f"echo ready; timeout 60 head -c 96 {device} | od -An -v -t u2 -w24"
    process = subprocess.Popen(vm.ssh_command(command), stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=test.log)
    try:
        check(process.stdout.readline() == b"ready\n", "the guest's input cannot be read")
        time.sleep(1)
        act()
        output = process.communicate(timeout=70)[0].decode()
    finally:
        process.kill()
        process.wait()
    test.say(output)
    return [tuple(int(word) for word in line.split()[8:11]) for line in output.splitlines()]


def check_keys(test, vm, port):
    def act():
        with rfb.Viewer(port) as viewer:
            viewer.press(ord("k"), True)
            viewer.press(ord("k"), False)
            time.sleep(2)

    events = read_events(test, vm, find_input(vm, "hesper keyboard"), act)
    check([event for event in events if event[0] == 1] == [(1, 37, 1), (1, 37, 0)],
          f"the guest got {events}")


def check_size(vm, port):
    """The wish of a viewer becomes the preferred mode."""
    with rfb.Viewer(port) as viewer:
        viewer.ask_for_size(1024, 768)
        end = time.monotonic() + 20
        while "1024x768" not in vm.ssh("head -1 /sys/class/drm/card*-Virtual-1/modes"):
            check(time.monotonic() < end, "the guest has not heard of the viewer's size")
            time.sleep(0.5)


def check_restart(test, vm, port):
    """The next display is at the same address, with the same picture, within a second."""
    victim = next(pid for pid, name in vm.processes().items() if name.startswith("hesper-displa"))
    os.kill(victim, signal.SIGKILL)
    killed = time.monotonic()
    while True:
        try:
            with rfb.Viewer(port):
                break
        except OSError:
            check(time.monotonic() < killed + 10, "the display does not come back")
            time.sleep(0.02)
    seconds = time.monotonic() - killed
    test.say(f"{seconds:.2f} s from kill -9 to the next viewer")
    check(seconds < 3, f"the display was back after {seconds:.1f} s")
    check_picture(test, vm, port)


@long
def test_guest_on_vnc(test):
    port = 0
    while port < 5900:
        port = free_port()
    vm = VM(test.path("run.log"), f"test-{os.urandom(4).hex()}",
            options=["--display", f"vnc=127.0.0.1:{port}", "--memory", "1G"])
    try:
        check(f"screen 1 is at VNC 127.0.0.1:{port}" in vm.read_log(), "no address was printed")
        vm.ssh(DRAW)
        check_picture(test, vm, port)
        check(vm.stat()["scanouts"][0]["port"] == port, "hesper stat does not know the port")
        check_keys(test, vm, port)
        check_restart(test, vm, port)
        check_size(vm, port)
    finally:
        vm.stop()
