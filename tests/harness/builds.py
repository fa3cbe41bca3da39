# SPDX-License-Identifier: MIT
"""The builds, each with other checks, and the unit tests in them."""

import json
import os
import time

from harness.runner import BUILD, MAIN_BUILD, ROOT, check

CLANG_BUILD = os.path.join(BUILD, "clang")

# name, folder, options for `meson setup`, environment, what its tests get
BUILDS = [
    ("gcc", MAIN_BUILD, [], {}, {}),
    # gcc's warnings about overflows are wrong in code that the sanitizers have rewritten.
    ("sanitize", os.path.join(BUILD, "sanitize"),
     ["-Db_sanitize=address,undefined", "-Doptimization=1", "-Dc_args=-Wno-stringop-overflow"], {},
     {"ASAN_OPTIONS": "abort_on_error=1:detect_stack_use_after_return=1",
      "UBSAN_OPTIONS": "halt_on_error=1:abort_on_error=1:print_stacktrace=1"}),
    # With the fuzz targets, which need their own flavour of everything. Its unit tests are gcc's.
    ("clang", CLANG_BUILD,
     ["-Dfuzz=true", "-Db_sanitize=address,undefined", "-Db_lundef=false"], {"CC": "clang"}, None),
]


def build(test, folder, options, env):
    if not os.path.exists(os.path.join(folder, "build.ninja")):
        test.run(["meson", "setup", *options, folder, ROOT], timeout=120, env=env)
    test.run(["ninja", "-C", folder], timeout=900, env=env)


def read_results(folder, began):
    """What `meson test` has written: name, result, seconds."""
    path = os.path.join(folder, "meson-logs", "testlog.json")
    check(os.path.exists(path) and os.path.getmtime(path) >= began - 2,
          "meson test has written no results")
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def run_unit_tests(runner, prefix, folder, env):
    """Each test program of the build is a test; one more stands for meson itself."""
    results = []

    def run_meson(test):
        began = time.time()
        test.run(["meson", "test", "-C", folder, "--num-processes", "2",
                  "--timeout-multiplier", "4", "--print-errorlogs"],
                 timeout=1200, status=None, env=env)
        results.extend(read_results(folder, began))
        check(results, "there are no unit tests")

    runner.run(prefix, run_meson)
    for result in results:
        suite, _, name = result["name"].rpartition(" / ")
        suite = suite.split(":")[-1].strip()
        why = None if result["result"] == "OK" else f"{result['result']}; see {prefix}.log"
        runner.report(f"{prefix}/{suite}/{name}", result["duration"], why)


def add_tests(runner):
    runner.run("lint", lambda test: test.run([os.path.join(ROOT, "tools", "dev", "lint")],
                                             timeout=120))
    for name, folder, options, build_env, test_env in BUILDS:
        built = runner.run(f"build/{name}",
                           lambda test: build(test, folder, options, build_env))
        if built and test_env is not None:
            prefix = "unit" if name == "gcc" else f"unit-{name}"
            run_unit_tests(runner, prefix, folder, test_env)
