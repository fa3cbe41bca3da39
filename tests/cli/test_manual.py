# SPDX-License-Identifier: MIT
"""Manual pages and bash completion say the same as the programs' --help, and no more."""

import os
import re
import subprocess

from harness.runner import MAIN_BUILD, ROOT, check
from harness.vm import HESPER

MAN = os.path.join(ROOT, "docs", "man")
COMPLETION = os.path.join(ROOT, "contrib", "completion", "hesper")
PROGRAMS = {f"hesper-{name}": os.path.join(MAIN_BUILD, "src", name, f"hesper-{name}")
            for name in ("gpu", "render", "display")}


def list_commands(test):
    return re.findall(r"^  ([a-z]+) ", test.run([HESPER, "help"]), re.MULTILINE)


def helps(test):
    """(name of the page, words in front of the options, what --help prints) of each program."""
    for command in list_commands(test):
        yield f"hesper-{command}", ["hesper", command], test.run([HESPER, command, "--help"])
    for name, path in PROGRAMS.items():
        yield name, [name], test.run([path, "--help"])


def options_of_help(text):
    """{option: whether it takes a value}"""
    found = re.findall(r"^ {1,4}(--[a-z][a-z-]*)(=| [A-Z[])?", text, re.MULTILINE)
    return {option: value != "" for option, value in found}


def read_page(name):
    path = os.path.join(MAN, name + ".1")
    check(os.path.exists(path), f"there is no {name}.1")
    with open(path, encoding="utf-8") as file:
        return file.read()


def options_of_page(text):
    found = re.findall(r"^\.It Fl -([a-z][a-z-]*)(.*)$", text, re.MULTILINE)
    names = [option for option, _ in found]
    check(len(names) == len(set(names)), f"an option is there twice: {names}")
    return {"--" + option: "Ar " in rest for option, rest in found}


def complete(test, *words):
    """What bash would offer for the last of the words."""
    script = ('source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _hesper; '
              'printf "%s\\n" "${COMPREPLY[@]}"')
    return test.run(["bash", "-euc", script, "bash", COMPLETION, *words]).split()


def compare(what, expected, found):
    for option in sorted(expected.keys() | found.keys()):
        check(option in found, f"{what} lacks {option}")
        check(option in expected, f"{what} has {option}, which --help does not show")
        check(expected[option] == found[option], f"{what}: does {option} take a value?")


def test_pages(test):
    """Each command and program has a page; its options are those of --help."""
    for name, _, text in helps(test):
        compare(f"{name}.1", options_of_help(text), options_of_page(read_page(name)))


def test_no_other_pages(test):
    names = {"hesper"} | {name for name, _, _ in helps(test)}
    pages = {file[:-2] for file in os.listdir(MAN) if file.endswith(".1")}
    check(pages == names, f"pages and programs differ: {sorted(pages ^ names)}")
    with open(os.path.join(ROOT, "docs", "meson.build"), encoding="utf-8") as file:
        installed = set(re.findall(r"'man/([a-z-]+)\.1'", file.read()))
    check(pages == installed, f"pages and what is installed differ: {sorted(pages ^ installed)}")


def test_commands(test):
    """hesper(1) and the completion have each command, and only those."""
    commands = list_commands(test)
    page = re.findall(r"^\.It Cm ([a-z]+)$", read_page("hesper"), re.MULTILINE)
    check(page == commands, f"hesper.1 has {page}, hesper help {commands}")
    offered = complete(test, "hesper", "")
    check(sorted(offered) == sorted(commands + ["help", "version"]), f"bash is offered {offered}")


def test_completion(test):
    for name, words, text in helps(test):
        options = options_of_help(text)
        offered = complete(test, *words, "--")
        # An option with a value does not lead to more options.
        values = {option: "--help" not in complete(test, *words, option, "--")
                  for option in offered}
        compare(f"the completion of {name}", options, values)


def test_completion_of_values(test):
    check(complete(test, "hesper", "run", "--display", "w") == ["window"], "no kind of display")
    check(complete(test, "hesper-gpu", "--display", "=", "he") == ["headless"], "after =: nothing")
    check(complete(test, "hesper-gpu", "--guest-ram", "=")[0] == "auto", "behind =: nothing")
    check("--display" not in complete(test, "hesper", "run", "--", "--d"), "QEMU's are not ours")
    check("bash" in complete(test, "hesper", "exec", "ba"), "exec: no program")


def test_variables(test):
    """What a page says of the environment is documented."""
    with open(os.path.join(ROOT, "docs", "environment.md"), encoding="utf-8") as file:
        documented = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", file.read()))
    set_for_programs = {"VK_DRIVER_FILES", "VTEST_SOCKET_NAME", "VN_DEBUG"}
    for file in sorted(os.listdir(MAN)):
        named = set(re.findall(r"^\.(?:It )?Ev ([A-Z0-9_]+)", read_page(file[:-2]), re.MULTILINE))
        unknown = named - documented - set_for_programs
        check(not unknown, f"{file}: not in docs/environment.md: {sorted(unknown)}")


def test_form(test):
    """The pages are well-formed, and what they refer to is there."""
    for file in sorted(os.listdir(MAN)):
        path = os.path.join(MAN, file)
        result = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", path],
                                stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                                check=False)
        test.say(result.stdout.decode() + result.stderr.decode())
        check(result.returncode == 0, f"{file}: {result.stdout.decode().strip()[:200]}")
        for name in re.findall(r"^\.Xr (hesper[a-z-]*) 1", read_page(file[:-2]), re.MULTILINE):
            check(os.path.exists(os.path.join(MAN, name + ".1")), f"{file} refers to {name}(1)")
