# SPDX-License-Identifier: MIT
"""What renderers get of guest RAM. The host may have no /dev/udmabuf; the guest's kernel has, so
the guest plays the host here, with fake VMMs."""

import glob
import os
import shlex
import shutil

from harness.runner import BUILD, MAIN_BUILD, check
from harness.vm import in_guest
from vm.guest import get_vm

# Libraries of hesper-gpu that a plain guest does not have.
LIBRARIES = ("libuv.so.1", "libjson-c.so.5")


def run_in_guest(test, program, environment=""):
    output = get_vm(test).ssh(f"{environment} {in_guest(os.path.join(MAIN_BUILD, program))}",
                              log=test.log)
    check("\nok " in "\n" + output and "not ok" not in output, f"{program} failed")


def test_udmabuf(test):
    run_in_guest(test, "src/base/test_udmabuf")


def test_access_of_renderers(test):
    libraries = test.path("libraries")
    os.makedirs(libraries, exist_ok=True)
    for library in LIBRARIES:
        shutil.copy(glob.glob(f"/usr/lib/*/{library}")[0], libraries)
    # The programs know each other by their absolute paths.
    get_vm(test).ssh(f"mkdir -p {shlex.quote(os.path.dirname(BUILD))} && "
                     f"ln -sfn /mnt/host {shlex.quote(BUILD)}")
    run_in_guest(test, "tests/device/test_device_guest_ram",
                 f"LD_LIBRARY_PATH={in_guest(libraries)}")
