# SPDX-License-Identifier: MIT
"""The guest as something to sit in front of: a window on a host's screen, typed into and clicked
in. A machine of its own, with the window backend of hesper-display on lavapipe."""

import os
import signal
import time

from harness.discover import long
from harness.runner import LOGS, Failure, check
from harness.screen import Screen
from harness.vm import HESPER, VM

LOG = os.path.join(LOGS, "desktop.log")
TYPED = "Hello, World! (y/z) [1+2=3]"
WESTON = ("env XDG_RUNTIME_DIR=/run/desktop LIBSEAT_BACKEND=builtin SEATD_VTBOUND=0 "
          "weston --backend=drm --renderer=pixman --idle-time=0 --no-config "
          "--log=/tmp/weston.log")

_state = {}


def wait_until(what, seconds, condition):
    end = time.monotonic() + seconds
    while not condition():
        check(time.monotonic() < end, f"{what} not within {seconds} s")
        time.sleep(0.1)


def get_desktop(test):
    """(the running machine, the screen that its window is on)"""
    if "why" in _state:
        raise Failure(f"there is no machine: {_state['why']}")
    if "vm" not in _state:
        try:
            _state["screen"] = Screen()
            test.runner.at_end(end_desktop)
            _state["vm"] = VM(LOG, f"desktop-{os.urandom(4).hex()}",
                              env={**_state["screen"].environment},
                              options=["--display", "window", "--quit-on-close"])
        except Failure as failure:
            _state["why"] = str(failure)
            raise
    return _state["vm"], _state["screen"]


def end_desktop():
    vm = _state.pop("vm", None)
    status = vm.stop() if vm else None
    screen = _state.pop("screen", None)
    if screen:
        screen.finish()
    return status


def get_window(vm, screen):
    return screen.wait_windows(vm.name)[0]


def run_outputs(test, vm, *changes):
    return test.run([HESPER, "outputs", "--name", vm.name, *changes]).splitlines()


# -------------------------------------------------------------------- devices


def test_devices(test):
    """The guest's kernel and udev take them for what they are."""
    vm, _ = get_desktop(test)
    devices = vm.ssh("for e in /dev/input/event*; do cat /sys/class/input/${e##*/}/device/name; "
                     "udevadm info -q property $e | grep ID_INPUT; done", log=test.log)
    for name, tag in (("keyboard", "ID_INPUT_KEYBOARD=1"), ("tablet", "ID_INPUT_MOUSE=1"),
                      ("mouse", "ID_INPUT_MOUSE=1")):
        rest = devices.partition(f"hesper {name}\n")[2].partition("hesper ")[0]
        check(tag in rest, f"udev does not say {tag} of the {name}")


def read_events(vm, name, act):
    """What the input device gives in the guest while `act` runs: (type, code, value) each."""
    event = vm.ssh(f"grep -l 'hesper {name}' /sys/class/input/event*/device/name").split("/")[4]
    # A second for the reader to be there, on an emulated CPU.
    vm.ssh(f"rm -f /tmp/{name}; timeout 60 cat /dev/input/{event} >/tmp/{name} 2>/dev/null & "
           "sleep 1")
    act()
    time.sleep(0.5)
    text = vm.ssh(f"pkill -x cat; od -v -A n -t d2 -w24 /tmp/{name}", status=None)
    rows = [[int(word) for word in line.split()] for line in text.splitlines()]
    return [(row[8], row[9], (row[11] << 16) + (row[10] & 0xffff)) for row in rows]


def test_typing(test):
    """What is typed in the window is on the guest's console."""
    vm, screen = get_desktop(test)
    window = get_window(vm, screen)
    vm.ssh("(setsid sh -c 'exec </dev/tty1 >/dev/tty1 2>&1; stty sane; cat >/tmp/typed' "
           ">/dev/null 2>&1 &) ; sleep 1")
    window.activate()
    screen.type(TYPED)
    screen.press("Return")
    time.sleep(0.5)
    shown = window.capture(test.path("console.png"))
    wait_until("the text in the guest", 10,
               lambda: vm.ssh("cat /tmp/typed").strip() == TYPED)
    check(len(shown.getcolors(1 << 24)) > 1, "the window shows no text")
    vm.ssh("pkill -x cat", status=None)


