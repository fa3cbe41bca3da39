# SPDX-License-Identifier: MIT
"""What the tests of `hesper exec` share: the two Mesa clients, and running a program with one of
them. The host side always has the validation layer, and its log is always read."""

import os
import shutil
import sys
import time

from harness.runner import MAIN_BUILD, VALIDATION_LAYER, check, start, stop

HESPER = os.path.join(MAIN_BUILD, "src", "cli", "hesper")
RENDERER = os.path.join(MAIN_BUILD, "src", "render", "hesper-render")
PROGRAMS = os.path.join(MAIN_BUILD, "tests", "programs")
DEMOS = os.path.join(MAIN_BUILD, "demos")
INVALID = os.path.join(MAIN_BUILD, "tests", "vtest", "invalid")
SIGNAL_TWICE = os.path.join(MAIN_BUILD, "tests", "vtest", "signal-twice")

# Their name in tests' names, and HESPER_GUEST_ICD.
CLIENTS = {
    "mesa_26_1": None,
    "mesa_25_0": os.environ.get("HESPER_TEST_ICD_25",
                                "/opt/mesa-25.0/share/vulkan/icd.d/virtio_icd.json"),
}


def for_each_client(function):
    """Makes test_NAME_mesa_26_1(test) and test_NAME_mesa_25_0(test) of test_NAME(test, client)."""
    module = sys.modules[function.__module__]
    for name in CLIENTS:
        def run(test, client=name):
            return function(test, client)
        run.is_long = getattr(function, "is_long", False)
        setattr(module, f"{function.__name__}_{name}", run)


def environment(client, validation=True, **extra):
    env = {"HESPER_HOST_LAYERS": VALIDATION_LAYER if validation else "", **extra}
    if CLIENTS[client]:
        check(os.path.exists(CLIENTS[client]), f"there is no {CLIENTS[client]}")
        env["HESPER_GUEST_ICD"] = CLIENTS[client]
    return env


def read(path):
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def check_renderer_log(test, path):
    """The renderers had nothing to complain about, nor had the validation layer."""
    test.say("renderers' log:\n" + read(path))
    test.check_no_validation_message(path)
    for line in read(path).splitlines():
        check(" warning: " not in line and " error: " not in line, f"renderer: {line}")


class Exec:
    """`hesper exec -- COMMAND` that runs in the background. Its renderers' log is a file."""

    def __init__(self, test, command, client="mesa_26_1", validation=True, **env):
        self.test = test
        self.log_path = test.path("renderer.log")
        if os.path.exists(self.log_path):
            os.unlink(self.log_path)
        self.temporary = test.path("run")
        shutil.rmtree(self.temporary, ignore_errors=True)
        os.makedirs(self.temporary)
        arguments = [HESPER, "exec", "--log", self.log_path, "--", *command]
        test.say("$ " + " ".join(arguments))
        self.process = start(
            arguments,
            env=environment(client, validation, XDG_RUNTIME_DIR=self.temporary, **env),
            stdout=test.log, stderr=test.log)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        stop(self.process)

    def wait(self, timeout=60):
        """The exit status. All renderers must be gone, and the socket's directory."""
        end = time.monotonic() + timeout
        while self.process.poll() is None:
            check(time.monotonic() < end, f"hesper exec did not end within {timeout} s")
            time.sleep(0.02)
        check(not os.listdir(self.temporary), "the socket's directory was left behind")
        return self.process.returncode

    def children(self, name):
        return [pid for pid in children_of(self.process.pid) if name_of(pid) == name]

    def wait_for_child(self, name, timeout=20):
        end = time.monotonic() + timeout
        while True:
            found = self.children(name)
            if found:
                return found[0]
            check(time.monotonic() < end, f"no {name} was started within {timeout} s")
            time.sleep(0.02)

    def check_renderer_log(self):
        check_renderer_log(self.test, self.log_path)


def run(test, command, client="mesa_26_1", timeout=60, status=0, **env):
    """Runs a program to its end; it and the renderers must be content."""
    with Exec(test, command, client, **env) as running:
        ended = running.wait(timeout)
        running.check_renderer_log()
    check(ended == status, f"{os.path.basename(command[0])} ended with status {ended}, not {status}")


def check_same_picture(native, through):
    """Of two files: what the native driver drew, and what came through hesper."""
    with open(native, "rb") as a, open(through, "rb") as b:
        check(a.read() == b.read(), "the picture differs from the native driver's")


def demo(name, *arguments):
    return [os.path.join(DEMOS, name, name), *arguments]


def program(name, *arguments):
    return [os.path.join(PROGRAMS, name), *arguments]


# ------------------------------------------------------------------ /proc


def children_of(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def name_of(pid):
    """The file name of a process's program (comm ends after 15 bytes)."""
    try:
        return os.path.basename(os.readlink(f"/proc/{pid}/exe"))
    except OSError:
        return ""


def is_alive(pid):
    """A zombie counts as dead."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def usage_of(pid):
    """What must not grow in a process: kilobytes of memory, descriptors, threads, mappings."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        fields = dict(line.split(":", 1) for line in file if ":" in line)
    with open(f"/proc/{pid}/maps", encoding="ascii", errors="replace") as file:
        mappings = sum(1 for _ in file)
    return {
        "rss_kb": int(fields["VmRSS"].split()[0]),
        "fds": len(os.listdir(f"/proc/{pid}/fd")),
        "threads": int(fields["Threads"]),
        "mappings": mappings,
    }
