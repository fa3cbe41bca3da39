# SPDX-License-Identifier: MIT
"""The layout of Vulkan's formats: texel blocks, planes, depth and stencil, from vk.xml."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree


@dataclass
class Format:
    name: str
    block_size: int
    block_width: int
    block_height: int
    depth_size: int = 0
    stencil_size: int = 0
    planes: list[int] = field(default_factory=list)  # block size of each


def _aspect_size(element: ElementTree.Element, component: str) -> int:
    """Bytes of an aspect in a buffer: 24-bit depth is padded to 4."""
    for child in element.findall("component"):
        if child.get("name") == component:
            size = -(-int(child.get("bits", "0")) // 8)
            return 4 if size == 3 else size
    return 0


def load(registry: Path) -> list[Format]:
    elements = ElementTree.parse(registry).getroot().findall("formats/format")
    sizes = {e.get("name"): int(e.get("blockSize", "0")) for e in elements}
    formats = []
    for element in elements:
        width, height, _ = (int(n) for n in element.get("blockExtent", "1,1,1").split(","))
        planes = [sizes[p.get("compatible")] for p in element.findall("plane")]
        formats.append(
            Format(
                name=element.get("name", ""),
                block_size=int(element.get("blockSize", "0")),
                block_width=width,
                block_height=height,
                depth_size=_aspect_size(element, "D"),
                stencil_size=_aspect_size(element, "S"),
                planes=planes,
            )
        )
    return formats
