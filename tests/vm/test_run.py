# SPDX-License-Identifier: MIT
"""`hesper run` as people use it, with a guest of its own: the command's status and picture."""

import os

from PIL import Image

from harness.cube import CUBE
from harness.runner import BUILD, check
from harness.vm import HESPER, free_port, in_guest
from vm.guest import VENUS


def test_exec(test):
    picture = test.path("screen.png")
    command = (f"export {VENUS}; {in_guest(CUBE)} --present=zero-copy --seconds=20; "
               "echo \"from the guest: $(cat /proc/sys/kernel/hostname)\"; exit 7")
    output = test.run([HESPER, "run", "--ssh-port", str(free_port()), "--share", BUILD,
                       "--size", "800x600", "--cpus", "2", "--memory", "1G",
                       "--screenshot", picture, "--screenshot-after", "12", "--exec", command],
                      timeout=400, status=7)
    check("from the guest: hesper-guest" in output, "the command's output is missing")
    check(os.path.exists(picture), "there is no screenshot")
    shown = Image.open(picture).convert("RGB")
    check(shown.size == (800, 600), f"the screenshot has the size {shown.size}")
    check(len(shown.getcolors(1 << 24)) > 100, "the screenshot shows no cube")
