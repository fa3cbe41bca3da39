# SPDX-License-Identifier: MIT
"""The demos in the guest: what they check of themselves, and what the host shows of them."""

import os
import time

from PIL import Image

from harness.runner import MAIN_BUILD, check
from harness.vm import in_guest
from vm.guest import VENUS, get_vm

NAMES = ["formats", "import-gbm", "memory-map", "minimal", "multi-context", "present-timing",
         "rapid-resize", "triangle"]
BARS = [(255, 255, 255), (255, 255, 0), (0, 255, 255), (0, 255, 0),
        (255, 0, 255), (255, 0, 0), (0, 0, 255), (0, 0, 0)]


def get_vm_with_demos(test):
    vm = get_vm(test)
    paths = " ".join(in_guest(os.path.join(MAIN_BUILD, "demos", name, name)) for name in NAMES)
    vm.ssh(f"test -x /tmp/demos/minimal || {{ mkdir -p /tmp/demos && cp {paths} /tmp/demos; }}")
    return vm


def run(test, command, timeout=120):
    get_vm_with_demos(test).ssh(f"{VENUS} /tmp/demos/{command}", timeout=timeout, log=test.log)


def show(test, command, is_right):
    """Runs a demo until its picture, as the host sees it, is right; then lets it end by itself.
    Returns the screen's counters from then and from the end."""
    vm = get_vm_with_demos(test)
    picture = test.path("screen.png")
    process = vm.ssh_start(f"{VENUS} /tmp/demos/{command}", test.log)
    end = time.monotonic() + 60
    while True:
        vm.screenshot(picture)
        if is_right(Image.open(picture).convert("RGB")):
            break
        check(process.poll() is None, f"{command} ended before its picture was seen")
        check(time.monotonic() < end, "the picture is wrong")
        time.sleep(0.5)
    before = vm.stat()["scanouts"][0]
    check(process.wait(120) == 0, f"{command} failed")
    after = vm.stat()["scanouts"][0]
    test.say(f"the screen's counters: {before}, then {after}")
    return before, after


def is_near(pixel, expected):
    return all(abs(a - b) <= 6 for a, b in zip(pixel, expected))


def test_without_a_screen(test):
    for command in ("minimal", "memory-map --rounds=3", "multi-context --rounds=2",
                    "formats --present=offscreen"):
        run(test, command)


def test_rapid_resize(test):
    """Swapchains that come and go faster than their semaphores are used up."""
    run(test, "rapid-resize --sizes=60", timeout=180)


def test_triangle(test):
    def is_right(picture):
        width, height = picture.size
        return is_near(picture.getpixel((width // 2, height // 2)), (128, 64, 64)) and \
            is_near(picture.getpixel((width // 40, height // 40)), (51, 51, 51))
    show(test, "triangle --seconds=8", is_right)
    run(test, "triangle --present=copy --frames=10")


def test_formats(test):
    def is_right(picture):
        width, height = picture.size
        return all(is_near(picture.getpixel((width * (2 * i + 1) // 16, height // 4)), bar)
                   for i, bar in enumerate(BARS))
    show(test, "formats --seconds=8", is_right)
    show(test, "formats --present=copy --seconds=8", is_right)


def test_import_gbm(test):
    """The chequered frame is the CPU's, the grey between the bars the GPU's."""
    def is_right(picture):
        return is_near(picture.getpixel((30, 30)), (0x40, 0x40, 0x40)) and \
            is_near(picture.getpixel((50, 30)), (0xe0, 0xe0, 0xe0)) and \
            is_near(picture.getpixel((113, 60)), (51, 51, 51))
    before, after = show(test, "import-gbm --seconds=8", is_right)
    check(after["frames"] > before["frames"], "no frame was shown")
    check(after["copied_bytes"] == before["copied_bytes"], "the host copied pixels")
    run(test, "import-gbm --present=offscreen --frames=20")


def test_present_timing(test):
    run(test, "present-timing --seconds=4")
    run(test, "present-timing --present=copy --seconds=2")
