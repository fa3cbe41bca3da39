# SPDX-License-Identifier: MIT
"""The one guest that the VM tests share, with the validation layer under hesper's renderer."""

import os

from harness.cube import CUBE
from harness.runner import LOGS, MAIN_BUILD, VALIDATION_LAYER, Failure
from harness.vm import VM, in_guest

PROGRAMS = os.path.join(MAIN_BUILD, "tests", "programs")
LOG = os.path.join(LOGS, "vm.log")  # of hesper run: the device and its renderers write there too

# Environments in the guest. It has the software driver too, which must not stand in for Venus.
VENUS = "VK_LOADER_DRIVERS_SELECT='*virtio*'"
VENUS_25_0 = "VK_DRIVER_FILES=/opt/mesa-25.0/share/vulkan/icd.d/virtio_icd.json"

_state = {}


def get_vm(test):
    """The running guest; boots it for the first test. After a boot that failed, every test fails
    at once."""
    if "why" in _state:
        raise Failure(f"there is no guest: {_state['why']}")
    if "vm" not in _state:
        try:
            _state["vm"] = VM(LOG, f"test-{os.urandom(4).hex()}",
                              env={"HESPER_HOST_LAYERS": VALIDATION_LAYER})
            test.runner.at_end(stop_vm)
            prepare(_state["vm"])
        except Failure as failure:
            _state["why"] = str(failure)
            raise
    return _state["vm"]


def stop_vm():
    """Ends the guest; the next get_vm boots another. Returns the status of hesper run, or None if
    there was no guest."""
    vm = _state.pop("vm", None)
    return vm.stop() if vm else None


def prepare(vm):
    """Programs run from the guest's own memory: what they do must not wait for a shared folder."""
    vm.ssh(f"cp {in_guest(CUBE)} {in_guest(PROGRAMS)}/*-check /tmp/")


def read_context_count(vm):
    return len(vm.stat()["contexts"])
