# SPDX-License-Identifier: MIT
"""Each fuzz target of fuzz/ for half a minute (five minutes with --all), from its corpora: the one in
the sources and the one that the build makes. What it finds is kept in build/fuzz-corpus, so that the
next run goes on from there; an input that fails is beside the log."""

import glob
import os

from harness.builds import CLANG_BUILD
from harness.runner import BUILD, ROOT, check

SECONDS = {False: 30, True: 300}


def make_test(name):
    def fuzz(test):
        program = os.path.join(CLANG_BUILD, "fuzz", f"fuzz_{name}")
        check(os.path.exists(program), f"{program} has not been built")
        found = os.path.join(BUILD, "fuzz-corpus", name)
        os.makedirs(found, exist_ok=True)
        seeds = [os.path.join(ROOT, "fuzz", "corpus", name)]
        if os.path.exists(os.path.join(ROOT, "fuzz", f"make_{name}_corpus.py")):
            seeds.append(os.path.join(CLANG_BUILD, "fuzz", f"{name}-corpus"))
        for folder in seeds:
            check(os.path.isdir(folder), f"there is no corpus in {folder}")
        seconds = SECONDS[test.runner.run_long]
        # It reports on standard error, which is the log.
        test.run([program, f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=3000",
                  "-print_final_stats=1", f"-artifact_prefix={test.path('')}", found, *seeds],
                 timeout=seconds + 120,
                 # Undefined behaviour is a find, too.
                 env={"UBSAN_OPTIONS": "halt_on_error=1:abort_on_error=1:print_stacktrace=1"})

    return fuzz


for source in sorted(glob.glob(os.path.join(ROOT, "fuzz", "fuzz_*.c"))):
    target = os.path.basename(source)[len("fuzz_"):-len(".c")]
    globals()[f"test_{target}"] = make_test(target)
