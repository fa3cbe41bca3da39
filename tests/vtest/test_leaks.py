# SPDX-License-Identifier: MIT
"""Nothing of ours grows: not with the number of programs, nor with what one program allocates."""

import os
import time

from harness.discover import long
from harness.runner import check
from vtest.client import Exec, children_of, for_each_client, program, usage_of

# Memory of a process breathes with its allocator; a leak of a hundred bytes per loop would be 10 MB.
RSS_SLACK_KB = 6000


def wait_for_lines(path, count, running, timeout):
    end = time.monotonic() + timeout
    while True:
        with open(path, "rb") as file:
            lines = file.read().count(b"\n")
        if lines >= count or running.process.poll() is not None:
            return
        check(time.monotonic() < end, f"{lines} of {count} programs within {timeout} s")
        time.sleep(0.02)


def check_growth(test, before, after, rss_slack_kb=RSS_SLACK_KB):
    test.say(f"before: {before}")
    test.say(f"after:  {after}")
    check(after["rss_kb"] <= before["rss_kb"] + rss_slack_kb,
          f"memory grew from {before['rss_kb']} to {after['rss_kb']} kB")
    for what in ("fds", "threads"):
        check(after[what] <= before[what], f"{what} grew from {before[what]} to {after[what]}")
    check(after["mappings"] <= before["mappings"] + 40,
          f"mappings grew from {before['mappings']} to {after['mappings']}")


def run_programs(test, client, count):
    """Many programs in one `hesper exec`, which lives through all of them."""
    done = test.path("done")
    open(done, "w", encoding="utf-8").close()
    script = (f'i=0; while [ $i -lt {count} ]; do "$0" --groups=4 >/dev/null || exit 1; '
              f'echo >>"{done}"; i=$((i+1)); done; sleep 1')
    with Exec(test, ["sh", "-c", script, *program("compute-check")], client,
              validation=False) as running:
        wait_for_lines(done, 20, running, 60)
        before = usage_of(running.process.pid)
        wait_for_lines(done, count, running, count)
        time.sleep(0.5)
        after = usage_of(running.process.pid)
        children = children_of(running.process.pid)
        check(running.wait() == 0, "a program failed")
        running.check_renderer_log()
    # Between two programs there may be a renderer that is leaving.
    before["fds"] = max(before["fds"], after["fds"] - 1)
    check_growth(test, before, after, 500)
    check(len(children) <= 2, f"{len(children)} children are left")


@for_each_client
def test_100_programs(test, client):
    run_programs(test, client, 100)


@long
def test_1000_programs(test):
    run_programs(test, "mesa_26_1", 1000)


def allocate(test, client, loops):
    """One program that allocates, maps and frees two buffers in each loop: its renderer's usage a
    quarter in, and near the end."""
    with Exec(test, program("memory-check", f"--loops={loops}"), client,
              validation=False) as running:
        renderer = running.wait_for_child("hesper-render")
        samples = []
        while running.process.poll() is None:
            try:
                samples.append(usage_of(renderer))
            except (OSError, KeyError, ValueError):
                break
            time.sleep(0.05)
        check(running.wait() == 0, "memory-check failed")
        running.check_renderer_log()
    check(len(samples) >= 20, f"only {len(samples)} samples: not enough loops")
    quarter, last = samples[len(samples) // 4:len(samples) // 2], samples[-len(samples) // 4:-1]
    check_growth(test, {key: max(s[key] for s in quarter) for key in quarter[0]},
                 {key: min(s[key] for s in last) for key in last[0]})


@for_each_client
def test_10000_allocations(test, client):
    allocate(test, client, 5000)


@long
def test_100000_allocations(test):
    allocate(test, "mesa_26_1", 50000)


def test_the_clients_memory(test):
    """The client's own side: nothing of ours, but what we hand it (descriptors, ids) is."""
    with Exec(test, program("memory-check", "--loops=5000"), validation=False) as running:
        pid = running.wait_for_child("memory-check")
        samples = []
        while running.process.poll() is None:
            try:
                samples.append(usage_of(pid))
            except (OSError, KeyError, ValueError):
                break
            time.sleep(0.05)
        check(running.wait() == 0, "memory-check failed")
    quarter, last = samples[len(samples) // 4:len(samples) // 2], samples[-len(samples) // 4:-1]
    check_growth(test, {key: max(s[key] for s in quarter) for key in quarter[0]},
                 {key: min(s[key] for s in last) for key in last[0]})


assert os.path.isdir("/proc/self/task"), "these tests read /proc"
