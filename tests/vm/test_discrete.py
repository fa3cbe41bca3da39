# SPDX-License-Identifier: MIT
"""A guest whose GPU is the discrete one of tests/programs/discrete_layer.c: its linear images are no
colour attachments, and what can be shared is not the GPU's own memory. What the guest shows are
staged images, or copies that Mesa's newer client makes."""

import os

from harness.cube import CUBE
from harness.runner import LOGS, MAIN_BUILD, VALIDATION_LAYER, check
from harness.vm import VM, in_guest
from vm import programs
from vm.guest import PROGRAMS, VENUS, VENUS_25_0, prepare
from vm.session import LABWC

LOG = os.path.join(LOGS, "vm-discrete.log")
CLIENTS = (VENUS, VENUS_25_0)
IMPORT_GBM = os.path.join(MAIN_BUILD, "demos", "import-gbm", "import-gbm")


def check_on_the_bare_screen(test, vm, client):
    output = vm.ssh(f"{client} {in_guest(CUBE)} --present=zero-copy --frames=60", log=test.log)
    check(" 0 bytes copied" in output, "a CPU copied the cube's frames")
    check("(discrete (" in vm.ssh(f"{client} vulkaninfo --summary"), "the layer is not there")
    vm.ssh(f"{client} /tmp/share-check && {client} {in_guest(IMPORT_GBM)}", log=test.log)
    programs.kms_vkmark(test, vm, client)


def show_windows(session):
    """Of both clients; the compositor's is the older one, see docs/limitations.md."""
    for client in CLIENTS:
        programs.show_vkcube(session, "--wsi wayland", client)
        programs.run_vkmark(session, "--winsys wayland", client)


def test_guest(test):
    vm = VM(LOG, f"discrete-{os.urandom(4).hex()}",
            env={"HESPER_HOST_LAYERS": f"{VALIDATION_LAYER}:VK_LAYER_HESPER_discrete",
                 "VK_ADD_LAYER_PATH": PROGRAMS})
    try:
        prepare(vm)
        for client in CLIENTS:
            check_on_the_bare_screen(test, vm, client)
        programs.labwc(test, vm, VENUS_25_0, show_windows)
    finally:
        vm.stop()
    test.check_no_validation_message(LOG)
