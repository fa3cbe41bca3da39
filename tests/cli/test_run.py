# SPDX-License-Identifier: MIT
"""`hesper run` as a command: what it refuses and how it ends, without waiting for a guest."""

import os
import signal
import socket
import subprocess
import tempfile
import time

from harness.runner import check, start, stop
from harness.vm import HESPER, free_port


def run(test, *options, env=None, timeout=60):
    """Returns the exit status and what was printed on standard error."""
    test.say("$ hesper run " + " ".join(options))
    result = subprocess.run([HESPER, "run", *options], stdin=subprocess.DEVNULL,
                            capture_output=True, timeout=timeout, check=False,
                            env={**os.environ, **(env or {})})
    errors = result.stderr.decode(errors="replace")
    test.say(f"{errors}(status {result.returncode})")
    return result.returncode, errors


def test_wrong_options(test):
    for options, part in [(["--memory", "lots"], "--memory"), (["--size", "big"], "--size"),
                          (["disk.img"], "disk.img"), (["--display", "paper"], "--display"),
                          (["--display", "vnc=0.0.0.0"], "password"),
                          (["--bogus"], "bogus")]:
        status, errors = run(test, *options)
        check(status == 2 and part in errors, f"{options}: status {status}, {errors}")


def test_no_guest(test):
    for options, expected in [([], 1), (["--exec", "true"], 125)]:
        status, errors = run(test, *options, env={"HESPER_GUEST": "/nonexistent"})
        check(status == expected, f"status {status}")
        check("/nonexistent/disk.img" in errors and "./dev demo" in errors, "no clear error")


def test_port_in_use(test):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        status, errors = run(test, "--ssh-port", str(taken.getsockname()[1]))
    check(status == 1 and "--ssh-port" in errors, "no clear error")


def test_no_qemu(test):
    status, errors = run(test, env={"PATH": "/nonexistent"})
    check(status == 1 and "qemu-system-x86_64 cannot be run" in errors, "no clear error")


def test_qemu_that_fails(test):
    status, errors = run(test, "--ssh-port", str(free_port()), "--exec", "true", "--",
                         "-device", "no-such-device")
    check(status == 125, f"status {status}")
    check("no-such-device" in errors, "QEMU's own line is missing")
    check("QEMU ended with status 1" in errors, "no clear error")


def list_processes():
    """{pid: (parent, name)} of all there are."""
    output = subprocess.run(["ps", "-e", "-o", "pid=,ppid=,comm="], stdout=subprocess.PIPE,
                            timeout=30, check=True).stdout.decode()
    rows = [line.split(None, 2) for line in output.splitlines()]
    return {int(pid): (int(parent), name) for pid, parent, name in rows}


def start_machine(test, folder):
    """hesper run, with its QEMU and its device running; and the ids of those two."""
    name = f"test-{os.getpid()}"
    process = start([HESPER, "run", "--name", name, "--ssh-port", str(free_port())],
                    env={"TMPDIR": folder}, stdout=test.log, stderr=test.log)
    end = time.monotonic() + 60
    while True:
        children = [pid for pid, (parent, child) in list_processes().items()
                    if parent == process.pid and child.startswith(("qemu", "hesper-gpu"))]
        stat = subprocess.run([HESPER, "stat", name], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=30, check=False)
        if len(children) == 2 and stat.returncode == 0:
            return process, children
        check(process.poll() is None, f"hesper run ended with status {process.returncode}")
        check(time.monotonic() < end, "the machine does not start")
        time.sleep(0.1)


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def check_gone(pids, seconds=15):
    end = time.monotonic() + seconds
    while any(is_running(pid) for pid in pids):
        check(time.monotonic() < end, f"of {pids} some still run after {seconds} s")
        time.sleep(0.1)


def end_machine(test, victim, signal_number, expected):
    """Sends a signal to hesper run (victim None), to its device or its QEMU. Returns the names of the
    files that are left."""
    with tempfile.TemporaryDirectory() as folder:
        end_machine_in(test, folder, victim, signal_number, expected)
        return os.listdir(folder)


def end_machine_in(test, folder, victim, signal_number, expected):
    process, children = start_machine(test, folder)
    try:
        names = list_processes()
        target = process.pid
        if victim:
            target = next(pid for pid in children if names[pid][1].startswith(victim))
        os.kill(target, signal_number)
        status = process.wait(30)
        check(status == expected, f"hesper run ended with status {status}, not {expected}")
        check_gone(children)
    finally:
        stop(process)


def test_interrupted(test):
    check(not end_machine(test, None, signal.SIGINT, 130), "files are left")


def test_killed(test):
    """Nobody is left to clean up; the machine ends all the same."""
    end_machine(test, None, signal.SIGKILL, -signal.SIGKILL)


def test_qemu_killed(test):
    check(not end_machine(test, "qemu", signal.SIGKILL, 1), "files are left")


def test_device_killed(test):
    check(not end_machine(test, "hesper-gpu", signal.SIGKILL, 1), "files are left")
