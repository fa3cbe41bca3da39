# SPDX-License-Identifier: MIT
"""Small registries and the C that comes out of them."""

import unittest

import generate
from test_support import command, function, make, member, struct

NUMBERS = {"vkUse": 1}
HANDLER = '[handlers]\nall = ["vkUse"]\n'


def structs_c(g: generate.Generator, *names: str) -> str:
    return generate.render_one(g, "structs.c.mako", names=list(names))


def commands_c(g: generate.Generator) -> str:
    return generate.render_one(g, "commands.c.mako", commands=g.commands)


class StructTest(unittest.TestCase):
    def test_neighbours_of_same_layout_are_copied_at_once(self) -> None:
        g = make(
            types=struct(
                "VkA",
                member("uint32_t", "a"),
                member("uint32_t", "b"),
                member("uint32_t", "c"),
                member("VkDeviceSize", "d"),
                member("VkBuffer", "buffer"),
            ),
            commands=command("vkUse", member("const VkA*", "pA")),
            numbers=NUMBERS,
            policy=HANDLER,
        )
        self.assertEqual(
            function(structs_c(g, "VkA"), "hsp_vn_decode_VkA"),
            """\
void hsp_vn_decode_VkA(struct hsp_vn_reader *reader, VkA *val)
{
    _Static_assert(offsetof(VkA, c) + sizeof(((VkA *)0)->c) -
                       offsetof(VkA, a) == 12, "c");
    hsp_vn_reader_raw(reader, &val->a, 12);
    hsp_vn_reader_raw(reader, &val->d, 8);
    val->buffer = (VkBuffer)(uintptr_t)hsp_vn_reader_handle(reader, VK_OBJECT_TYPE_BUFFER);
}
""",
        )

    def test_output_struct_travels_with_its_counts_only(self) -> None:
        g = make(
            types=struct(
                "VkA",
                member("uint32_t", "plain"),
                member("uint32_t", "count"),
                member("uint32_t*", "pValues", len="count", optional="true"),
            ),
            commands=command("vkUse", member("VkA*", "pA")),
            numbers=NUMBERS,
            policy=HANDLER,
        )
        text = function(structs_c(g, "VkA"), "hsp_vn_decode_partial_VkA")
        self.assertNotIn("plain", text)
        self.assertIn("hsp_vn_reader_raw(reader, &val->count, sizeof(val->count));", text)
        self.assertIn("hsp_vn_reader_array(reader, (uint64_t)(uint32_t)val->count, false)", text)
        self.assertIn("val->pValues = hsp_vn_reader_output(reader, count, 4);", text)

    def test_count_declared_after_its_array_travels_first(self) -> None:
        g = make(
            types=struct(
                "VkA", member("const void*", "address", len="size"), member("size_t", "size")
            ),
            commands=command("vkUse", member("const VkA*", "pA")),
            numbers=NUMBERS,
            policy=HANDLER,
        )
        text = function(structs_c(g, "VkA"), "hsp_vn_decode_VkA")
        self.assertLess(text.index("val->size, 8"), text.index("val->address"))


class ChainTest(unittest.TestCase):
    def setUp(self) -> None:
        self.types = (
            struct("VkOwner", member("uint32_t", "a"), stype="VK_STRUCTURE_TYPE_OWNER")
            + struct(
                "VkLate",
                member("uint32_t", "b"),
                stype="VK_STRUCTURE_TYPE_LATE",
                structextends="VkOwner",
            )
            + struct("VkEarly", stype="VK_STRUCTURE_TYPE_EARLY", structextends="VkOwner")
        )
        self.stypes = {
            "VK_STRUCTURE_TYPE_OWNER": 1,
            "VK_STRUCTURE_TYPE_LATE": 30,
            "VK_STRUCTURE_TYPE_EARLY": 20,
        }

    def make(self, **more: str) -> generate.Generator:
        return make(
            types=self.types,
            stypes=self.stypes,
            commands=command("vkUse", member("const VkOwner*", "pOwner")),
            numbers=NUMBERS,
            policy=HANDLER,
            **more,
        )

    def test_owner_lists_its_links_by_stype(self) -> None:
        g = self.make()
        self.assertEqual([s.name for s in g.plan.links], ["VkEarly", "VkLate"])
        self.assertEqual(
            structs_c(g, "VkOwner").split('#include "venus/gen/structs.h"\n\n')[1],
            """\
static const uint16_t indices_VkOwner[] = {
    0, 1};
static const struct hsp_vn_chain chain_VkOwner = {hsp_vn_links, indices_VkOwner, 2};

void hsp_vn_decode_self_VkOwner(struct hsp_vn_reader *reader, void *body_of)
{
    VkOwner *val = body_of;

    hsp_vn_reader_raw(reader, &val->a, 4);
}

void hsp_vn_decode_VkOwner(struct hsp_vn_reader *reader, VkOwner *val)
{
    val->sType = VK_STRUCTURE_TYPE_OWNER;
    val->pNext = hsp_vn_reader_head(reader, VK_STRUCTURE_TYPE_OWNER, &chain_VkOwner,
                                    false);
    hsp_vn_decode_self_VkOwner(reader, val);
}

""",
        )

    def test_struct_of_an_unknown_extension_is_no_link(self) -> None:
        extension = """<extension name="VK_EXT_late" number="5" supported="vulkan">
            <require><type name="VkLate"/></require></extension>"""
        self.assertEqual(
            [s.name for s in self.make(extensions=extension).plan.links], ["VkEarly"]
        )
        known = self.make(extensions=extension, known="VK_EXT_late 1\n")
        self.assertEqual([s.name for s in known.plan.links], ["VkEarly", "VkLate"])

    def test_extension_of_mesa_xml_yields_to_vk_xml(self) -> None:
        extension = """<extension name="VK_MESA_venus_protocol" number="5" supported="vulkan">
            <require><type name="VkLate"/></require></extension>"""
        g = self.make(extensions=extension)
        self.assertEqual(g.registry.extensions["VK_MESA_venus_protocol"].number, 5)
        self.assertEqual([s.name for s in g.plan.links], ["VkEarly", "VkLate"])

    def test_struct_that_needs_another_extension_is_no_link(self) -> None:
        extension = """<extension name="VK_EXT_late" number="5" supported="vulkan">
            <require depends="VK_VERSION_1_0+VK_KHR_other"><type name="VkLate"/></require>
            </extension>"""
        g = self.make(extensions=extension, known="VK_EXT_late 1\n")
        self.assertEqual([s.name for s in g.plan.links], ["VkEarly"])