def test_keyboard_events(test):
    """Keys go down and up; a shortcut of the window's own leaves nothing pressed; lamps."""
    vm, screen = get_desktop(test)
    window = get_window(vm, screen)
    size = window.get_place()[2:]

    def press_keys():
        screen.press("a", "ctrl+alt+f")
        wait_until("full screen", 10, lambda: window.get_place()[2:] == (1600, 1000))
        screen.press("ctrl+alt+f")
        wait_until("the window again", 10, lambda: window.get_place()[2:] == size)
        screen.press("F11", "Caps_Lock")

    window.activate()
    events = read_events(vm, "keyboard", press_keys)
    keys = [(code, value) for kind, code, value in events if kind == 1]
    check(keys[:2] == [(30, 1), (30, 0)], f"'a' is {keys[:2]}")
    check((33, 1) not in keys, "the guest sees the F of Ctrl+Alt+F")
    check((87, 1) in keys and (87, 0) in keys, "the guest does not see F11")
    down = {}
    for code, value in keys:
        down[code] = value
    check(not any(down.values()), f"left pressed: {down}")
    check((17, 1, 1) in events, "the guest does not switch the lamp on")
    screen.press("Caps_Lock")


def test_pointer_events(test):
    """The tablet is where the pointer is; the grabbed mouse moves."""
    vm, screen = get_desktop(test)
    window = get_window(vm, screen)
    window.activate()
    _, _, width, height = window.get_place()

    def use_tablet():
        window.point(10, 10)  # the kernel leaves out what does not change
        time.sleep(0.2)
        window.click(width // 2, height // 4)
        screen.tool("click", 4)

    events = read_events(vm, "tablet", use_tablet)
    x = [value for kind, code, value in events if (kind, code) == (3, 0)]
    y = [value for kind, code, value in events if (kind, code) == (3, 1)]
    check(x and abs(x[-1] - 16384) < 60 and abs(y[-1] - 8192) < 60, f"the pointer is at {x}, {y}")
    for event in ((1, 272, 1), (1, 272, 0), (2, 8, 1), (2, 11, 120)):
        check(event in events, f"{event} is missing: {events}")

    def use_mouse():
        screen.press("ctrl+alt+g")
        wait_until("the title", 5, lambda: "frees the mouse" in window.get_title())
        screen.tool("mousemove_relative", 20, 30)
        screen.tool("click", 3)
        time.sleep(0.2)
        screen.press("ctrl+alt+g")
        wait_until("the title", 5, lambda: "frees" not in window.get_title())

    events = read_events(vm, "mouse", use_mouse)
    for code, sum_wanted in ((0, 20), (1, 30)):
        moved = sum(value for kind, event_code, value in events if (kind, event_code) == (2, code))
        check(moved == sum_wanted, f"axis {code} moved {moved}: {events}")
    check((1, 273, 1) in events and (1, 273, 0) in events, "the right button is missing")


# -------------------------------------------------------------------- sizes and screens


def get_mode(vm):
    """Of the screen that the guest's kernel shows now."""
    return vm.ssh("grep -m1 -o 'mode: \"[0-9x]*' /sys/kernel/debug/dri/0/state").split('"')[-1].strip()


def test_console_follows_the_window(test):
    vm, screen = get_desktop(test)
    window = get_window(vm, screen)
    for width, height in ((1000, 700), (640, 480), (1280, 800)):
        window.resize(width, height)
        wait_until(f"mode {width}x{height}", 10, lambda: get_mode(vm) == f"{width}x{height}")


@long
def test_weston(test):
    """A desktop, used: a program from its menu, sizes, full screen, a second screen, a display
    that is killed."""
    vm, screen = get_desktop(test)
    window = get_window(vm, screen)
    vm.ssh("mkdir -p -m 700 /run/desktop")
    compositor = vm.ssh_start(WESTON, test.log)
    wait_until("weston's panel", 60, lambda: is_desktop(window))
    use_terminal(test, vm, window, screen)
    picture = window.capture(test.path("terminal.png"))
    for width, height in ((1000, 700), (800, 600), (1400, 900), (640, 480), (1024, 768),
                          (1280, 800)):
        window.resize(width, height)
        wait_until(f"a window of {width}x{height}", 10,
                   lambda: window.get_place()[2:] == (width, height))
        time.sleep(1)
        window.capture(test.path(f"{width}x{height}.png"))
    check_same(window, picture, "after the sizes")
    screen.press("ctrl+alt+f")
    wait_until("full screen", 10, lambda: window.get_place()[2:] == (1600, 1000))
    screen.capture(test.path("full-screen.png"))
    screen.press("ctrl+alt+f")
    wait_until("the window again", 10, lambda: window.get_place()[2:] == (1280, 800))
    check_second_screen(test, vm, screen)
    check_same(window, picture, "after the second screen")
    check_killed_display(test, vm, screen, picture)
    check(compositor.poll() is None, "weston has ended; see the log")
    vm.ssh("pkill -x weston")
    compositor.wait(30)


def is_desktop(window):
    """weston's panel is dark above a lighter pattern."""
    picture = window.capture()
    return sum(picture.getpixel((600, 16))) + 100 < sum(picture.getpixel((600, 400)))


def use_terminal(test, vm, window, screen):
    def open_terminal():
        window.point(200, 200)
        time.sleep(0.5)
        window.click(22, 17)  # the launcher in the panel, once it has come to life
        time.sleep(2)
        return vm.ssh("pgrep -x weston-terminal", status=None) != ""

    window.activate()
    wait_until("a terminal", 40, open_terminal)
    time.sleep(4)
    screen.type("echo $((6*7)) >/tmp/answer")
    screen.press("Return")
    wait_until("what was typed", 15,
               lambda: vm.ssh("cat /tmp/answer 2>/dev/null", status=None).strip() == "42")


def check_same(window, picture, when):
    """The desktop's lower half, without its clock and the cursor."""
    box = (0, 500, 1280, 800)
    wait_until(f"the same picture {when}", 15,
               lambda: window.capture().crop(box).tobytes() == picture.crop(box).tobytes())


def check_second_screen(test, vm, screen):
    lines = run_outputs(test, vm, "2=on", "2=640x480")
    check(len(lines) == 2, f"hesper outputs says {lines}")
    windows = screen.wait_windows(vm.name, 2)
    wait_until("a picture on the second screen", 20,
               lambda: "2  640x480, shows 640x480" in run_outputs(test, vm)[1])
    second = [window for window in windows if "(screen 2)" in window.get_title()]
    check(len(second) == 1, f"the titles are {[window.get_title() for window in windows]}")
    wait_until("weston on the second screen", 20,
               lambda: len(second[0].capture().getcolors(1 << 24)) > 16)
    screen.capture(test.path("two.png"))
    run_outputs(test, vm, "2=off")
    screen.wait_windows(vm.name, 1)


def check_killed_display(test, vm, screen, picture):
    pids = [pid for pid, name in vm.processes().items() if name.startswith("hesper-display")]
    check(len(pids) == 1, f"there are {len(pids)} displays")
    os.kill(pids[0], signal.SIGKILL)
    begin = time.monotonic()
    wait_until("the end of the display", 5, lambda: pids[0] not in vm.processes())
    window = screen.wait_windows(vm.name)[0]
    seconds = time.monotonic() - begin
    test.say(f"the window was back after {seconds:.2f} s")
    check(seconds < 3, f"the window was back after {seconds:.1f} s")
    check_same(window, picture, "of another display")


# -------------------------------------------------------------------- the end


def test_closing_the_window_ends_the_machine(test):
    vm, screen = get_desktop(test)
    get_window(vm, screen).close()
    try:
        status = vm.process.wait(90)
    except Exception:
        raise Failure("hesper run goes on") from None
    check(status == 0, f"hesper run ended with status {status}")
    end_desktop()
