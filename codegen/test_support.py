# SPDX-License-Identifier: MIT
"""A generator over a tiny registry, for the tests."""

from __future__ import annotations

import tempfile
from pathlib import Path

import generate

TYPES = """
<type name="uint32_t" requires="vk_platform"/>
<type category="basetype">typedef <type>uint32_t</type> <name>VkFlags</name>;</type>
<type category="basetype">typedef <type>uint64_t</type> <name>VkDeviceSize</name>;</type>
<type category="enum" name="VkStructureType"/>
<type category="enum" name="VkKind"/>
<type category="handle" objtypeenum="VK_OBJECT_TYPE_DEVICE">
  <type>VK_DEFINE_HANDLE</type>(<name>VkDevice</name>)</type>
<type category="handle" parent="VkDevice" objtypeenum="VK_OBJECT_TYPE_BUFFER">
  <type>VK_DEFINE_NON_DISPATCHABLE_HANDLE</type>(<name>VkBuffer</name>)</type>
"""

HEAD = """
<member values="{0}"><type>VkStructureType</type> <name>sType</name></member>
<member optional="true">const <type>void</type>* <name>pNext</name></member>
"""

MESA = """<registry><types/><commands/><extensions>
<extension name="VK_MESA_venus_protocol" number="385" supported="vulkan"/>
</extensions></registry>"""


def member(type_name: str, name: str, **attributes: str) -> str:
    """A member or parameter; `type_name` may be "const T*"."""
    const = "const " if type_name.startswith("const ") else ""
    stars = "*" * type_name.count("*")
    base = type_name.removeprefix("const ").rstrip("*")
    text = " ".join(f'{key.rstrip("_")}="{value}"' for key, value in attributes.items())
    return f"<member {text}>{const}<type>{base}</type>{stars} <name>{name}</name></member>"


def struct(name: str, *members: str, stype: str = "", **attributes: str) -> str:
    text = " ".join(f'{key}="{value}"' for key, value in attributes.items())
    head = HEAD.format(stype) if stype else ""
    return f'<type category="struct" name="{name}" {text}>{head}{"".join(members)}</type>'


def command(name: str, *params: str, returns: str = "void") -> str:
    text = "".join(p.replace("<member", "<param").replace("</member", "</param") for p in params)
    return f"<command><proto><type>{returns}</type> <name>{name}</name></proto>{text}</command>"


def make(
    types: str = "",
    commands: str = "",
    stypes: dict[str, int] | None = None,
    numbers: dict[str, int] | None = None,
    policy: str = "",
    extensions: str = "",
    known: str = "",
) -> generate.Generator:
    """A generator; all types and commands are core 1.0 unless an extension lists them."""
    values = "".join(f'<enum value="{v}" name="{n}"/>' for n, v in (stypes or {}).items())
    listed = "".join(f'<command name="{n}"/>' for n in numbers or {} if f'"{n}"' not in extensions)
    xml = f"""<registry>
      <types>{TYPES}{types}</types>
      <enums name="API Constants"><enum value="16" name="VK_UUID_SIZE"/></enums>
      <enums name="VkStructureType" type="enum">{values}</enums>
      <enums name="VkKind" type="enum"><enum value="0" name="VK_KIND_A"/></enums>
      <commands>{commands}</commands>
      <feature api="vulkan" name="VK_VERSION_1_0" number="1.0"><require>{listed}</require></feature>
      <extensions>{extensions}</extensions>
    </registry>"""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        (path / "vk.xml").write_text(xml)
        (path / "mesa.xml").write_text(MESA)
        (path / "commands.txt").write_text(
            "".join(f"{number} {name}\n" for name, number in (numbers or {}).items())
        )
        (path / "extensions.txt").write_text(known)
        (path / "policy.toml").write_text(policy)
        return generate.Generator(path / "vk.xml", inputs=path)


def function(text: str, name: str) -> str:
    """One function of generated C, its prototype line included."""
    start = text.rindex("\n", 0, text.index(f"{name}(")) + 1
    return text[start : text.index("\n}\n", start) + 3]
