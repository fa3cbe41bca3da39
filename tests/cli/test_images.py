# SPDX-License-Identifier: MIT
"""`hesper run` with other images than the guest of ./dev, and how it ends with them. QEMU is a
script that notes its command line and how it is told to end; so is ssh."""

import json
import os
import signal
import stat
import tempfile
import time

from harness.runner import check, start, stop
from harness.vm import HESPER, free_port

# Its guest has an ssh server that says hello. It ends with hesper run, so that none is left behind.
QEMU = """#!/usr/bin/env python3
import json, os, re, signal, socket, sys, threading
folder = os.path.dirname(os.path.abspath(__file__))
words = sys.argv[1:]
if words == ["-device", "help"]:
    print('name "vhost-user-test-device-pci", bus PCI')
    sys.exit()
def note(name, text):
    with open(os.path.join(folder, name + ".part"), "w") as file:
        file.write(text)
    os.rename(os.path.join(folder, name + ".part"), os.path.join(folder, name))
def on_term(number, frame):
    note("terminated", "")
    sys.exit(0)
signal.signal(signal.SIGTERM, on_term)
control = socket.socket(fileno=4)
control.sendall(b'{"QMP": {}}\\n')
print("qemu-system-x86_64: vhost_set_mem_table failed: Invalid argument (22)", file=sys.stderr)
print("qemu-system-x86_64: warning: something that matters", file=sys.stderr)
def answer(server):
    while True:
        server.accept()[0].sendall(b"SSH-2.0-script\\r\\n")
port = re.search("tcp:127.0.0.1:([0-9]+)-:22", " ".join(words)).group(1)
server = socket.create_server(("127.0.0.1", int(port)))
threading.Thread(target=answer, args=(server,), daemon=True).start()
note("words", json.dumps(words))
seen = b""
while b"system_powerdown" not in seen:
    seen += control.recv(4096) or sys.exit(3)
note("pressed", seen.decode())
if os.path.exists(os.path.join(folder, "obeys")):
    sys.exit(0)
while True:
    control.recv(4096) or sys.exit(3)
"""


class Machine:
    """hesper run with that QEMU, in a folder of its own."""

    def __init__(self, test, *options, obeys=True, image=b"\0" * 65536):
        self.test = test
        self.folder = tempfile.TemporaryDirectory(prefix="hesper-image-")
        self.image = self.path("disk")
        with open(self.image, "wb") as file:
            file.write(image)
        qemu = self.path("qemu-system-x86_64")
        with open(qemu, "w", encoding="utf-8") as file:
            file.write(QEMU)
        os.chmod(qemu, stat.S_IRWXU)
        with open(self.path("ssh"), "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\nshift $(($# - 1))\nexec sh -c \"$1\"\n")
        os.chmod(self.path("ssh"), stat.S_IRWXU)
        if obeys:
            with open(self.path("obeys"), "w", encoding="utf-8"):
                pass
        self.log_path = self.path("log")
        with open(self.log_path, "wb") as log:
            self.process = start([HESPER, "run", "--image", self.image, "--ssh-port",
                                  str(free_port()), *options],
                                 env={"PATH": f"{self.folder.name}:{os.environ['PATH']}"},
                                 stdout=log, stderr=log)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        stop(self.process)
        self.test.say(self.read("log"))
        self.folder.cleanup()

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def read(self, name):
        with open(self.path(name), encoding="utf-8", errors="replace") as file:
            return file.read()

    def wait_for(self, name):
        end = time.monotonic() + 30
        while not os.path.exists(self.path(name)):
            check(time.monotonic() < end, f"QEMU has not noted {name}")
            time.sleep(0.05)

    def words(self):
        """QEMU's command line."""
        self.wait_for("words")
        return json.loads(self.read("words"))

    def end(self):
        """Ctrl-C; the exit status of hesper run."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)


def drives(words):
    return [value for option, value in zip(words, words[1:]) if option == "-drive"]


def test_disk_that_is_thrown_away(test):
    with Machine(test) as machine:
        (drive,) = drives(machine.words())
        check("snapshot=on" in drive and "format=raw" in drive, f"-drive {drive}")
        check(machine.end() == 130, f"status {machine.process.returncode}")
        check(os.path.exists(machine.path("terminated")), "QEMU was not ended")
        check(not os.path.exists(machine.path("pressed")), "the guest was asked, for nothing")


def test_disk_that_is_kept(test):
    with Machine(test, "--writable") as machine:
        (drive,) = drives(machine.words())
        check("snapshot=off" in drive, f"-drive {drive}")
        check(machine.end() == 130, f"status {machine.process.returncode}")
        check(os.path.exists(machine.path("pressed")), "the guest was not asked")
        check(not os.path.exists(machine.path("terminated")), "QEMU was ended all the same")
        check("Ctrl-C switches it off" in machine.read("log"), "not said what is going on")


def test_guest_that_does_not_shut_down(test):
    with Machine(test, "--writable", obeys=False) as machine:
        machine.wait_for("words")
        machine.process.send_signal(signal.SIGINT)
        machine.wait_for("pressed")
        time.sleep(0.5)
        check(machine.process.poll() is None, "it did not wait for the guest")
        check(machine.end() == 130, f"status {machine.process.returncode}")
        check(os.path.exists(machine.path("terminated")), "QEMU was not ended")


def test_command_on_a_disk_that_is_kept(test):
    """The disk is closed before the command's status is told."""
    with Machine(test, "--writable", "--exec", "exit 7") as machine:
        check(machine.process.wait(30) == 7, f"status {machine.process.returncode}")
        check(os.path.exists(machine.path("pressed")), "the guest was not asked")
        check(not os.path.exists(machine.path("terminated")), "QEMU was ended all the same")