class UnionTest(unittest.TestCase):
    def test_tag_of_a_union_without_selector(self) -> None:
        union = """<type category="union" name="VkClearColorValue">
            <member><type>float</type> <name>float32</name>[4]</member>
            <member><type>int32_t</type> <name>int32</name>[4]</member>
            <member><type>uint32_t</type> <name>uint32</name>[4]</member></type>"""
        g = make(
            types=union,
            commands=command("vkUse", member("const VkClearColorValue*", "pColor")),
            numbers=NUMBERS,
            policy=HANDLER,
        )
        self.assertEqual(
            function(structs_c(g, "VkClearColorValue"), "hsp_vn_decode_VkClearColorValue"),
            """\
void hsp_vn_decode_VkClearColorValue(struct hsp_vn_reader *reader, VkClearColorValue *val)
{
    uint32_t tag = hsp_vn_reader_u32(reader);

    switch (tag) {
    case 0:
    hsp_vn_reader_fixed(reader, val->float32, 4, sizeof(val->float32[0]));
        break;
    case 1:
    hsp_vn_reader_fixed(reader, val->int32, 4, sizeof(val->int32[0]));
        break;
    case 2:
    hsp_vn_reader_fixed(reader, val->uint32, 4, sizeof(val->uint32[0]));
        break;
    default:
        hsp_vn_reader_set_fault(reader, HSP_VN_FAULT_POINTER,
                                tag, "union");
        break;
    }
}
""",
        )

    def test_selector_must_match_the_member_that_selects(self) -> None:
        types = """<type category="union" name="VkData">
            <member selection="VK_KIND_A"><type>uint32_t</type> <name>a</name></member></type>"""
        types += struct("VkA", member("VkKind", "kind"), member("VkData", "data", selector="kind"))
        g = make(
            types=types,
            commands=command("vkUse", member("const VkA*", "pA")),
            numbers=NUMBERS,
            policy=HANDLER,
        )
        text = structs_c(g, "VkA", "VkData")
        self.assertIn("hsp_vn_decode_VkData(reader, &val->data, (int32_t)val->kind);", text)
        self.assertIn("if (sent != selector)", text)
        self.assertIn("case VK_KIND_A:", text)


class CommandTest(unittest.TestCase):
    def test_length_through_a_pointer_is_zero_for_null(self) -> None:
        g = make(
            types=struct("VkInfo", member("uint32_t", "count")),
            commands=command(
                "vkUse",
                member("const VkInfo*", "pInfo"),
                member("const uint32_t*", "pValues", len="pInfo-&gt;count"),
            ),
            numbers=NUMBERS,
            policy=HANDLER,
        )
        self.assertIn(
            "hsp_vn_reader_array(reader, (args->pInfo ? (uint64_t)args->pInfo->count : 0), true)",
            commands_c(g),
        )

    def test_altlen_is_computed_in_64_bits(self) -> None:
        g = make(
            commands=command(
                "vkUse",
                member("uint32_t", "samples"),
                member(
                    "const uint32_t*", "pMask", len="latexmath:[x]", altlen="(samples + 31) / 32"
                ),
            ),
            numbers=NUMBERS,
            policy=HANDLER,
        )
        self.assertIn(
            "(( (uint64_t)(uint32_t)args->samples + UINT64_C(31) ) / UINT64_C(32))", commands_c(g)
        )

    def test_alias_is_tried_when_the_driver_is_loaded(self) -> None:
        g = make(
            commands=command("vkUse", member("VkDevice", "device"))
            + '<command name="vkUseKHR" alias="vkUse"/>',
            numbers=NUMBERS,
        )
        text = generate.render_one(g, "driver.c.mako")
        self.assertIn('"vkUse\\0" "vkUseKHR\\0"', text)


if __name__ == "__main__":
    unittest.main()
