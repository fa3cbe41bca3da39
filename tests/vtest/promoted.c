/* SPDX-License-Identifier: MIT */
/*
 * Makes a device with VK_KHR_robustness2, which the renderer may know by its older name only, and
 * writes a null descriptor, which nothing else allows. Status 0 if all went well.
 */
#include <stdio.h>
#include <vulkan/vulkan.h>

static int fail(const char *what, VkResult result)
{
    fprintf(stderr, "promoted: %s: VkResult %d\n", what, (int)result);
    return 1;
}

static VkInstance create_instance(void)
{
    const VkApplicationInfo application = {
        .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
        .apiVersion = VK_API_VERSION_1_1,
    };
    const VkInstanceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
        .pApplicationInfo = &application,
    };
    VkInstance instance = VK_NULL_HANDLE;

    vkCreateInstance(&info, NULL, &instance);
    return instance;
}

static VkResult create_device(VkPhysicalDevice physical_device, VkDevice *out_device)
{
    VkPhysicalDeviceRobustness2FeaturesEXT robustness = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ROBUSTNESS_2_FEATURES_EXT,
    };
    VkPhysicalDeviceFeatures2 features = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
        .pNext = &robustness,
    };
    const float priority = 1;
    const char *const extension = "VK_KHR_robustness2";
    const VkDeviceQueueCreateInfo queue = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
        .queueCount = 1,
        .pQueuePriorities = &priority,
    };
    const VkDeviceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
        .pNext = &features,
        .queueCreateInfoCount = 1,
        .pQueueCreateInfos = &queue,
        .enabledExtensionCount = 1,
        .ppEnabledExtensionNames = &extension,
    };

    vkGetPhysicalDeviceFeatures2(physical_device, &features);
    if (!robustness.nullDescriptor)
        return VK_ERROR_FEATURE_NOT_PRESENT;
    return vkCreateDevice(physical_device, &info, NULL, out_device);
}

static VkResult write_null_descriptor(VkDevice device)
{
    const VkDescriptorSetLayoutBinding binding = {
        .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
        .descriptorCount = 1,
        .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT,
    };
    const VkDescriptorSetLayoutCreateInfo layout_info = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
        .bindingCount = 1,
        .pBindings = &binding,
    };
    const VkDescriptorPoolSize size = {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1};
    const VkDescriptorPoolCreateInfo pool_info = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
        .maxSets = 1,
        .poolSizeCount = 1,
        .pPoolSizes = &size,
    };
    VkDescriptorSetAllocateInfo set_info = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
        .descriptorSetCount = 1,
    };
    const VkDescriptorBufferInfo nothing = {.range = VK_WHOLE_SIZE};
    VkWriteDescriptorSet write = {
        .sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
        .descriptorCount = 1,
        .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
        .pBufferInfo = &nothing,
    };
    VkDescriptorSetLayout layout = VK_NULL_HANDLE;
    VkDescriptorPool pool = VK_NULL_HANDLE;
    VkResult result = vkCreateDescriptorSetLayout(device, &layout_info, NULL, &layout);

    if (result == VK_SUCCESS)
        result = vkCreateDescriptorPool(device, &pool_info, NULL, &pool);
    if (result == VK_SUCCESS) {
        set_info.descriptorPool = pool;
        set_info.pSetLayouts = &layout;
        result = vkAllocateDescriptorSets(device, &set_info, &write.dstSet);
    }
    if (result == VK_SUCCESS) {
        vkUpdateDescriptorSets(device, 1, &write, 0, NULL);
        result = vkDeviceWaitIdle(device);
    }
    vkDestroyDescriptorPool(device, pool, NULL);
    vkDestroyDescriptorSetLayout(device, layout, NULL);
    return result;
}

int main(void)
{
    VkInstance instance = create_instance();
    VkPhysicalDevice physical_device;
    VkDevice device;
    uint32_t count = 1;
    VkResult result;

    if (!instance)
        return fail("vkCreateInstance", VK_ERROR_INITIALIZATION_FAILED);
    result = vkEnumeratePhysicalDevices(instance, &count, &physical_device);
    if (result < 0 || count == 0)
        return fail("vkEnumeratePhysicalDevices", result);
    result = create_device(physical_device, &device);
    if (result != VK_SUCCESS)
        return fail("vkCreateDevice", result);
    result = write_null_descriptor(device);
    if (result != VK_SUCCESS)
        return fail("null descriptor", result);
    vkDestroyDevice(device, NULL);
    vkDestroyInstance(instance, NULL);
    return 0;
}
