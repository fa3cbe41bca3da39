# SPDX-License-Identifier: MIT
"""What vulkaninfo says of the host's driver and of the guest's, and the table made of the two:
docs/extensions.md."""

import re

# Why the client does not show what the renderer offers it.
CLIENT_REASONS = {
    "VK_EXT_memory_budget": "the client switches it off unless `VN_DEBUG=mem_budget` is set",
    "VK_EXT_ycbcr_image_arrays": "the client does not use it",
    "VK_KHR_external_fence_fd": "the client has SYNC_FD in a VM only: vtest does not carry it",
    "VK_KHR_external_semaphore_fd": "the client has SYNC_FD in a VM only: vtest does not carry it",
}

# What of the properties is the client's own: what it is, and what it is called.
OWN_PROPERTIES = {
    "apiVersion", "deviceID", "deviceLUID", "deviceName", "deviceUUID", "driverID", "driverInfo",
    "driverName", "driverUUID", "driverVersion", "layeredApiCount", "pLayeredApis",
    "pipelineCacheUUID", "vendorID",
}

HEADER = """# Extensions

What becomes of each device extension of the host's driver in a guest. Generated, and compared with
what is there, by tests/vtest/test_extensions.py; the test says how to bring it up to date.

- **passed**: the guest's commands reach the host's driver, and its features and limits the guest.
- **emulated**: the renderer does it itself (src/venus/policy.c), whatever the host's driver has.
- **client**: Mesa's Venus driver in the guest does it on its own.
- **missing**: not in the guest.

"""


class Info:
    """The text of `vulkaninfo`: `extensions` (name to revision) and `blocks`, the values of each
    VkPhysicalDevice* struct."""

    def __init__(self, text):
        self.extensions = {}
        self.blocks = {}
        block = None
        in_extensions = False
        for line in text.splitlines():
            title = re.match(r"(VkPhysicalDevice\w+):", line)
            value = re.match(r"\t(\w+)\s+= (.*)", line)
            extension = re.match(r"\t(VK_\w+)\s*: extension revision\s+(\d+)", line)
            if line.startswith("Device Extensions"):
                in_extensions = True
            elif in_extensions and extension:
                self.extensions[extension[1]] = int(extension[2])
            else:
                in_extensions = False
            if title:
                block = self.blocks.setdefault(title[1], {})
            elif block is not None and value:
                block[value[1]] = value[2].strip()

    @property
    def driver(self):
        properties = self.blocks["VkPhysicalDeviceVulkan12Properties"]
        version = re.match(r"Mesa [\d.]+", properties["driverInfo"])
        return f"{properties['driverName']}, {version[0] if version else properties['driverInfo']}"

    @property
    def vulkan(self):
        """As "1.4": the patch is that of the headers which the driver was built with."""
        version = self.blocks["VkPhysicalDeviceProperties"]["apiVersion"]
        return re.match(r"\d+\.\d+", version)[0]


def feature_blocks(info):
    return {name: block for name, block in info.blocks.items() if "Features" in name}


def plain_name(name):
    """Of an extension, or of a struct that belongs to it: without prefixes, signs and endings."""
    name = re.sub(r"^(VkPhysicalDevice|VK_[A-Z]+_)", "", name)
    name = re.sub(r"(Features|Properties)\w*$", "", name)
    return name.replace("_", "").lower()


def wrong_features(host, guest):
    """In which the guest's features and limits are not the host's: a list of sentences."""
    wrong = []
    shown = {plain_name(name) for name in guest.extensions}
    own = {plain_name(name) for name in guest.extensions if name not in host.extensions}
    for struct, values in host.blocks.items():
        if struct not in guest.blocks:
            if plain_name(struct) in shown:
                wrong.append(f"{struct} is not in the guest")
            continue
        for name, value in values.items():
            seen = guest.blocks[struct].get(name)
            if name not in OWN_PROPERTIES and seen != value and plain_name(struct) not in own:
                wrong.append(f"{struct}.{name} is {seen} in the guest, not {value}")
    for struct, values in feature_blocks(guest).items():
        if plain_name(struct) in shown and "true" not in values.values():
            wrong.append(f"{struct} has no feature, but its extension is shown")
    return wrong


def state_of(name, host, guest, policy, carried):
    """The state of an extension and the reason, for the table."""
    action, reason = policy[name]
    if name in guest.extensions:
        if action == "emulate":
            return "emulated", reason
        if action == "pass" and name in host.extensions:
            return "passed", "" if "driver" in reason else reason
        return "client", reason
    if action == "hide":
        return "missing", reason
    if name not in carried:
        return "missing", "the Venus protocol does not carry it"
    if action == "unknown":
        return "missing", "newer than the registry that hesper is built with"
    return "missing", CLIENT_REASONS.get(name, "the client does not show it")


def make_table(host, guest, policy, carried):
    """`policy`: name to (action, reason) of each extension of both; `carried`: the protocol's."""
    names = sorted(set(host.extensions) | set(guest.extensions))
    states = {name: state_of(name, host, guest, policy, carried) for name in names}
    # Whether the host has what is emulated depends on its kernel, and makes no difference.
    emulated = {name for name in names if states[name][0] == "emulated"}
    of_host = set(host.extensions) - emulated
    missing = of_host - set(guest.extensions)
    more = set(guest.extensions) - of_host - emulated
    lines = [
        f"- Host: {host.driver}, Vulkan {host.vulkan}, {len(of_host)} device extensions beside "
        "those that are emulated",
        f"- Guest: {guest.driver}, Vulkan {guest.vulkan}, {len(guest.extensions)} device "
        f"extensions: {len(of_host) - len(missing)} of the host's, {len(emulated)} that are "
        f"emulated, {len(more)} more of the client",
        "",
        f"{len(missing)} of the host's are missing:",
        "",
        "| Missing | Why |",
        "|---|---|",
        *(f"| {name} | {states[name][1]} |" for name in sorted(missing)),
        "",
        "All of them, with their revisions:",
        "",
        "| Extension | Host | Guest | State | |",
        "|---|---|---|---|---|",
    ]
    for name in names:
        state, reason = states[name]
        revision = "any" if name in emulated else host.extensions.get(name, "-")
        lines.append(f"| {name} | {revision} "
                     f"| {guest.extensions.get(name, '-')} | {state} "
                     f"| {'' if state == 'missing' else reason} |".replace("  ", " "))
    return HEADER + "\n".join(lines) + "\n"
