# SPDX-License-Identifier: MIT
"""A stock guest on QEMU with the whole of hesper: few tests, broad ones, in this order."""

import os
import signal
import time

from PIL import Image, ImageChops

from harness.cube import CUBE, Cube
from harness.runner import check
from vm.guest import LOG, VENUS, VENUS_25_0, get_vm, prepare, read_context_count, stop_vm

DRIVER_LINES = ["features: +virgl +edid", "+resource_blob", "+host_visible", "+context_init"]


def wait_until(what, seconds, condition):
    end = time.monotonic() + seconds
    while not condition():
        check(time.monotonic() < end, f"{what} not within {seconds} s")
        time.sleep(0.2)


# -------------------------------------------------------------------- the driver


def test_boot(test):
    """The guest's own driver takes the device with all it offers."""
    vm = get_vm(test)
    messages = vm.ssh("dmesg | grep -i -E 'drm|virtio.gpu'", log=test.log)
    for line in DRIVER_LINES:
        check(line in messages, f"the guest's kernel does not say '{line}'")
    check("virtio_gpudrmfb" in messages or "fb0" in messages or "card" in vm.ssh("ls /dev/dri"),
          "there is no /dev/dri/card*")
    modes = vm.ssh("cat /sys/class/drm/card*-Virtual-1/modes", log=test.log)
    check(modes.split()[:1] == ["1280x800"], f"the screen prefers {modes.split()[:1]}")


def run_vulkaninfo(test, environment):
    vm = get_vm(test)
    output = vm.ssh(f"{environment} vulkaninfo", timeout=300, log=test.log)
    check("Venus" in output, "vulkaninfo shows no Venus device")
    version = vm.ssh(f"{environment} vulkaninfo --summary | grep -A9 -m1 GPU0", log=test.log)
    return version


def test_vulkaninfo(test):
    version = run_vulkaninfo(test, VENUS)
    check("apiVersion         = 1.3" in version or "apiVersion         = 1.4" in version,
          "the client does not offer Vulkan 1.3 or newer")


def test_vulkaninfo_mesa_25_0(test):
    version = run_vulkaninfo(test, VENUS_25_0)
    check("Mesa 25.0" in version, "that is not the Mesa 25.0 client")


# -------------------------------------------------------------------- programs


def run_program(test, name, environment=VENUS, timeout=180):
    vm = get_vm(test)
    vm.ssh(f"{environment} /tmp/{name}", timeout=timeout, log=test.log)


def test_compute(test):
    run_program(test, "compute-check")


def test_graphics(test):
    run_program(test, "graphics-check")


def test_memory(test):
    run_program(test, "memory-check")


def test_sync(test):
    run_program(test, "sync-check")


def test_threads(test):
    run_program(test, "thread-check")


def test_programs_mesa_25_0(test):
    for name in ("compute-check", "graphics-check", "memory-check"):
        run_program(test, name, VENUS_25_0)


def test_two_programs_at_once(test):
    """Each has a renderer of its own, and neither sees the other."""
    vm = get_vm(test)
    command = (f"export {VENUS}; for i in 1 2 3; do /tmp/graphics-check && /tmp/compute-check "
               "|| exit 1; done")
    both = [vm.ssh_start(command, test.log) for _ in range(2)]
    wait_until("two contexts", 60, lambda: read_context_count(vm) >= 2)
    for process in both:
        check(process.wait(300) == 0, "one of the two programs failed")


def run_vkmark(test, environment):
    vm = get_vm(test)
    output = vm.ssh(f"{environment} vkmark --winsys headless -b :duration=0.5", timeout=600,
                    log=test.log)
    scenes = output.count("FPS:")
    check(scenes >= 10 and "vkmark Score" in output, f"vkmark ran {scenes} scenes")


def test_vkmark(test):
    """Every default scene."""
    run_vkmark(test, VENUS)


def test_vkmark_mesa_25_0(test):
    run_vkmark(test, VENUS_25_0)


# -------------------------------------------------------------------- the screen


def count_wrong_pixels(path, expected_path):
    shown = Image.open(path).convert("RGB")
    expected = Image.open(expected_path).convert("RGB")
    check(shown.size == expected.size, f"the screenshot has the size {shown.size}")
    difference = ImageChops.difference(shown, expected).convert("L").point(
        lambda value: 255 if value > 2 else 0)
    return difference.histogram()[255]


