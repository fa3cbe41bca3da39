# SPDX-License-Identifier: MIT
"""Real programs on the real Mesa clients through `hesper exec`."""

import re

from harness.runner import check
from vtest.client import (CLIENTS, HESPER, INVALID, SIGNAL_TWICE, check_renderer_log,
                          check_same_picture, environment, for_each_client, program, read, run)

# In every client's vulkaninfo: what programs of today ask for.
EXTENSIONS = [
    "VK_KHR_synchronization2",
    "VK_KHR_dynamic_rendering",
    "VK_KHR_timeline_semaphore",
    "VK_KHR_maintenance4",
    "VK_KHR_swapchain",
    "VK_EXT_descriptor_indexing",
    "VK_EXT_extended_dynamic_state",
    "VK_EXT_image_drm_format_modifier",
    "VK_EXT_external_memory_dma_buf",
]


@for_each_client
def test_vulkaninfo(test, client):
    log_path = test.path("renderer.log")
    open(log_path, "w", encoding="utf-8").close()
    output = test.run([HESPER, "exec", "--log", log_path, "--",
                       "vulkaninfo", "--show-formats", "--show-promoted-structs"],
                      env=environment(client))
    check_renderer_log(test, log_path)
    version = re.search(r"apiVersion\s*= 1\.(\d+)", output)
    check(version and int(version.group(1)) >= 3, "the client does not offer Vulkan 1.3 or newer")
    check("DRIVER_ID_MESA_VENUS" in output, "that is not the Venus driver")
    for extension in EXTENSIONS:
        check(extension in output, f"{extension} is missing")
    for section in ["VkQueueFamilyProperties", "VkPhysicalDeviceMemoryProperties",
                    "VkPhysicalDeviceVulkan13Features", "Format Properties", "Unsupported Formats"]:
        check(section in output, f"vulkaninfo has no {section}: it ended early")


@for_each_client
def test_compute(test, client):
    run(test, program("compute-check"), client)


def test_host_copy(test):
    """The older client does not have it."""
    run(test, program("host-copy-check"), "mesa_26_1")


@for_each_client
def test_memory(test, client):
    run(test, program("memory-check"), client)


@for_each_client
def test_shared_images(test, client):
    run(test, program("share-check"), client)


@for_each_client
def test_promises(test, client):
    run(test, program("promise-check", "--promises=100"), client)


@for_each_client
def test_types(test, client):
    run(test, program("types-check", "--kinds=5"), client)


@for_each_client
def test_threads(test, client):
    run(test, program("thread-check"), client)


@for_each_client
def test_sync(test, client):
    # The 25.0 client's vkSignalSemaphore sends the command and then writes the value into the memory
    # that it polls; a GPU that is quick enough has written a higher one there before.
    extra = {"VN_PERF": "no_semaphore_feedback"} if client == "mesa_25_0" else {}
    run(test, program("sync-check"), client, **extra)


@for_each_client
def test_signal_twice(test, client):
    run(test, [SIGNAL_TWICE], client)


@for_each_client
def test_graphics_equals_native(test, client):
    native, through = test.path("native.ppm"), test.path("through.ppm")
    test.run(program("graphics-check", f"--output={native}"))
    run(test, program("graphics-check", f"--output={through}"), client)
    check_same_picture(native, through)


@for_each_client
def test_vkmark(test, client):
    run(test, ["vkmark", "--winsys", "headless", "-b", ":duration=0.5"], client, timeout=180)


@for_each_client
def test_two_at_once(test, client):
    run(test, ["sh", "-ec", 'vulkaninfo >/dev/null & a=$!; vulkaninfo >/dev/null & b=$!; '
               "wait $a; wait $b"], client)


@for_each_client
def test_many_at_once(test, client):
    compute = program("compute-check")[0]
    run(test, ["sh", "-ec", 'pids=; for i in 1 2 3 4 5 6 7 8; do "$0" >/dev/null & '
               'pids="$pids $!"; done; for p in $pids; do wait $p; done', compute], client)


@for_each_client
def test_exec_in_exec(test, client):
    """The inner renderer uses the host's driver, not the outer one's client."""
    run(test, [HESPER, "exec", "--", *program("compute-check")], client)


def test_validation_messages_are_seen(test):
    log_path = test.path("renderer.log")
    for client in CLIENTS:
        open(log_path, "w", encoding="utf-8").close()
        test.run([HESPER, "exec", "--log", log_path, "--", INVALID], env=environment(client))
        check("VUID-VkBufferCreateInfo-size-00912" in read(log_path),
              "the validation layer did not notice a buffer of no size")
