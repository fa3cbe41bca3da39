# SPDX-License-Identifier: MIT
"""`hesper exec` as a command: statuses, signals, what it leaves behind, and what happens when a
client or a renderer dies."""

import glob
import os
import signal
import subprocess
import time

from harness.runner import check, start, stop
from vtest.client import HESPER, Exec, environment, for_each_client, is_alive, program, read

ENDLESS = ["vkmark", "--winsys", "headless", "-b", "vertex:duration=600"]


def status_of(test, *command, **env):
    test.say("$ hesper exec -- " + " ".join(command))
    with Exec(test, list(command), validation=False, **env) as running:
        return running.wait()


def test_exit_status(test):
    check(status_of(test, "true") == 0, "true")
    check(status_of(test, "sh", "-c", "exit 7") == 7, "exit 7")
    check(status_of(test, "sh", "-c", "kill -KILL $$") == 128 + signal.SIGKILL, "killed")
    check(status_of(test, "/nonexistent") == 127, "no such program")
    check(status_of(test, "/etc/passwd") == 126, "not executable")
    check(status_of(test, "true", HESPER_RENDER="/nonexistent") == 125, "no renderer")


def test_bad_arguments(test):
    for arguments in [[], ["--bogus"], ["--log"]]:
        result = subprocess.run([HESPER, "exec", *arguments], capture_output=True, check=False,
                                timeout=10)
        check(result.returncode == 2, f"{arguments}: status {result.returncode}")
        check(b"hesper exec --help" in result.stderr, f"{arguments}: no hint")
    output = test.run([HESPER, "exec", "--help"])
    check(output.startswith("usage: hesper exec"), "no help")


def test_log_that_cannot_be_written(test):
    result = subprocess.run([HESPER, "exec", "--log", "/nonexistent/x", "--", "true"],
                            capture_output=True, check=False, timeout=10)
    check(result.returncode == 125 and b"/nonexistent/x" in result.stderr, "no clear error")


def test_standard_streams_are_the_programs(test):
    """Nothing of hesper or its renderers mixes into CMD's output."""
    result = subprocess.run([HESPER, "exec", "--", "sh", "-c",
                             "cat; vulkaninfo >/dev/null 2>&1; echo out; echo err >&2"],
                            input=b"in\n", capture_output=True, check=False, timeout=30,
                            env={**os.environ, **environment("mesa_26_1")})
    check(result.stdout == b"in\nout\n", f"standard output is {result.stdout}")
    check(result.stderr == b"err\n", f"standard error is {result.stderr}")


def test_environment_of_the_command(test):
    output = test.run([HESPER, "exec", "--", "env"], env={"VN_DEBUG": "result"})
    variables = dict(line.split("=", 1) for line in output.splitlines() if "=" in line)
    check(variables["VN_DEBUG"] == "result,vtest", "VN_DEBUG")
    check(variables["VK_DRIVER_FILES"].endswith("json"), "VK_DRIVER_FILES")
    check(not os.path.exists(os.path.dirname(variables["VTEST_SOCKET_NAME"])), "directory left")


def test_signals_reach_the_command(test):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        with Exec(test, ["sleep", "600"], validation=False) as running:
            running.wait_for_child("sleep")
            os.kill(running.process.pid, number)
            check(running.wait() == 128 + number, f"signal {number}")


def test_sigpipe_ends_the_command(test):
    """hesper ignores SIGPIPE for itself only."""
    with Exec(test, ["sh", "-c", "kill -PIPE $$"], validation=False) as running:
        check(running.wait() == 128 + signal.SIGPIPE, "SIGPIPE is ignored in the command")


@for_each_client
def test_killed_client(test, client):
    with Exec(test, ENDLESS, client) as running:
        renderer = running.wait_for_child("hesper-render")
        time.sleep(1)
        os.kill(running.wait_for_child("vkmark"), signal.SIGKILL)
        check(running.wait() == 128 + signal.SIGKILL, "exit status")
        check(not is_alive(renderer), "the renderer outlived its client")
        running.check_renderer_log()


