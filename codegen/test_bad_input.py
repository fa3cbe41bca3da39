# SPDX-License-Identifier: MIT
"""Wrong registries and policies give an error that says what is wrong, and where."""

import contextlib
import io
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import generate
import length
import policy
import registry
from test_support import command, make, member, struct
from wire import WireError

NUMBERS = {"vkUse": 1}
HANDLER = '[handlers]\nall = ["vkUse"]\n'


class BadLengthTest(unittest.TestCase):
    def test_text_that_is_no_expression(self) -> None:
        for text in ("", "a +", "(a", "a)", "a b", "latexmath:[x]", "+", "a ? b : c", "f(a)"):
            with self.assertRaises(length.LengthError, msg=text):
                length.parse(text)

    def test_latex_without_altlen_names_the_struct(self) -> None:
        with self.assertRaisesRegex(WireError, "VkA: cannot read the length 'latexmath"):
            make(
                types=struct("VkA", member("const uint32_t*", "p", len="latexmath:[n]")),
                commands=command("vkUse", member("const VkA*", "pA")),
                numbers=NUMBERS,
                policy=HANDLER,
            )

    def test_length_of_an_unknown_member(self) -> None:
        g = make(
            types=struct("VkA", member("const uint32_t*", "p", len="missing")),
            commands=command("vkUse", member("const VkA*", "pA")),
            numbers=NUMBERS,
            policy=HANDLER,
        )
        with self.assertRaisesRegex(WireError, "VkA: a length refers to the unknown 'missing'"):
            generate.render_one(g, "structs.c.mako", names=["VkA"])

    def test_length_that_is_no_number(self) -> None:
        g = make(
            types=struct(
                "VkA", member("VkBuffer", "b"), member("const uint32_t*", "p", len="b")
            ),
            commands=command("vkUse", member("const VkA*", "pA")),
            numbers=NUMBERS,
            policy=HANDLER,
        )
        with self.assertRaisesRegex(WireError, "the length 'b' is no number"):
            generate.render_one(g, "structs.c.mako", names=["VkA"])


class BadRegistryTest(unittest.TestCase):
    def load(self, text: str) -> registry.Registry:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "vk.xml"
            path.write_text(text)
            return registry.load(path)

    def test_file_that_is_no_xml(self) -> None:
        with self.assertRaisesRegex(registry.RegistryError, "vk.xml: "):
            self.load("<registry>")

    def test_member_without_a_name(self) -> None:
        with self.assertRaisesRegex(registry.RegistryError, "VkA: a member without name"):
            self.load(
                '<registry><types><type category="struct" name="VkA">'
                "<member><type>uint32_t</type></member></type></types></registry>"
            )

    def test_alias_of_itself(self) -> None:
        loaded = registry.Registry(type_aliases={"VkA": "VkB", "VkB": "VkA"})
        with self.assertRaisesRegex(registry.RegistryError, "alias of itself"):
            loaded.type_name("VkA")

    def test_unknown_array_dimension(self) -> None:
        member_xml = "<member><type>uint32_t</type> <name>x</name>[VK_NO_SUCH]</member>"
        with self.assertRaisesRegex(registry.RegistryError, "unknown constant VK_NO_SUCH"):
            make(
                types=struct("VkA", member_xml),
                commands=command("vkUse", member("const VkA*", "pA")),
                numbers=NUMBERS,
                policy=HANDLER,
            )

    def test_stype_without_a_value(self) -> None:
        with self.assertRaisesRegex(WireError, "VkLink: VK_STRUCTURE_TYPE_LINK has no value"):
            make(
                types=struct("VkOwner", stype="VK_STRUCTURE_TYPE_OWNER")
                + struct("VkLink", stype="VK_STRUCTURE_TYPE_LINK", structextends="VkOwner"),
                stypes={"VK_STRUCTURE_TYPE_OWNER": 1},
                commands=command("vkUse", member("const VkOwner*", "pOwner")),
                numbers=NUMBERS,
                policy=HANDLER,
            )

    def test_unknown_elements_are_ignored(self) -> None:
        loaded = self.load(
            '<registry future="1"><novelty/><types><novelty/>'
            '<type category="novelty" name="x"/><type category="struct" name="VkA" new="1">'
            '<member new="1"><type>uint32_t</type> <name>a</name><novelty/></member>'
            "</type></types></registry>"
        )
        self.assertEqual([m.name for m in loaded.structs["VkA"].members], ["a"])

    def test_command_line_ends_with_an_error(self) -> None:
        arguments = ["generate.py", "--registry", "/nonexistent/vk.xml", "--output", "."]
        stderr = io.StringIO()
        with mock.patch.object(sys, "argv", arguments), contextlib.redirect_stderr(stderr):
            self.assertEqual(generate.main(), 1)
        self.assertIn("/nonexistent/vk.xml", stderr.getvalue())


class NotSendableTest(unittest.TestCase):
    def reason(self, *params: str, types: str = "") -> str:
        g = make(types=types, commands=command("vkUse", *params), numbers=NUMBERS)
        self.assertEqual(g.commands, [])
        return g.model.unsendable["vkUse"]

    def test_pointer_without_a_length(self) -> None:
        self.assertIn("pData: pointer", self.reason(member("const void*", "pData")))

    def test_file_descriptor(self) -> None:
        self.assertIn("type int", self.reason(member("int", "fd")))

    def test_bit_field(self) -> None:
        bits = "<member><type>uint32_t</type> <name>x</name>:24</member>"
        self.assertIn(
            "bit-field", self.reason(member("const VkA*", "pA"), types=struct("VkA", bits))
        )

    def test_struct_that_contains_itself(self) -> None:
        types = struct("VkA", member("const VkA*", "pA"))
        self.assertIn("contains itself", self.reason(member("const VkA*", "pA"), types=types))


class BadPolicyTest(unittest.TestCase):
    def make(self, text: str) -> generate.Generator:
        return make(
            commands=command("vkUse", member("VkDevice", "device")), numbers=NUMBERS, policy=text
        )

    def test_unknown_command(self) -> None:
        with self.assertRaisesRegex(policy.PolicyError, "vkNone is no command"):
            self.make('[refused]\nvkNone = "x"\n')

    def test_handler_and_refused(self) -> None:
        with self.assertRaisesRegex(policy.PolicyError, "both a handler and refused"):
            self.make(HANDLER + '[refused]\nvkUse = "x"\n')

    def test_twice_a_handler(self) -> None:
        with self.assertRaisesRegex(policy.PolicyError, "twice a handler"):
            self.make('[handlers]\na = ["vkUse"]\nb = ["vkUse"]\n')

    def test_objects_without_a_handler(self) -> None:
        with self.assertRaisesRegex(policy.PolicyError, "gets objects but is no handler"):
            self.make('[objects]\ncommands = ["vkUse"]\n')

    def test_returned_handle_needs_a_handler(self) -> None:
        g = make(
            commands=command("vkGet", member("VkDevice", "device"), member("VkBuffer*", "pB")),
            numbers={"vkGet": 1},
        )
        with self.assertRaisesRegex(WireError, "vkGet: returns handles"):
            g.plan.run(g.commands[0])

    def test_command_without_a_handle_needs_a_handler(self) -> None:
        g = make(commands=command("vkUse", member("uint32_t", "x")), numbers=NUMBERS)
        with self.assertRaisesRegex(WireError, "vkUse: no first handle"):
            g.plan.run(g.commands[0])


if __name__ == "__main__":
    unittest.main()
