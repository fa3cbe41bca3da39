# SPDX-License-Identifier: MIT
"""`hesper run` with firmware that has a picture, and with a disk that is kept."""

import os
import signal
import subprocess
import tempfile
import time

from PIL import Image

from harness.discover import long
from harness.runner import check, start, stop
from harness.vm import GUEST, HESPER, free_port


def count_colors(path):
    return len(Image.open(path).convert("RGB").getcolors(1 << 24))


def test_firmware_picture(test):
    """UEFI draws on the device before there is any driver of ours: nothing is there to boot."""
    picture = test.path("screen.png")
    name = f"test-{os.getpid()}-firmware"
    with tempfile.TemporaryDirectory() as folder:
        empty = os.path.join(folder, "empty.img")
        with open(empty, "wb") as file:
            file.truncate(1 << 20)
        process = start([HESPER, "run", "--image", empty, "--firmware", "uefi", "--memory", "512M",
                         "--ssh-port", str(free_port()), "--name", name],
                        stdout=test.log, stderr=test.log)
        try:
            end = time.monotonic() + 180
            while True:
                time.sleep(1)
                result = subprocess.run([HESPER, "screenshot", "--name", name, picture],
                                        stdin=subprocess.DEVNULL, stderr=test.log, timeout=60,
                                        check=False)
                if result.returncode == 0 and count_colors(picture) > 2:
                    break
                check(process.poll() is None, "hesper run ended")
                check(time.monotonic() < end, "the firmware shows nothing")
            process.send_signal(signal.SIGINT)
            check(process.wait(30) == 130, f"status {process.returncode}")
        finally:
            stop(process)


@long
def test_disk_that_is_kept(test):
    """What the guest writes, and has not told its disk to keep, is there after the machine."""
    with tempfile.TemporaryDirectory() as folder:
        disk = os.path.join(folder, "disk.img")
        test.run(["cp", "--sparse=always", os.path.join(GUEST, "disk.img"), disk], timeout=300)
        os.chmod(disk, 0o600)
        for name in ("vmlinuz", "initrd.img", "ssh_key", "known_hosts"):
            os.symlink(os.path.join(GUEST, name), os.path.join(folder, name))
        test.run([HESPER, "run", "--image", disk, "--writable", "--ssh-port", str(free_port()),
                  "--exec", "echo kept >/root/kept; exit 3"], timeout=600, status=3)
        test.run(["e2fsck", "-fn", disk], timeout=300)
        state = test.run(["dumpe2fs", "-h", disk], timeout=60)
        check("Filesystem state:         clean" in state, "the guest did not close its disk")
        text = test.run(["debugfs", "-R", "cat /root/kept", disk])
        check(text == "kept\n", f"the file holds '{text}'")
