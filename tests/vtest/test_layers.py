# SPDX-License-Identifier: MIT
"""Layers under the renderer (HESPER_HOST_LAYERS): one that is not there must not go unnoticed."""

import json
import os
import shutil
import subprocess
import tempfile

from harness.runner import VALIDATION_LAYER, check
from vtest.client import RENDERER, Exec, read

MANIFEST = "/usr/share/vulkan/explicit_layer.d/VkLayer_khronos_validation.json"
LIBRARY = "/usr/lib/x86_64-linux-gnu/libVkLayer_khronos_validation.so"
NOBODYS = "VK_LAYER_nobody_has"


def ask(test, *arguments, fds=(), **env):
    """What hesper-render answers: its exit status, standard output and log."""
    result = subprocess.run([RENDERER, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                            pass_fds=fds, timeout=30, check=False, env={**os.environ, **env})
    test.say(f"{arguments} {env}: status {result.returncode}\n{result.stderr.decode()}")
    return result.returncode, result.stdout.decode(), result.stderr.decode()


def test_missing(test):
    message = f"HESPER_HOST_LAYERS: there is no layer {NOBODYS} here"
    for layers in [NOBODYS, f"{VALIDATION_LAYER}:{NOBODYS}", f":{NOBODYS}:{VALIDATION_LAYER}"]:
        status, output, log = ask(test, "--print-devices", HESPER_HOST_LAYERS=layers)
        check(status == 1 and not output, f"{layers}: status {status}")
        check(message in log and "HESPER_SANDBOX_READ" in log, f"{layers}: the log is {log}")
        check(f"layer {VALIDATION_LAYER} here" not in log, f"{layers}: the other one is there")


def test_missing_when_it_serves(test):
    """A client gets no device, and the log says why."""
    with Exec(test, ["vulkaninfo", "--summary"], HESPER_HOST_LAYERS=NOBODYS) as running:
        status = running.wait(30)
    check(status != 0, "the client was served")
    check(f"there is no layer {NOBODYS} here" in read(running.log_path), "no word in the log")


def test_missing_when_asked_for_imports(test):
    fd = os.memfd_create("pages")
    try:
        os.truncate(fd, 1 << 16)
        option = f"--check-import-fd={fd}"
        status, _, log = ask(test, option, fds=[fd], HESPER_HOST_LAYERS=VALIDATION_LAYER)
        check(status == 0 and not log, f"with a layer that is there: {status}, {log}")
        status, _, log = ask(test, option, fds=[fd], HESPER_HOST_LAYERS=NOBODYS)
        check(status == 1 and NOBODYS in log, f"with one that is not: {status}, {log}")
    finally:
        os.close(fd)


def test_present(test):
    status, output, log = ask(test, "--print-devices", HESPER_HOST_LAYERS=f"::{VALIDATION_LAYER}:")
    check(status == 0 and '"serves"' in output and not log, f"status {status}, {log}")


def test_library_outside_the_sandbox(test):
    """The manifest is found, and the loader says nothing of its own accord about the library."""
    with tempfile.TemporaryDirectory() as folder:
        library = os.path.join(folder, "libraries", "liblayer.so")
        os.makedirs(os.path.dirname(library))
        shutil.copy(LIBRARY, library)
        with open(MANIFEST, encoding="utf-8") as file:
            manifest = json.load(file)
        manifest["layer"]["library_path"] = library
        manifests = os.path.join(folder, "manifests")
        os.makedirs(manifests)
        with open(os.path.join(manifests, "layer.json"), "w", encoding="utf-8") as file:
            json.dump(manifest, file)
        env = {"HESPER_HOST_LAYERS": VALIDATION_LAYER, "VK_LAYER_PATH": manifests}
        status, _, log = ask(test, "--print-devices", **env)
        check(status == 1, f"status {status}")
        check(f"the layer {VALIDATION_LAYER} cannot be loaded" in log, f"the log is {log}")
        status, output, log = ask(test, "--print-devices", HESPER_SANDBOX_READ=library, **env)
        check(status == 0 and '"serves"' in output, f"with the hint followed: status {status}")