def test_command_that_is_interrupted(test):
    with Machine(test, "--writable", "--exec", "kill -INT $PPID; sleep 20") as machine:
        check(machine.process.wait(30) == 130, f"status {machine.process.returncode}")
        check(os.path.exists(machine.path("pressed")), "the guest was not asked")


def test_cd(test):
    """A CD is seen as one, and booted by UEFI."""
    image = bytearray(40000)
    image[32769:32774] = b"CD001"
    with Machine(test, image=bytes(image)) as machine:
        words = machine.words()
        check(any(drive.startswith(f"file={machine.image},format=raw,") and "media=cdrom" in drive
                  for drive in drives(words)), f"{drives(words)}")
        check(any("pflash" in drive and "OVMF_CODE" in drive for drive in drives(words)),
              f"no UEFI: {drives(words)}")
    with Machine(test, "--format", "raw", image=bytes(image)) as machine:
        (drive,) = drives(machine.words())
        check("cdrom" not in drive, f"-drive {drive}")


def test_qcow2(test):
    with Machine(test, image=b"QFI\xfb" + b"\0" * 600) as machine:
        (drive,) = drives(machine.words())
        check("format=qcow2" in drive, f"-drive {drive}")
    with Machine(test, "--format=raw", image=b"QFI\xfb" + b"\0" * 600) as machine:
        (drive,) = drives(machine.words())
        check("format=raw" in drive, f"-drive {drive}")


def test_uefi_variables_are_kept(test):
    with Machine(test, "--writable", "--firmware", "uefi") as machine:
        variables = [drive for drive in drives(machine.words()) if "unit=1" in drive]
        check(variables and variables[0].endswith(f"file={machine.image}.uefi"), f"{variables}")
        check(os.path.getsize(machine.image + ".uefi") > 100000, "the variables are no copy")


def test_image_that_cannot_be_read(test):
    for image in ("/nonexistent.img", "/"):
        output = test.run([HESPER, "run", "--image", image], status=1)
        check(output == "", "an error is no output")


def test_lines_of_qemu(test):
    """What matters is passed on, noise is not."""
    with Machine(test) as machine:
        machine.wait_for("words")
        machine.end()
        log = machine.read("log")
        check("something that matters" in log, "a warning of QEMU is lost")
        check("vhost_set_mem_table" not in log, "QEMU's noise is shown")
