# SPDX-License-Identifier: MIT
"""docs/matrix.md: what works with which client and which kernel of the guest. It is made from a run
and compared with what is there."""

import os
import re

from harness.discover import long
from harness.runner import LOGS, ROOT, VALIDATION_LAYER, Failure, check
from harness.vm import GUEST, VM
from vm import programs
from vm.guest import VENUS, VENUS_25_0, prepare
from vm.session import LABWC, WESTON, Session

PAGE = os.path.join(ROOT, "docs", "matrix.md")
NEWER_GUEST = os.environ.get("HESPER_TEST_NEWER_GUEST", "")
CLIENTS = [VENUS_25_0, VENUS]

# What must be seen of each row is in programs.py, in functions of these names.
ON_THE_SCREEN = {
    "vkmark, headless: every scene": programs.headless_vkmark,
    "vkmark on KMS, no byte copied": programs.kms_vkmark,
    "vkmark on VK_KHR_display, no byte copied": programs.display_vkmark,
    "OpenGL through zink: eglinfo, kmscube": programs.zink,
}
IN_A_SESSION = {
    "vkcube on Wayland": lambda session: programs.show_vkcube(session, "--wsi wayland"),
    "vkcube on X11": lambda session: programs.show_vkcube(session, "--wsi xcb"),
    "vkmark on Wayland: mailbox, fifo, immediate":
        lambda session: programs.run_modes(session, "wayland"),
    "vkmark on X11: mailbox, fifo, immediate": lambda session: programs.run_modes(session, "xcb"),
}
COMPOSITORS = {"weston (OpenGL, zink)": WESTON, "labwc (Vulkan)": LABWC}

HEAD = """# What works in which guest

Stock Debian packages in the guest; the host's driver is lavapipe, under the Khronos validation layer, which has nothing to say about
any of it. Generated, and compared with what is there, by tests/vm/test_matrix.py (`./dev test --all matrix`); the test says how to
bring it up to date. What is looked at in each row: tests/vm/programs.py. What the guest needs to be told: [limitations](limitations.md).

"""
TAIL = """
VK_KHR_display is not in Mesa 25.0's client. Mesa 26.1's has it, but finds no screen by itself: see [limitations](limitations.md).
"""


def name_row(compositor, title):
    return f"{compositor.split()[0]}: {title}"


def attempt(test, title, function, *arguments):
    """The text of a cell."""
    try:
        function(*arguments)
    except Failure as failure:
        test.say(f"{title}: {failure}")
        return "no"
    return "yes"


def read_versions(vm, client):
    summary = vm.ssh(f"{client} vulkaninfo --summary 2>/dev/null")
    kernel = vm.ssh("uname -r")
    mesa = re.search(r"driverInfo\s*= Mesa (\d+\.\d+)", summary)
    vulkan = re.search(r"apiVersion\s*= (\d+\.\d+)", summary)
    check(mesa and vulkan, "vulkaninfo shows no versions")
    return f"Mesa {mesa.group(1)}, Linux {re.match(r'[0-9]+.[0-9]+', kernel).group(0)}", \
        vulkan.group(1)


def run_column(test, vm, client):
    """The column's heading, and its cells by row."""
    heading, vulkan = read_versions(vm, client)
    cells = {"Vulkan": vulkan}
    for title, program in ON_THE_SCREEN.items():
        cells[title] = attempt(test, f"{heading}: {title}", program, test, vm, client)
    for name, compositor in COMPOSITORS.items():
        cells[name] = "yes"
        try:
            session = Session(test, vm, compositor, client)
        except Failure as failure:
            test.say(f"{heading}: {name}: {failure}")
            cells[name] = "no"
            cells.update({name_row(name, title): "no" for title in IN_A_SESSION})
            continue
        try:
            for title, use in IN_A_SESSION.items():
                cells[name_row(name, title)] = \
                    attempt(test, f"{heading}: {name}: {title}", use, session)
        finally:
            session.finish()
    return heading, cells


def run_guest(test, guest, number):
    """The columns of one guest."""
    log = os.path.join(LOGS, f"vm-matrix-{number}.log")
    vm = VM(log, f"test-{os.urandom(4).hex()}", env={"HESPER_HOST_LAYERS": VALIDATION_LAYER},
            guest=guest)
    try:
        prepare(vm)
        columns = [run_column(test, vm, client) for client in CLIENTS]
    finally:
        vm.stop()
    test.check_no_validation_message(log)
    return columns


def format_page(columns):
    lines = ["| | " + " | ".join(heading for heading, _ in columns) + " |",
             "|---" * (len(columns) + 1) + "|"]
    for row in columns[0][1]:
        lines.append(f"| {row} | " + " | ".join(cells[row] for _, cells in columns) + " |")
    return HEAD + "\n".join(lines) + "\n" + TAIL


@long
def test_page_is_true(test):
    check(NEWER_GUEST, "HESPER_TEST_NEWER_GUEST is not set: ./dev test --all does it")
    columns = run_guest(test, GUEST, 1) + run_guest(test, NEWER_GUEST, 2)
    page = format_page(columns)
    test.say(page)
    made = test.path("matrix.md")
    with open(made, "w", encoding="utf-8") as file:
        file.write(page)
    there = ""
    if os.path.exists(PAGE):
        with open(PAGE, encoding="utf-8") as file:
            there = file.read()
    check(page == there, f"docs/matrix.md is not what was seen; when that is right: "
          f"cp {os.path.relpath(made, ROOT)} docs/matrix.md")