@for_each_client
def test_killed_renderer(test, client):
    """The client sees no sign of life in its ring and gives up; Mesa takes 3.5 s, or 7."""
    with Exec(test, ENDLESS, client) as running:
        renderer = running.wait_for_child("hesper-render")
        time.sleep(1)
        os.kill(renderer, signal.SIGKILL)
        began = time.monotonic()
        status = running.wait(30)
        test.say(f"the client ended {time.monotonic() - began:.1f} s later, status {status}")
        check(status == 128 + signal.SIGABRT, f"the client ended with status {status}")
    check("hesper-render" in read(test.log_path) and "signal 9" in read(test.log_path),
          "hesper exec did not say what happened")


@for_each_client
def test_renderer_that_dies_while_the_client_reads(test, client):
    """The client has sent its first messages and waits for the answer: it must not spin."""
    script = test.path("renderer.sh")
    with open(script, "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\nsleep 0.5\nkill -KILL $$\n")
    os.chmod(script, 0o755)
    began = time.monotonic()
    with Exec(test, ["vulkaninfo", "--summary"], client, HESPER_RENDER=script) as running:
        status = running.wait(10)
    check(status == 128 + signal.SIGABRT, f"the client ended with status {status}")
    check(time.monotonic() - began < 5, "the client waited for a dead renderer")


def test_killed_exec_takes_the_renderers_along(test):
    with Exec(test, ENDLESS) as running:
        renderer = running.wait_for_child("hesper-render")
        client = running.wait_for_child("vkmark")
        os.kill(running.process.pid, signal.SIGKILL)
        running.process.wait()
        end = time.monotonic() + 20
        while is_alive(renderer) or is_alive(client):
            check(time.monotonic() < end, "a process of a killed hesper exec lives on")
            time.sleep(0.1)


def test_background_program_loses_its_device(test):
    """CMD ends, what it left in the background is cut off after a while: no lingering."""
    command = ["sh", "-c", " ".join(ENDLESS) + " >/dev/null 2>&1 & sleep 1"]
    with Exec(test, command) as running:
        began = time.monotonic()
        check(running.wait(40) == 0, "exit status")
        check(8 < time.monotonic() - began < 25, "the grace time is 10 s")


def test_too_long_runtime_directory(test):
    """A socket's path has 107 bytes; clients do not check."""
    directory = test.path("x" * 90)
    os.makedirs(directory, exist_ok=True)
    output = test.run([HESPER, "exec", "--", "sh", "-c", "echo $VTEST_SOCKET_NAME"],
                      env={"XDG_RUNTIME_DIR": directory})
    check(output.startswith("/tmp/hesper-"), f"the socket is {output}")


def test_sandbox_is_on(test):
    with Exec(test, ENDLESS) as running:
        renderer = running.wait_for_child("hesper-render")
        time.sleep(1)
        fields = dict(line.split(":\t", 1) for line in read(f"/proc/{renderer}/status").splitlines()
                      if ":\t" in line)
    check(fields["NoNewPrivs"] == "1", "privileges can be gained")
    check(fields["Seccomp"] == "2", "no system call filter")
    check(int(fields["CapEff"], 16) == 0 and int(fields["CapPrm"], 16) == 0, "capabilities")


def test_stdin_is_not_needed(test):
    """Closed standard streams are the caller's choice."""
    process = start(["sh", "-c", f"exec '{HESPER}' exec -- vulkaninfo --summary <&- >&- 2>&-"],
                    env=environment("mesa_26_1"))
    try:
        check(process.wait(30) in (0, 1), f"status {process.returncode}")
    finally:
        stop(process)


def test_wrong_answer_in_the_cache_heals(test):
    """The renderer keeps which memory types take host pointers; a wrong answer fails one program, with
    a clear error, and is forgotten."""
    cache = test.path("cache")
    os.makedirs(cache, exist_ok=True)
    command = program("memory-check", "--loops=2")
    check(status_of(test, *command, XDG_CACHE_HOME=cache) == 0, "without a cache")
    kept = glob.glob(os.path.join(cache, "hesper", "render", "host-pointer-types-*"))
    check(len(kept) == 1, f"kept answers: {kept}")
    right = read(kept[0])
    for wrong in ["80\n", "", "x\n", "1"]:
        with open(kept[0], "w", encoding="ascii") as file:
            file.write(wrong)
        status = status_of(test, *command, XDG_CACHE_HOME=cache)
        check(status == (1 if wrong == "80\n" else 0), f"{wrong!r}: status {status}")
        check(status_of(test, *command, XDG_CACHE_HOME=cache) == 0, f"{wrong!r} did not heal")
        check(read(kept[0]) == right, f"{wrong!r} is still kept")
