# SPDX-License-Identifier: MIT
"""`hesper doctor`: what it says of this host, and of hosts that lack something. Other hosts are made
of Vulkan drivers that are broken and of scripts that answer as another QEMU would."""

import json
import os
import shutil
import stat
import subprocess
import tempfile

from harness.runner import MAIN_BUILD, check
from harness.vm import HESPER

FAKE_DRIVER = os.path.join(MAIN_BUILD, "tests", "fake_icd", "libfake_icd.so")
SOFTWARE_DRIVER = "/usr/share/vulkan/icd.d/lvp_icd.json"


def diagnose(test, *options, env=None):
    """Returns the exit status and the findings as (level, topic, text, fix)."""
    result = subprocess.run([HESPER, "doctor", "--json", *options], stdin=subprocess.DEVNULL,
                            capture_output=True, timeout=120, check=False,
                            env={**os.environ, **(env or {})})
    test.say(f"{result.stdout.decode()}{result.stderr.decode(errors='replace')}"
             f"(status {result.returncode})")
    report = json.loads(result.stdout)
    check(report["works"] == (result.returncode == 0), "status and report do not agree")
    findings = [(item["level"], item["topic"], item["text"], item["fix"])
                for item in report["findings"]]
    for level, _, text, fix in findings:
        check(level == "ok" or fix, f"no fix for: {text}")
    missing = [finding for finding in findings if finding[0] == "missing"]
    check((result.returncode == 0) == (not missing), "the status does not tell what is missing")
    return result.returncode, findings


def find(findings, level, topic, part):
    """The fix of the finding that holds `part`."""
    for finding in findings:
        if finding[0] == level and finding[1] == topic and part in finding[2]:
            return finding[3]
    check(False, f"no finding '{level} {topic} ... {part}'")
    return None


def test_this_host(test):
    status, findings = diagnose(test)
    check(status == 0, f"status {status}: this host cannot run guests?")
    find(findings, "ok", "vulkan", "serves guests")
    find(findings, "ok", "machine", "window for mapped memory")
    find(findings, "ok", "qemu", "QEMU 1")
    find(findings, "ok", "memory", "can be shared")


def test_lines(test):
    """A line each, the same as in JSON, and no more."""
    _, findings = diagnose(test)
    output = test.run([HESPER, "doctor"])
    lines = output.splitlines()
    check(len(lines) == len(findings), f"{len(lines)} lines for {len(findings)} findings")
    for line, (level, topic, _, fix) in zip(lines, findings):
        check(line.split()[:2] == [level, topic], f"unexpected line: {line}")
        check(("Fix: " in line) == (fix is not None), f"the fix is missing in: {line}")


def test_wrong_options(test):
    for option in ("--bogus", "disk.img"):
        test.run([HESPER, "doctor", option], status=2)


# ---------------------------------------------------------------- QEMU

QEMU = """#!/bin/sh
case "$*" in
--version) echo 'QEMU emulator version 12.3.4 (a script)' ;;
'-device help') echo 'name "DEVICE", bus PCI INPUT' ;;
'-object help') echo '  memory-backend-memfd' ;;
'-netdev help') printf 'socket\\nuser\\n' ;;
*-qmp*) TRIAL ;;
esac
"""


