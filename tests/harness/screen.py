# SPDX-License-Identifier: MIT
"""A screen of this host that nobody sits at: Xvfb with a window manager. xdotool types and points
there."""

import os
import subprocess
import tempfile
import time

from PIL import ImageGrab

from harness.runner import check, start, stop


# Without frames: xdotool adds their width to a window's place.
OPENBOX_CONFIG = """<openbox_config xmlns="http://openbox.org/3.4/rc">
  <keyboard>
    <keybind key="A-F4"><action name="Close"/></keybind>
  </keyboard>
  <applications>
    <application class="*"><decor>no</decor></application>
  </applications>
</openbox_config>
"""


class Window:
    def __init__(self, screen, number):
        self.screen = screen
        self.number = number

    def get_title(self):
        return self.screen.tool("getwindowname", self.number).strip()

    def get_place(self):
        """(x, y, width, height) on the screen."""
        lines = self.screen.tool("getwindowgeometry", "--shell", self.number).splitlines()
        values = dict(line.split("=") for line in lines)
        return tuple(int(values[name]) for name in ("X", "Y", "WIDTH", "HEIGHT"))

    def capture(self, path=None):
        x, y, width, height = self.get_place()
        picture = self.screen.capture().crop((x, y, x + width, y + height))
        if path:
            picture.save(path)
        return picture

    def activate(self):
        self.screen.tool("windowactivate", "--sync", self.number)

    def resize(self, width, height):
        self.screen.tool("windowsize", self.number, width, height)

    def point(self, x, y):
        self.screen.tool("mousemove", "--window", self.number, x, y)

    def click(self, x, y, button=1):
        """As a hand does it: not within a millisecond."""
        self.point(x, y)
        time.sleep(0.2)
        self.screen.tool("mousedown", button)
        time.sleep(0.1)
        self.screen.tool("mouseup", button)

    def close(self):
        """As its owner's wish, which a program may hear."""
        self.activate()
        self.screen.press("alt+F4")


class Screen:
    """Runs until finish()."""

    def __init__(self, width=1600, height=1000):
        read_fd, write_fd = os.pipe()
        self.server = start(["Xvfb", "-displayfd", str(write_fd), "-screen", "0",
                             f"{width}x{height}x24", "-nolisten", "tcp", "-noreset"],
                            pass_fds=[write_fd], stderr=subprocess.DEVNULL)
        os.close(write_fd)
        with os.fdopen(read_fd) as file:
            number = file.readline().strip()
        check(number != "", "there is no Xvfb")
        self.environment = {"DISPLAY": ":" + number, "WAYLAND_DISPLAY": ""}
        self.config = tempfile.NamedTemporaryFile("w", suffix=".xml")
        self.config.write(OPENBOX_CONFIG)
        self.config.flush()
        self.manager = start(["openbox", "--config-file", self.config.name],
                             env=self.environment, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)

    def finish(self):
        stop(self.manager)
        stop(self.server)
        self.config.close()

    def tool(self, *arguments, status=0):
        """Runs xdotool and returns what it prints."""
        result = subprocess.run(["xdotool", *map(str, arguments)],
                                env={**os.environ, **self.environment},
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, timeout=60, check=False)
        check(status is None or result.returncode == status,
              f"xdotool {arguments[0]}: {result.stderr.decode(errors='replace').strip()}")
        return result.stdout.decode()

    def capture(self, path=None):
        picture = ImageGrab.grab(xdisplay=self.environment["DISPLAY"]).convert("RGB")
        if path:
            picture.save(path)
        return picture

    def list_windows(self, title):
        """The windows that can be seen and whose titles begin so."""
        output = self.tool("search", "--onlyvisible", "--name", "^" + title, status=None)
        return [Window(self, number) for number in output.split()]

    def wait_windows(self, title, count=1, timeout=30):
        end = time.monotonic() + timeout
        while True:
            windows = self.list_windows(title)
            if len(windows) == count:
                return windows
            check(time.monotonic() < end, f"{len(windows)} windows '{title}', not {count}")
            time.sleep(0.1)

    def type(self, text):
        self.tool("type", "--delay", 60, text)

    def press(self, *keys):
        """Each is a key or several at once, as xdotool names them: ctrl+alt+f."""
        self.tool("key", "--delay", 60, *keys)
