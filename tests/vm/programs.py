# SPDX-License-Identifier: MIT
"""Stock programs of the guest, and what must be seen of each. All take the environment of a Vulkan
client, as in vm.guest; a harness.runner.Failure says what is wrong."""

import os
import re

from harness.runner import MAIN_BUILD, check
from harness.vm import in_guest
from vm.session import LABWC, WESTON, ZINK, Session
from vm.shown import Shown, has_colors, is_near

LAYER = in_guest(os.path.join(MAIN_BUILD, "tests", "programs"))
# Gives the screen to programs that only know VK_KHR_display.
DISPLAY_LAYER = f"VK_LAYER_PATH={LAYER} VK_INSTANCE_LAYERS=VK_LAYER_HESPER_display"
GREY = (51, 51, 51)  # vkcube's background


def holds_vkcube(picture):
    """A window of vkcube's is somewhere on the screen."""
    colors = picture.getcolors(1 << 24)
    return len(colors) > 200 and \
        sum(count for count, color in colors if is_near(color, GREY, 2)) > 20000


def check_moves(shown, is_right):
    """The right picture appears, and changes: frames follow one another."""
    before = shown.wait_for_picture(is_right).tobytes()
    shown.wait_for_picture(lambda later: later.tobytes() != before and is_right(later))


# -------------------------------------------------------------------- on the bare screen


def full_screen(test, vm, command, process_name):
    """A program of which each frame is its own image on the screen; nothing is copied."""
    shown = Shown(test, vm, command)
    check_moves(shown, has_colors(50))
    _, copied = shown.measure()
    check(copied == 0, f"the host copied {copied:.0f} bytes per frame")
    shown.finish(process_name)


def kms_vkmark(test, vm, client):
    """Images that GBM made are rendered into by Vulkan and flipped to."""
    full_screen(test, vm, f"{client} vkmark --winsys kms -b vertex:duration=100", "vkmark")


def display_vkmark(test, vm, client):
    """A swapchain of VK_KHR_display, which has no other mode than fifo."""
    full_screen(test, vm, f"{client} {DISPLAY_LAYER} vkmark --winsys display -p fifo "
                "-b vertex:duration=100", "vkmark")


def headless_vkmark(test, vm, client):
    output = vm.ssh(f"{client} vkmark --winsys headless -b :duration=0.5", timeout=600,
                    log=test.log)
    check(output.count("FPS:") >= 10 and "vkmark Score" in output, "vkmark ran too few scenes")


def zink(test, vm, client):
    """OpenGL programs get a driver that is a Vulkan program."""
    output = vm.ssh(f"{client} {ZINK} eglinfo -B -p gbm", timeout=180, log=test.log)
    check(re.search(r"renderer: zink Vulkan 1\.\d\(Virtio-GPU Venus", output),
          "eglinfo shows no zink over Venus")
    # It ends when there is something to read on its standard input, be it the end.
    vm.ssh("test -e /tmp/silence || mkfifo /tmp/silence")
    full_screen(test, vm, f"{client} {ZINK} kmscube <>/tmp/silence", "kmscube")


# -------------------------------------------------------------------- under a compositor


def show_vkcube(session, options, client=None):
    cube = session.show(f"vkcube {options}", client)
    check_moves(cube, holds_vkcube)
    cube.measure(2)
    cube.finish("vkcube")
    session.check_runs()


def run_vkmark(session, options, client=None):
    output = session.run(f"vkmark -s 320x240 -b vertex:duration=2 {options}", client)
    score = re.search(r"vkmark Score: (\d+)", output)
    check(score and int(score.group(1)) > 0, f"vkmark {options} drew nothing")
    session.check_runs()


def use_session(test, vm, client, compositor, use):
    session = Session(test, vm, compositor, client)
    try:
        use(session)
    finally:
        session.finish()


def show_clients(session):
    show_vkcube(session, "--wsi wayland")
    show_vkcube(session, "--wsi xcb")


def run_modes(session, winsys):
    for mode in ("mailbox", "fifo", "immediate"):
        run_vkmark(session, f"--winsys {winsys} -p {mode}")


def run_clients(session):
    """Each way to present, on Wayland and on X11."""
    for winsys in ("wayland", "xcb"):
        run_modes(session, winsys)


def show_and_run_clients(session):
    show_clients(session)
    run_clients(session)


def weston(test, vm, client, use=show_and_run_clients):
    use_session(test, vm, client, WESTON, use)


def labwc(test, vm, client, use=show_and_run_clients):
    use_session(test, vm, client, LABWC, use)