def with_qemu(test, device, trial, inputs='name "vhost-user-input-pci"'):
    """The findings on a host whose QEMU is a script; `trial` is what it does as a machine."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "qemu-system-x86_64")
        with open(path, "w", encoding="utf-8") as file:
            file.write(QEMU.replace("DEVICE", device).replace("TRIAL", trial)
                       .replace("INPUT", inputs))
        os.chmod(path, stat.S_IRWXU)
        status, findings = diagnose(test, env={"PATH": f"{folder}:{os.environ['PATH']}"})
    check(status == 1, f"status {status}")
    return findings


def test_no_qemu(test):
    status, findings = diagnose(test, env={"PATH": "/nonexistent"})
    check(status == 1, f"status {status}")
    check("qemu-system-x86" in find(findings, "missing", "qemu", "cannot be run"), "no clear fix")


def test_qemu_without_the_device(test):
    findings = with_qemu(test, "vhost-user-gpu-pci", "exit 0")
    find(findings, "ok", "qemu", "QEMU 12.3.4 (a script)")
    check("QEMU 11.1" in find(findings, "missing", "qemu", "no device"), "no clear fix")


def test_qemu_without_input(test):
    findings = with_qemu(test, "vhost-user-test-device-pci", "exit 1", inputs="")
    check("vhost-user-input-pci" in find(findings, "missing", "qemu", "no keyboard"),
          "no clear fix")


def test_qemu_without_the_window(test):
    answer = ('{"return": [{"bus": 0, "devices": [{"id": {"vendor": 6900, "device": 4176}, '
              '"regions": [{"bar": 4, "size": 16384}]}]}]}')
    findings = with_qemu(test, "vhost-user-device-pci", f"echo '{answer}'")
    find(findings, "missing", "machine", "no window")


def test_qemu_that_fails(test):
    findings = with_qemu(test, "vhost-user-test-device-pci",
                         "echo 'cannot set up guest memory' >&2; exit 1")
    find(findings, "missing", "machine", "ended with status 1: cannot set up guest memory")


# ---------------------------------------------------------------- Vulkan

class Drivers:
    """A folder of manifests and libraries, for HESPER_HOST_DRIVER_FILES."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="hesper-drivers-")

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        shutil.rmtree(self.folder)

    def path(self, *names):
        path = os.path.join(self.folder, *names)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def manifest(self, name, library):
        path = self.path("manifests", name + "_icd.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"file_format_version": "1.0.0",
                       "ICD": {"library_path": library, "api_version": "1.3.0"}}, file)
        return path


def test_driver_that_crashes(test):
    with Drivers() as drivers:
        library = drivers.path("manifests", "libcrash.so")
        source = drivers.path("crash.c")
        with open(source, "w", encoding="utf-8") as file:
            file.write("__attribute__((constructor)) static void die(void) "
                       "{ __builtin_trap(); }\n")
        test.run(["cc", "-shared", "-fPIC", "-o", library, source])
        crash = drivers.manifest("crash", library)
        status, findings = diagnose(
            test, env={"HESPER_HOST_DRIVER_FILES": f"{crash}:{SOFTWARE_DRIVER}"})
        check(status == 1, f"status {status}")
        find(findings, "warning", "vulkan", f"with the driver {crash} alone")
        fix = find(findings, "missing", "vulkan", "was ended by signal")
        check(fix == f"export HESPER_HOST_DRIVER_FILES={SOFTWARE_DRIVER}", f"the fix is: {fix}")
        name, _, value = fix.removeprefix("export ").partition("=")
        status, _ = diagnose(test, env={name: value})
        check(status == 0, "the fix does not help")


def test_driver_without_its_library(test):
    with Drivers() as drivers:
        manifest = drivers.manifest("gone", "/nonexistent/libgone.so")
        status, findings = diagnose(test, env={"HESPER_HOST_DRIVER_FILES": manifest})
    check(status == 1, f"status {status}")
    find(findings, "warning", "vulkan", f"{manifest} cannot be loaded")
    find(findings, "missing", "vulkan", "no Vulkan device")


def test_driver_outside_the_sandbox(test):
    with Drivers() as drivers:
        library = drivers.path("elsewhere", "libfake.so")
        shutil.copy(FAKE_DRIVER, library)
        env = {"HESPER_HOST_DRIVER_FILES": drivers.manifest("fake", library)}
        status, findings = diagnose(test, env=env)
        check(status == 1, f"status {status}")
        fix = find(findings, "warning", "vulkan", "not inside the sandbox")
        check("HESPER_SANDBOX_READ" in fix, f"the fix is: {fix}")
        env["HESPER_SANDBOX_READ"] = os.path.dirname(library)
        status, findings = diagnose(test, env=env)
        check(status == 0, "the fix does not help")
        find(findings, "ok", "vulkan", "serves guests")


