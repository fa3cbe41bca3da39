# SPDX-License-Identifier: MIT
"""`hesper doctor --guest` against the guest: that all is well, and why not when parts are taken
away."""

import json
import subprocess

from harness.runner import check
from harness.vm import HESPER
from vm.guest import get_vm

MANIFEST = "/usr/share/vulkan/icd.d/virtio_icd.json"


def diagnose(test, vm):
    """The exit status and the findings as (level, topic, text, fix)."""
    result = subprocess.run([HESPER, "doctor", "--guest", "--json", "--ssh-port", str(vm.port)],
                            stdin=subprocess.DEVNULL, capture_output=True, timeout=300,
                            check=False)
    test.say(result.stdout.decode() + result.stderr.decode(errors="replace"))
    findings = [(item["level"], item["topic"], item["text"], item["fix"])
                for item in json.loads(result.stdout)["findings"]]
    return result.returncode, findings


def find(findings, level, topic, part):
    """The fix of the finding that holds `part`."""
    for finding in findings:
        if finding[0] == level and finding[1] == topic and part in finding[2]:
            return finding[3]
    check(False, f"no finding '{level} {topic} ... {part}'")
    return None


def test_guest(test):
    status, findings = diagnose(test, get_vm(test))
    check(status == 0, f"status {status}")
    find(findings, "ok", "guest", "Debian GNU/Linux 13")
    find(findings, "ok", "device", "window for mapped memory")
    find(findings, "ok", "vulkan", "Mesa 26")


def test_guest_without_mesa(test):
    """Programs fall back to llvmpipe, and are told why."""
    vm = get_vm(test)
    vm.ssh(f"mv {MANIFEST} {MANIFEST}.away")
    try:
        status, findings = diagnose(test, vm)
    finally:
        vm.ssh(f"mv {MANIFEST}.away {MANIFEST}")
    check(status == 1, f"status {status}")
    find(findings, "warning", "vulkan", "programs get llvmpipe")
    check("mesa-vulkan-drivers" in find(findings, "missing", "mesa", "no Venus driver"),
          "no clear fix")
