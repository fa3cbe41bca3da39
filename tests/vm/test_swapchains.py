# SPDX-License-Identifier: MIT
"""Swapchains and window systems in the guest with stock programs: on the bare screen, under
compositors, over X11, and OpenGL over Vulkan."""

import time

from harness.discover import long
from harness.runner import check
from vm import programs, usage
from vm.guest import VENUS, VENUS_25_0, get_vm
from vm.session import WESTON, ZINK, Session


def test_kms(test):
    programs.kms_vkmark(test, get_vm(test), VENUS)


def test_display(test):
    programs.display_vkmark(test, get_vm(test), VENUS)


def test_zink(test):
    programs.zink(test, get_vm(test), VENUS)


def test_weston(test):
    """A compositor of OpenGL, with Wayland and X11 clients."""
    programs.weston(test, get_vm(test), VENUS, programs.show_clients)


def test_labwc(test):
    """A compositor of Vulkan."""
    programs.labwc(test, get_vm(test), VENUS, programs.show_clients)


@long
def test_present_modes(test):
    programs.weston(test, get_vm(test), VENUS, programs.run_clients)
    programs.labwc(test, get_vm(test), VENUS, programs.run_clients)


@long
def test_mesa_25_0(test):
    """All but VK_KHR_display, which that client does not have."""
    vm = get_vm(test)
    for program in (programs.kms_vkmark, programs.zink, programs.weston, programs.labwc):
        program(test, vm, VENUS_25_0)


# -------------------------------------------------------------------- for a long time

SESSION_SECONDS = 600
PROGRAMS = ["timeout 6 vkcube --wsi wayland", "timeout 6 vkcube --wsi xcb",
            "timeout -s KILL 4 vkcube --wsi wayland", "/tmp/compute-check",
            "timeout -s KILL 5 vkmark -s 320x240 --winsys wayland -b vertex",
            "timeout 30 vkmark -s 320x240 --winsys xcb -b vertex:duration=1",
            f"{ZINK} timeout 8 eglinfo -B -p wayland"]
ENDS = (0, 124, 137)  # by itself, by the time's end, killed


def run_programs(test, session, seconds):
    """Two at a time; each must end within a minute. Returns how many ran."""
    running, count, end = [], 0, time.monotonic() + seconds
    while time.monotonic() < end or running:
        if time.monotonic() < end and len(running) < 2:
            command = session.command(PROGRAMS[count % len(PROGRAMS)])
            running.append((command, time.monotonic(),
                            test.vm.ssh_start(f"{command}; exit $?", test.log)))
            count += 1
        for item in list(running):
            command, began, process = item
            if process.poll() is not None:
                check(process.returncode in ENDS, f"{command[-60:]}: {process.returncode}")
                running.remove(item)
            check(time.monotonic() - began < 90, f"{command[-60:]} does not end")
        session.check_runs()
        time.sleep(0.3)
    return count


def wait_for_contexts(vm, count):
    """Programs are gone; what they had on the host goes too."""
    end = time.monotonic() + 60
    while len(vm.stat()["contexts"]) > count or len(usage.read_all(vm)) > count + 2:
        check(time.monotonic() < end, f"{len(vm.stat()['contexts'])} contexts are left, not "
              f"{count}; processes: {usage.read_all(vm)}")
        time.sleep(0.5)


@long
def test_ten_minutes(test):
    """A compositor whose clients come and go all the time: nothing grows, nothing is stuck."""
    test.vm = get_vm(test)
    session = Session(test, test.vm, WESTON)
    try:
        run_programs(test, session, 60)
        contexts = session.count_contexts()
        wait_for_contexts(test.vm, contexts)
        before = usage.read_all(test.vm)
        count = run_programs(test, session, SESSION_SECONDS)
        test.say(f"{count} programs")
        wait_for_contexts(test.vm, contexts)
        usage.check_no_growth(test, before, usage.read_all(test.vm), 16 * 1024)
        programs.show_vkcube(session, "--wsi wayland")
    finally:
        session.finish()
    wait_for_contexts(test.vm, 0)