def test_missing_layer(test):
    """No driver is to blame for it."""
    status, findings = diagnose(test, env={"HESPER_HOST_LAYERS": "VK_LAYER_nobody_has"})
    check(status == 1, f"status {status}")
    fix = find(findings, "missing", "vulkan", "there is no layer VK_LAYER_nobody_has here")
    check("unset HESPER_HOST_LAYERS" in fix, f"the fix is: {fix}")
    check(not any("driver" in text for _, topic, text, _ in findings if topic == "vulkan"),
          "a driver is blamed")


def test_sandbox_switched_off(test):
    status, findings = diagnose(test, env={"HESPER_SANDBOX": "off"})
    check(status == 0, f"status {status}")
    find(findings, "warning", "sandbox", "HESPER_SANDBOX=off")


# ---------------------------------------------------------------- the rest

def test_no_guest(test):
    status, findings = diagnose(test, env={"HESPER_GUEST": "/nonexistent"})
    check(status == 0, "a default guest is not needed")
    fix = find(findings, "warning", "guest", "/nonexistent/disk.img")
    check("./dev demo" in fix, f"the fix is: {fix}")


def test_no_runtime_folder(test):
    _, findings = diagnose(test, env={"XDG_RUNTIME_DIR": "/nonexistent"})
    fix = find(findings, "warning", "machine", "no hesper screenshot")
    check("XDG_RUNTIME_DIR" in fix, f"the fix is: {fix}")


def test_display_servers(test):
    nobody = {"WAYLAND_DISPLAY": "", "DISPLAY": ""}
    _, findings = diagnose(test, env=nobody)
    find(findings, "warning", "display", "no display server")
    _, findings = diagnose(test, env={**nobody, "WAYLAND_DISPLAY": "/nonexistent/wayland-0"})
    find(findings, "warning", "display", "Wayland does not answer")


# ---------------------------------------------------------------- guests

SSH = """#!/bin/sh
echo "$*" >>"$0.log"
REST
"""


def ask_guest(test, rest, *options):
    """The findings when ssh is a script, and how it was called."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "ssh")
        with open(path, "w", encoding="utf-8") as file:
            file.write(SSH.replace("REST", rest))
        os.chmod(path, stat.S_IRWXU)
        status, findings = diagnose(test, "--guest", *options,
                                    env={"PATH": f"{folder}:{os.environ['PATH']}"})
        with open(path + ".log", encoding="utf-8") as file:
            return status, findings, file.read().strip()


def test_guest_without_a_gpu(test):
    """This machine stands in for a guest: it has no virtio-gpu, and a driver for the CPU."""
    status, findings, call = ask_guest(test, "exec sh", "--ssh", "me@[::1]:77")
    check(status == 1, f"status {status}")
    check(call.endswith("-p 77 -- me@::1 sh -s"), f"ssh was called with: {call}")
    find(findings, "ok", "guest", "Linux")
    find(findings, "missing", "device", "no virtio-gpu")
    find(findings, "warning", "vulkan", "programs get llvmpipe")


def test_guest_behind_a_name(test):
    _, _, call = ask_guest(test, "exec sh", "--ssh", "box")
    check(call.endswith("-- box sh -s") and "-p" not in call.split(), f"called with: {call}")


def test_guest_that_is_not_there(test):
    status, findings, call = ask_guest(test, "echo 'no route' >&2; exit 255", "--ssh-port", "99")
    check(status == 1 and "-p 99 root@127.0.0.1" in call, f"ssh was called with: {call}")
    find(findings, "missing", "guest", "status 255: no route")


def test_guest_options(test):
    for options in (["--ssh", "-oProxyCommand=x", "--guest"], ["--ssh", "box"],
                    ["--guest", "--ssh", "box:lots"], ["--guest", "--ssh-port", "0"]):
        test.run([HESPER, "doctor", *options], status=2)
