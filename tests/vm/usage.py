# SPDX-License-Identifier: MIT
"""What the processes of a machine use on the host, to see that nothing grows."""

import os

from harness.runner import check

# What a compositor has at one moment and not at another, far below what hundreds of programs leave.
FDS, THREADS = 16, 0


def read_usage(pid):
    """Memory of its own in KiB, descriptors and threads of a process; None if it has ended. Pages that
    it shares, as the guest's, are not its own."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as file:
            fields = dict(line.split(":", 1) for line in file if ":" in line)
        return {"memory": int(fields["RssAnon"].split()[0]), "threads": int(fields["Threads"]),
                "fds": len(os.listdir(f"/proc/{pid}/fd"))}
    except (FileNotFoundError, ProcessLookupError, KeyError):
        return None


def read_all(vm):
    """{pid: (name, usage)} of the device's processes."""
    found = {}
    for pid, name in vm.processes().items():
        usage = read_usage(pid)
        if usage and name.startswith("hesper"):
            found[pid] = (name, usage)
    return found


def check_no_growth(test, before, after, memory_kib):
    """The same processes as before, none with more threads, or many more descriptors, or much more
    memory."""
    for pid, (name, usage) in sorted(after.items()):
        test.say(f"{name} {pid}: {before.get(pid, (name, None))[1]}, then {usage}")
    check(sorted(before) == sorted(after),
          f"{len(before)} processes of hesper before, {len(after)} after")
    for pid, (name, usage) in after.items():
        then = before[pid][1]
        for what, more in (("fds", FDS), ("threads", THREADS)):
            check(usage[what] <= then[what] + more,
                  f"{name} has {usage[what]} {what}, had {then[what]}")
        check(usage["memory"] <= then["memory"] + memory_kib,
              f"{name} uses {usage['memory']} KiB, used {then['memory']}")
