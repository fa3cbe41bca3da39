# SPDX-License-Identifier: MIT
"""Programs on a host whose GPU has memory of its own. tests/programs/discrete_layer.c makes it of
the software driver: its memory types, what may be bound to them, its queue families, and what
linear images are good for, are a discrete GPU's; the validation layer above it sees what hesper
does wrong with them."""

import re

from harness.runner import VALIDATION_LAYER, check
from vtest.client import (HESPER, INVALID, PROGRAMS, check_renderer_log, check_same_picture, demo,
                          environment, for_each_client, program, read, run)

HOST = {
    "HESPER_HOST_LAYERS": f"{VALIDATION_LAYER}:VK_LAYER_HESPER_discrete",
    "VK_ADD_LAYER_PATH": PROGRAMS,
}
# The layers for a program that runs without hesper.
ALONE = {
    "VK_INSTANCE_LAYERS": HOST["HESPER_HOST_LAYERS"],
    "VK_LOADER_DRIVERS_DISABLE": "*virtio*",
    "VK_ADD_LAYER_PATH": PROGRAMS,
}

# Each memory type in a guest: flags, heap, and what images that are not shared may be bound to it.
# Private twins of what is the GPU's own or cannot be imported, then what is imported from shared
# memory, then what stands in for the GPU's own there.
LOCAL, MAPPABLE, CACHED = 0x1, 0x6, 0x8
GUEST_TYPES = [
    (0, 1, "optimal linear"),
    (LOCAL, 0, "optimal linear"),
    (LOCAL, 0, "linear"),
    (MAPPABLE, 1, "linear"),
    (MAPPABLE | CACHED, 1, "linear"),
    (LOCAL | MAPPABLE, 0, ""),
]


def run_discrete(test, command, client, **options):
    run(test, command, client, **HOST, **options)


def guest_type(text):
    """One of GUEST_TYPES, of what vulkaninfo says of it."""
    found = re.match(r"\s+heapIndex\s*= (\d+)\s+propertyFlags\s*= 0x([0-9a-f]+)", text)
    uses = [name for name in ("optimal", "linear")
            if re.search(rf"IMAGE_TILING_{name.upper()}:\s+color images", text)]
    return int(found.group(2), 16), int(found.group(1)), " ".join(uses)


@for_each_client
def test_vulkaninfo(test, client):
    log_path = test.path("renderer.log")
    open(log_path, "w", encoding="utf-8").close()
    output = test.run([HESPER, "exec", "--log", log_path, "--", "vulkaninfo"],
                      env=environment(client, **HOST))
    check_renderer_log(test, log_path)
    check(re.search(r"deviceName\s*= Virtio-GPU Venus \(discrete \(", output),
          "the discrete layer is not in use")
    types = [guest_type(part) for part in re.split(r"memoryTypes\[\d+\]:", output)[1:]]
    check(types == GUEST_TYPES, f"the guest's memory types are {types}")


@for_each_client
def test_compute(test, client):
    run_discrete(test, program("compute-check"), client)


@for_each_client
def test_memory(test, client):
    run_discrete(test, program("memory-check"), client)


@for_each_client
def test_promises(test, client):
    """Also of staged images, which can do less."""
    run_discrete(test, program("promise-check", "--promises=100"), client)


@for_each_client
def test_types(test, client):
    """Whatever the guest is offered for a resource can be bound to the host's."""
    run_discrete(test, program("types-check", "--kinds=5"), client)


@for_each_client
def test_memory_map(test, client):
    run_discrete(test, demo("memory-map"), client)


@for_each_client
def test_linear_images(test, client):
    run_discrete(test, program("linear-check"), client)


@for_each_client
def test_shared_images(test, client):
    run_discrete(test, program("share-check"), client)


def test_host_copy(test):
    """The older client does not have it."""
    run_discrete(test, program("host-copy-check"), "mesa_26_1")


@for_each_client
def test_graphics_equals_native(test, client):
    native, through = test.path("native.ppm"), test.path("through.ppm")
    test.run(program("graphics-check", f"--output={native}"))
    run_discrete(test, program("graphics-check", f"--output={through}"), client)
    check_same_picture(native, through)


@for_each_client
def test_formats(test, client):
    run_discrete(test, demo("formats", "--present=offscreen"), client)


@for_each_client
def test_cube(test, client):
    run_discrete(test, demo("cube", "--present=offscreen", "--frames=30", "--size=480x300"), client)


@for_each_client
def test_swapchains(test, client):
    """Where images that can be shown take no DEVICE_LOCAL type, both clients look for one for ever."""
    run_discrete(test, demo("rapid-resize"), client)


@for_each_client
def test_vkmark(test, client):
    run_discrete(test, ["vkmark", "--winsys", "headless", "-b", ":duration=0.5"], client,
                 timeout=180)


def test_layer_alone(test):
    """The same programs without hesper, so that nobody blames it for the layer."""
    for name in ["compute-check", "memory-check", "linear-check", "graphics-check"]:
        output = test.run(program(name), env=ALONE)
        check("discrete (" in output, f"{name} ran without the discrete layer")
    test.check_no_validation_message()


def test_layer_does_what_it_says(test):
    """What the tests above would not notice if it were missing."""
    output = test.run(["vulkaninfo", "--show-formats"], env=ALONE)
    families = re.findall(r"^\s+queueProperties\[\d+\]:", output, re.M)
    check(len(families) == 3, f"there are {len(families)} queue families")
    linear = re.findall(r"linearTilingFeatures:(.*?)optimalTilingFeatures:", output, re.S)
    check(len(linear) > 5, "no formats")
    check(not any("COLOR_ATTACHMENT" in features for features in linear),
          "linear images are colour attachments")


def test_validation_messages_are_seen(test):
    """The validation layer is there as well."""
    log_path = test.path("renderer.log")
    open(log_path, "w", encoding="utf-8").close()
    test.run([HESPER, "exec", "--log", log_path, "--", INVALID],
             env=environment("mesa_26_1", **HOST))
    check("VUID-VkBufferCreateInfo-size-00912" in read(log_path), "a buffer of no size went unnoticed")
