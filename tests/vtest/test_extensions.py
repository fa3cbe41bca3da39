# SPDX-License-Identifier: MIT
"""docs/extensions.md says what is in the guest, and what is in the guest works as on the host."""

import glob
import os

from harness.runner import MAIN_BUILD, ROOT, check
from vtest import extension_table
from vtest.client import HESPER, environment, run

BUILT = os.path.join(MAIN_BUILD, "tests", "vtest")
TABLE = os.path.join(ROOT, "docs", "extensions.md")


def host_info(test):
    manifests = glob.glob("/usr/share/vulkan/icd.d/lvp_icd*.json")
    check(manifests, "there is no lavapipe")
    return extension_table.Info(test.run(["vulkaninfo"], env={"VK_DRIVER_FILES": manifests[0]}))


def guest_info(test):
    output = test.run([HESPER, "exec", "--log", test.path("renderer.log"), "--", "vulkaninfo"],
                      env=environment("mesa_26_1", validation=False))
    return extension_table.Info(output)


def policy_of(test, names):
    lines = test.run([os.path.join(BUILT, "policy-list"), *sorted(names)]).splitlines()
    fields = [line.split("\t") for line in lines]
    return {name: (action, reason) for name, action, reason in fields}


def carried_by_the_protocol():
    with open(os.path.join(ROOT, "codegen", "extensions.txt"), encoding="utf-8") as file:
        return {line.split()[0] for line in file if not line.startswith("#") and line.strip()}


def test_table_is_up_to_date(test):
    host, guest = host_info(test), guest_info(test)
    policy = policy_of(test, set(host.extensions) | set(guest.extensions))
    table = extension_table.make_table(host, guest, policy, carried_by_the_protocol())
    fresh_path = test.path("extensions.md")
    with open(fresh_path, "w", encoding="utf-8") as file:
        file.write(table)
    with open(TABLE, encoding="utf-8") as file:
        old = file.read()
    check(table == old, "docs/extensions.md differs from what is there; when that is right: "
                        f"cp {os.path.relpath(fresh_path, ROOT)} docs/extensions.md")


def test_features_and_limits_are_the_hosts(test):
    wrong = extension_table.wrong_features(host_info(test), guest_info(test))
    for sentence in wrong:
        test.say(sentence)
    check(not wrong, f"{len(wrong)} differences, the first: {wrong[:1]}")


def test_promoted_extension_by_its_new_name(test):
    run(test, [os.path.join(BUILT, "promoted")])
