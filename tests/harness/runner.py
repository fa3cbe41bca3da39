# SPDX-License-Identifier: MIT
"""Running tests one after the other: names, times, logs, the final count."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, "build")
MAIN_BUILD = os.path.join(BUILD, "main")
LOGS = os.path.join(BUILD, "test-logs")

# What the Khronos validation layer prints.
VALIDATION_MESSAGE = re.compile(r"VUID-|Validation (Error|Warning|Performance)|UNASSIGNED-")
# A warning about shaders of Mesa's zink, natively as in a guest: they write outputs that no attachment
# takes, which is valid.
VALID_ALL_THE_SAME = "[ Undefined-Value-ShaderOutputNotConsumed-DynamicRendering ]"
VALIDATION_LAYER = "VK_LAYER_KHRONOS_validation"


class Failure(Exception):
    """A test has failed; the text says why, in one line."""


def check(condition, why):
    """Ends the test unless the condition holds."""
    if not condition:
        raise Failure(why)


class Test:
    """What a test function gets: a log, and ways to run programs that end up in it."""

    def __init__(self, runner, name):
        self.runner = runner
        self.name = name
        self.log_path = os.path.join(LOGS, name.replace("/", "-") + ".log")
        # Lines, so that programs that write to the same file do not overtake us.
        self.log = open(self.log_path, "w", buffering=1, encoding="utf-8")

    def say(self, text):
        self.log.write(text + "\n")

    def path(self, name):
        """A file beside the log."""
        return os.path.splitext(self.log_path)[0] + "-" + name

    def run(self, command, timeout=60, status=0, env=None, cwd=ROOT):
        """Runs a program and returns what it printed on standard output. Its exit status must be
        `status`, unless that is None. `env` adds variables."""
        self.say("$ " + shlex.join(command))
        process = start(command, env=env, cwd=cwd, stdout=subprocess.PIPE, stderr=self.log)
        try:
            output, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            stop(process)
            raise Failure(f"{command[0]} did not end within {timeout} s") from None
        finally:
            stop(process)
        output = output.decode(errors="replace")
        self.say(output)
        self.say(f"(status {process.returncode})")
        if status is not None:
            check(process.returncode == status,
                  f"{command[0]} ended with status {process.returncode}, not {status}")
        return output

    def check_no_validation_message(self, path=None):
        """No line of a log is a message of the validation layer."""
        path = path or self.log_path
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                if VALIDATION_MESSAGE.search(line) and VALID_ALL_THE_SAME not in line:
                    raise Failure(f"validation layer: {line.strip()[:200]}")


def start(command, env=None, **options):
    """A child in a process group of its own."""
    return subprocess.Popen(command, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL,
                            start_new_session=True, **options)


def stop(process, signal_number=signal.SIGKILL, timeout=30):
    """Ends what `start` started, and everything in its group."""
    try:
        os.killpg(process.pid, signal_number)
    except ProcessLookupError:
        pass
    try:
        process.wait(timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


class Runner:
    """Runs tests as they are added and counts."""

    def __init__(self, names, run_long, only_list):
        self.names = names
        self.run_long = run_long
        self.only_list = only_list
        self.passed = 0
        self.failed = []
        self.started = time.monotonic()
        self.cleanups = []

    def __enter__(self):
        os.makedirs(LOGS, exist_ok=True)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        # nohup, and shells for background jobs, have these ignored; that must not be inherited by
        # the programs under test, as a handler is not.
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
            if signal.getsignal(number) == signal.SIG_IGN:
                signal.signal(number, lambda *_: None)
        return self

    def __exit__(self, kind, value, trace):
        for cleanup in reversed(self.cleanups):
            cleanup()

    def at_end(self, cleanup):
        self.cleanups.append(cleanup)

    def wants(self, name, is_long=False):
        """Whether a test of this name is to run (and its name printed, for --list)."""
        if is_long and not self.run_long:
            return False
        if self.names and not any(part in name for part in self.names):
            return False
        if self.only_list:
            print(name)
            return False
        return True

    def report(self, name, seconds, why=None, log_path=None):
        if why is None:
            self.passed += 1
            print(f"ok   {name:<48} {seconds:7.1f} s", flush=True)
            return
        self.failed.append(name)
        print(f"FAIL {name:<48} {seconds:7.1f} s  {why}", flush=True)
        if log_path:
            print(f"     log: {os.path.relpath(log_path, ROOT)}", flush=True)

    def run(self, name, function, is_long=False):
        """Runs `function(test)` as the test `name`. Returns whether it passed (or was not
        wanted)."""
        if not self.wants(name, is_long):
            return True
        if sys.stdout.isatty():
            print(f"...  {name}", end="\r", flush=True)
        test = Test(self, name)
        began = time.monotonic()
        why = None
        try:
            function(test)
        except Failure as failure:
            why = str(failure)
        except Exception as error:  # a bug in a test is a failed test, not the end of the run
            test.say(traceback.format_exc())
            why = f"{type(error).__name__}: {error}"
        test.log.close()
        self.report(name, time.monotonic() - began, why, test.log_path)
        return why is None

    def finish(self):
        if self.only_list:
            return 0
        for name in self.failed:
            print(f"failed: {name}")
        if self.names and self.passed + len(self.failed) == 0:
            self.failed.append("no test has such a name")
            print(self.failed[-1])
        print(f"{time.monotonic() - self.started:.0f} s in all")
        print(f"{self.passed} passed, {len(self.failed)} failed", flush=True)
        return 1 if self.failed else 0
