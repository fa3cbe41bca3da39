# SPDX-License-Identifier: MIT
"""Finds the tests that drive whole programs: functions test_* in the files test_*.py of the folders
below. A test is called NAME of the folder, the file and the function, as vm/cube/zero_copy.

A function gets a harness.runner.Test; the order in the file is the order of the run. The decorator
harness.discover.long keeps a test for `./dev test --all`."""

import importlib.util
import os
import sys

from harness.runner import ROOT

FOLDERS = ["cli", "vtest", "vhost", "fuzz", "vm"]


def long(function):
    function.is_long = True
    return function


def load(folder, file):
    path = os.path.join(ROOT, "tests", folder, file)
    spec = importlib.util.spec_from_file_location(f"{folder}_{file[:-3]}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def add_tests(runner):
    for folder in FOLDERS:
        path = os.path.join(ROOT, "tests", folder)
        files = sorted(os.listdir(path)) if os.path.isdir(path) else []
        for file in files:
            if not (file.startswith("test_") and file.endswith(".py")):
                continue
            module = load(folder, file)
            for name, function in list(vars(module).items()):
                if name.startswith("test_") and callable(function):
                    runner.run(f"{folder}/{file[5:-3]}/{name[5:]}", function,
                               getattr(function, "is_long", False))
