# SPDX-License-Identifier: MIT
"""A virtual machine of `hesper run`, for tests and demos."""

import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from harness.runner import BUILD, MAIN_BUILD, Failure, check, start, stop

HESPER = os.path.join(MAIN_BUILD, "src", "cli", "hesper")
GUEST = os.environ.get("HESPER_GUEST", "")
BOOT_TIMEOUT = 300  # seconds; an emulated guest on a busy machine


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class VM:
    """A guest that is up. Its /mnt/host is the build folder of this checkout."""

    def __init__(self, log_path, name, env=None, options=(), guest=GUEST):
        self.name = name
        self.guest = guest  # a folder that ./dev has made
        self.port = free_port()
        self.log_path = log_path
        self.folder = tempfile.mkdtemp(prefix="hesper-vm-")
        with open(log_path, "wb") as log:
            self.process = start(
                [HESPER, "run", "--name", name, "--ssh-port", str(self.port), "--share", BUILD,
                 *options],
                env={"HESPER_GUEST": guest, **(env or {})}, stdout=log, stderr=log)
        try:
            self.wait_until_up()
        except BaseException:
            self.stop()
            raise

    # ---------------------------------------------------------------- life

    def read_log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def wait_until_up(self):
        end = time.monotonic() + BOOT_TIMEOUT
        while "the guest is up" not in self.read_log():
            check(self.process.poll() is None,
                  f"hesper run ended with status {self.process.returncode} before the guest was up")
            check(time.monotonic() < end, f"the guest is not up after {BOOT_TIMEOUT} s")
            time.sleep(0.2)

    def wait_for_ssh(self, timeout=BOOT_TIMEOUT):
        """Waits until a command runs, after a reboot."""
        end = time.monotonic() + timeout
        while True:
            try:
                self.ssh("true", timeout=30)
                return
            except Failure:
                check(time.monotonic() < end, f"the guest is not back after {timeout} s")
                time.sleep(0.5)

    def reboot(self, command="systemctl reboot"):
        """Reboots the guest and waits until it is back."""
        before = self.ssh("cat /proc/sys/kernel/random/boot_id")
        self.ssh(f"({command}) >/dev/null 2>&1 &", status=None)
        self.forget_connection()
        end = time.monotonic() + BOOT_TIMEOUT
        while True:
            self.wait_for_ssh()
            # The old sshd may still have answered, and gone away before this: status 255, no text.
            now = self.ssh("cat /proc/sys/kernel/random/boot_id", status=None)
            if len(now) == len(before) and now != before:
                return
            check(time.monotonic() < end, "the guest does not reboot")
            self.forget_connection()
            time.sleep(0.5)

    def stop(self):
        """Ends the machine as Ctrl-C does. Returns the exit status of hesper run."""
        self.forget_connection()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                pass
        status = self.process.poll()
        stop(self.process)
        shutil.rmtree(self.folder, ignore_errors=True)
        return status

    # ---------------------------------------------------------------- in the guest

    def ssh_command(self, command):
        # One connection carries all commands: a new one costs half a second on an emulated CPU.
        return ["ssh", "-F", "none", "-i", f"{self.guest}/ssh_key",
                "-o", f"UserKnownHostsFile={self.guest}/known_hosts",
                "-o", "HostKeyAlias=hesper-guest", "-o", "IdentitiesOnly=yes",
                "-o", "KexAlgorithms=curve25519-sha256", "-o", "BatchMode=yes",
                "-o", "LogLevel=ERROR", "-o", "ConnectTimeout=5",
                "-o", "ControlMaster=auto", "-o", f"ControlPath={self.folder}/ssh",
                "-o", "ControlPersist=600",
                "-p", str(self.port), "root@127.0.0.1", "--", command]

    def forget_connection(self):
        subprocess.run(["ssh", "-F", "none", "-o", f"ControlPath={self.folder}/ssh", "-O", "exit",
                        "guest"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=30, check=False)

    def ssh(self, command, timeout=120, status=0, log=None):
        """Runs a shell command in the guest and returns what it printed on standard output."""
        # A master that stays behind keeps its standard error open: that one goes to a file.
        with open(os.path.join(self.folder, "stderr"), "w+b") as errors:
            process = start(self.ssh_command(command), stdout=subprocess.PIPE, stderr=errors)
            try:
                output, _ = process.communicate(timeout=timeout)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise Failure(f"in the guest: {command[:60]} did not end within {timeout} s") \
                    from None
            errors.seek(0)
            error_text = errors.read().decode(errors="replace")
        output = output.decode(errors="replace")
        if log:
            log.write(f"guest$ {command}\n{output}{error_text}(status {process.returncode})\n")
        if status is not None and process.returncode != status:
            last = error_text.strip().splitlines()[-1:] or [""]
            raise Failure(f"in the guest: {command[:60]} ended with status {process.returncode}, "
                          f"not {status}: {last[0]}")
        return output

    def ssh_start(self, command, log):
        """Starts a command in the guest that runs beside what follows."""
        log.write(f"guest$ {command} &\n")
        return start(self.ssh_command(command), stdout=log, stderr=log)

    # ---------------------------------------------------------------- at the device

    def stat(self):
        """The device's counters, as hesper stat --json gives them."""
        output = subprocess.run([HESPER, "stat", "--json", self.name], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, timeout=30, check=True).stdout
        return json.loads(output)

    def screenshot(self, path):
        """What screen 0 shows, as a PNG file."""
        result = subprocess.run([HESPER, "screenshot", "--name", self.name, path],
                                stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=30,
                                check=False)
        check(result.returncode == 0,
              f"hesper screenshot: {result.stderr.decode(errors='replace').strip()}")

    def processes(self):
        """Process ids and names of everything below hesper run, as {pid: name}."""
        output = subprocess.run(["ps", "-e", "-o", "pid=,ppid=,comm="], stdout=subprocess.PIPE,
                                timeout=30, check=True).stdout.decode()
        rows = [line.split(None, 2) for line in output.splitlines()]
        found, grown = {self.process.pid}, True
        while grown:
            children = {int(pid) for pid, parent, _ in rows if int(parent) in found}
            grown = not children <= found
            found |= children
        return {int(pid): name for pid, _, name in rows
                if int(pid) in found and int(pid) != self.process.pid}


def in_guest(path):
    """The path in the guest of a file in the build folder."""
    return shlex.quote("/mnt/host/" + os.path.relpath(path, BUILD))
