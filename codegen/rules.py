# SPDX-License-Identifier: MIT
"""Wire rules that vk.xml does not give. They belong to the protocol, not to our policy."""

from __future__ import annotations

# Unions without a selector travel as a tag (the index of the member) and that member. Our encoder
# always uses the tag given here; the decoder accepts all. Unions not named here are not sendable.
UNION_TAGS = {
    "VkClearColorValue": 2,
    "VkClearValue": 0,
    "VkDeviceOrHostAddressKHR": 0,
    "VkDeviceOrHostAddressConstKHR": 0,
    "VkPipelineExecutableStatisticValueKHR": 2,
}

# Array members that the sender leaves out unless the C condition (on `val`) holds.
SEND_IF = {
    ("VkBufferCreateInfo", "pQueueFamilyIndices"): "val->sharingMode == VK_SHARING_MODE_CONCURRENT",
    ("VkImageCreateInfo", "pQueueFamilyIndices"): "val->sharingMode == VK_SHARING_MODE_CONCURRENT",
    (
        "VkPhysicalDeviceImageDrmFormatModifierInfoEXT",
        "pQueueFamilyIndices",
    ): "val->sharingMode == VK_SHARING_MODE_CONCURRENT",
    (
        "VkFramebufferCreateInfo",
        "pAttachments",
    ): "!(val->flags & VK_FRAMEBUFFER_CREATE_IMAGELESS_BIT)",
}

# Members that must be a multiple of a number: SPIR-V is counted in words on the wire.
MULTIPLE_OF = {("VkShaderModuleCreateInfo", "codeSize"): 4}

# Counts of the inner arrays of arrays of pointers, of the element `[]` of the outer one.
INNER_LENGTH = {
    ("vkCmdBuildAccelerationStructuresKHR", "ppBuildRangeInfos"): "pInfos[].geometryCount",
    (
        "vkCmdBuildAccelerationStructuresIndirectKHR",
        "ppMaxPrimitiveCounts",
    ): "pInfos[].geometryCount",
}

# Output scalars whose value also travels in the request though they are no count.
IN_OUT = {("vkRegisterCustomBorderColorEXT", "pIndex")}

# Pointers to nobody knows how much: they travel as a simple pointer that must be null.
NULL_POINTERS = {("VkRayTracingShaderGroupCreateInfoKHR", "pShaderGroupCaptureReplayHandle")}

# Withdrawn from the protocol although they could be sent.
REMOVED_STRUCTS = {
    "VkPhysicalDeviceLayeredApiPropertiesKHR",
    "VkPhysicalDeviceLayeredApiPropertiesListKHR",
    "VkPhysicalDeviceLayeredApiVulkanPropertiesKHR",
}
REMOVED_COMMANDS = {
    "vkBuildAccelerationStructuresKHR",
    "vkCopyAccelerationStructureToMemoryKHR",
    "vkCopyMemoryToAccelerationStructureKHR",
    "vkWriteSamplerDescriptorsEXT",
    "vkWriteResourceDescriptorsEXT",
}