def wait_for_picture(test, vm, expected_path):
    """The screen shows what the host's own driver renders of the same scene."""
    picture = test.path("screen.png")
    end = time.monotonic() + 30
    while True:
        vm.screenshot(picture)
        wrong = count_wrong_pixels(picture, expected_path)
        test.say(f"{wrong} pixels are wrong")
        if wrong <= 1280 * 800 // 1000:
            return
        check(time.monotonic() < end, f"{wrong} pixels are wrong")
        time.sleep(0.5)


def show_cube(test, way):
    """The cube at a fixed angle, its picture checked; returns the cube's own result, and the bytes
    that the host copied per frame."""
    vm = get_vm(test)
    expected = test.path("expected.png")
    test.run([CUBE, "--present=offscreen", "--angle=30", "--frames=1", f"--output={expected}"])
    check(len(Image.open(expected).getcolors(1 << 24)) > 100, "the expected picture is empty")
    cube = Cube(vm, way, test.log, VENUS, "--angle=30")
    wait_for_picture(test, vm, expected)
    _, copied = cube.measure(3)
    return cube.finish(), copied


def test_cube_zero_copy(test):
    result, host_copied = show_cube(test, "zero-copy")
    check(result["copied_bytes_per_frame"] == 0, "the guest copied pixels")
    check(host_copied == 0, f"the host copied {host_copied} bytes per frame")


def test_cube_copy(test):
    result, _ = show_cube(test, "copy")
    check(result["copied_bytes_per_frame"] == 1280 * 800 * 4,
          f"the guest copied {result['copied_bytes_per_frame']} bytes per frame")


# -------------------------------------------------------------------- what goes wrong


def test_killed_renderer_costs_one_program(test):
    """Another program and the device go on; a new program works."""
    vm = get_vm(test)
    wait_until("no context", 30, lambda: read_context_count(vm) == 0)
    victim = vm.ssh_start(f"{VENUS} /tmp/cube --present=offscreen --seconds=60", test.log)
    wait_until("the first context", 60, lambda: read_context_count(vm) == 1)
    renderers = [pid for pid, name in vm.processes().items() if name.startswith("hesper-render")]
    check(len(renderers) == 1, f"there are {len(renderers)} renderers, not 1")
    other = vm.ssh_start(f"{VENUS} /tmp/cube --present=offscreen --seconds=12", test.log)
    wait_until("the second context", 60, lambda: read_context_count(vm) == 2)
    time.sleep(2)
    os.kill(renderers[0], signal.SIGKILL)
    check(victim.wait(60) != 0, "the program whose renderer died ended as if nothing had happened")
    check(other.wait(60) == 0, "the other program failed")
    run_program(test, "graphics-check")


def test_killed_program_leaves_nothing(test):
    vm = get_vm(test)
    vm.ssh(f"{VENUS} timeout -s KILL 5 /tmp/cube --present=zero-copy --seconds=60 & wait $!; "
           "test $? = 137", log=test.log)
    wait_until("no context", 30, lambda: read_context_count(vm) == 0)
    wait_until("no renderer", 30, lambda: not any(
        name.startswith("hesper-render") for name in vm.processes().values()))


def test_rebind(test):
    """The driver leaves the device and takes it again."""
    vm = get_vm(test)
    vm.ssh("cd /sys/bus/virtio/drivers/virtio_gpu; device=$(ls -d virtio*); "
           "for i in 1 2 3; do echo $device >unbind; sleep 1; echo $device >bind; sleep 1; done; "
           "test -e $device && ls /dev/dri/renderD128", log=test.log)
    run_program(test, "graphics-check")
    show_cube(test, "zero-copy")


def test_three_reboots(test):
    """With a program running at the moment of the reboot."""
    vm = get_vm(test)
    for command in ("systemctl reboot", "systemctl reboot --force", "reboot -f"):
        running = vm.ssh_start(f"{VENUS} /tmp/cube --present=zero-copy --seconds=600", test.log)
        wait_until("a context", 60, lambda: read_context_count(vm) == 1)
        vm.reboot(command)
        running.kill()
        running.wait()
        wait_until("no context", 30, lambda: read_context_count(vm) == 0)
        prepare(vm)
        run_program(test, "graphics-check")


# -------------------------------------------------------------------- the end


def test_leaves_no_process_behind(test):
    vm = get_vm(test)
    processes = list(vm.processes())
    check(len(processes) >= 3, "there are no processes to look for")
    status = stop_vm()
    check(status == 143, f"hesper run ended with status {status} after SIGTERM, not 143")
    left = [pid for pid in processes if os.path.exists(f"/proc/{pid}")]
    check(not left, f"processes {left} are still there")


def test_no_validation_message(test):
    """In all that the guests of these tests did."""
    check(os.path.exists(LOG), "there is no log of the guest")
    test.check_no_validation_message(LOG)
