# SPDX-License-Identifier: MIT
"""Each fuzz target with libFuzzer and the sanitizers, for HESPER_FUZZ_SECONDS (30): from what is in
fuzz/corpus/NAME and what the build made as NAME-corpus."""

import glob
import os
import shutil
import sys

from harness.runner import BUILD, ROOT, Failure, check

FOLDER = os.path.join(BUILD, "fuzz")
SECONDS = int(os.environ.get("HESPER_FUZZ_SECONDS") or 30)
TARGETS = ["stream"]

OPTIONS = ["-Dfuzz=true", "-Db_sanitize=address,undefined", "-Db_lundef=false"]


def test_build(test):
    if not os.path.exists(os.path.join(FOLDER, "build.ninja")):
        test.run(["meson", "setup", *OPTIONS, FOLDER, ROOT], timeout=120, env={"CC": "clang"})
    goals = [f"fuzz/fuzz_{name}" for name in TARGETS]
    test.run(["ninja", "-C", FOLDER, *goals, "corpora"], timeout=900)


def fuzz(test, name):
    program = os.path.join(FOLDER, "fuzz", f"fuzz_{name}")
    check(os.path.exists(program), "it is not built")
    found, artifacts = test.path("found"), test.path("artifacts")
    shutil.rmtree(found, ignore_errors=True)
    shutil.rmtree(artifacts, ignore_errors=True)
    os.makedirs(found)
    os.makedirs(artifacts)
    corpora = [path for path in (os.path.join(ROOT, "fuzz", "corpus", name),
                                 os.path.join(FOLDER, "fuzz", f"{name}-corpus"))
               if os.path.isdir(path)]
    check(corpora, "there is no corpus")
    try:
        # libFuzzer says all it has to say on standard error, which is the log.
        test.run([program, f"-max_total_time={SECONDS}", "-timeout=20", "-rss_limit_mb=3072",
                  f"-artifact_prefix={artifacts}/", found, *corpora],
                 timeout=SECONDS + 120,
                 env={"UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"})
    except Failure:
        inputs = glob.glob(os.path.join(artifacts, "*"))
        if inputs:
            raise Failure(f"found {os.path.relpath(inputs[0], ROOT)}") from None
        raise


for target in TARGETS:
    setattr(sys.modules[__name__], f"test_{target}", lambda test, name=target: fuzz(test, name))
