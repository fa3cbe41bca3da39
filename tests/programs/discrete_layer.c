/* SPDX-License-Identifier: MIT */
/*
 * A Vulkan layer that gives a software driver the memory of a discrete GPU: five types in two
 * heaps, which are those of NVIDIA's driver (see `types`). Images with optimal tiling take only the
 * types that nobody can map, host pointers only those of system memory. In the driver all of it is
 * type 0, which must be everything at once, as lavapipe's is; other drivers end the process.
 *
 * What a program does wrong with these types is for the validation layer to see, above this one.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vulkan/vk_layer.h>

#define EXPORT         __attribute__((visibility("default")))
#define ARRAY_COUNT(a) (sizeof(a) / sizeof((a)[0]))
/* The command below this layer; the handle is an instance, a device or what belongs to one. */
#define NEXT(handle, name) ((PFN_##name)find_next(handle, #name))

#define LOCAL    VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT
#define MAPPABLE (VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT)
#define CACHED   VK_MEMORY_PROPERTY_HOST_CACHED_BIT

static const VkMemoryType types[] = {
    {0, 1}, {LOCAL, 0}, {MAPPABLE, 1}, {MAPPABLE | CACHED, 1}, {LOCAL | MAPPABLE, 0},
};

#define ALL_TYPES     ((1u << ARRAY_COUNT(types)) - 1)
#define OPTIMAL_TYPES 0x3u /* of images that nobody can map */
#define POINTER_TYPES 0xcu /* of host pointers: system memory that can be mapped */

VkResult hsp_discrete_layer_negotiate(VkNegotiateLayerInterface *interface);

/* ------------------------------------------------------------------ what is below */

/* An instance or a device. */
struct chain {
    const void *key; /* of its handle, and of those that belong to it */
    VkInstance instance;
    PFN_vkGetInstanceProcAddr get_instance_proc_addr;
    VkDevice device; /* or VK_NULL_HANDLE */
    PFN_vkGetDeviceProcAddr get_device_proc_addr;
    struct chain *next;
};

/* An image with optimal tiling. */
struct image {
    VkImage handle;
    struct image *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct chain *chains;
static struct image *images;

/* The loader's dispatch table, which all handles of an instance or of a device begin with. */
static const void *key_of(const void *handle)
{
    return *(const void *const *)handle;
}

static void add_chain(const struct chain *chain)
{
    struct chain *copy = malloc(sizeof(*copy));

    if (!copy)
        abort();
    *copy = *chain;
    pthread_mutex_lock(&lock);
    copy->next = chains;
    chains = copy;
    pthread_mutex_unlock(&lock);
}

static void remove_chain(const void *key)
{
    struct chain **place = &chains, *found;

    pthread_mutex_lock(&lock);
    while ((*place)->key != key)
        place = &(*place)->next;
    found = *place;
    *place = found->next;
    pthread_mutex_unlock(&lock);
    free(found);
}

static struct chain find_chain(const void *handle)
{
    const struct chain *chain;
    struct chain copy;

    pthread_mutex_lock(&lock);
    for (chain = chains; chain->key != key_of(handle); chain = chain->next)
        ;
    copy = *chain;
    pthread_mutex_unlock(&lock);
    return copy;
}

static PFN_vkVoidFunction find_below(const struct chain *chain, const char *name)
{
    return chain->device ? chain->get_device_proc_addr(chain->device, name)
                         : chain->get_instance_proc_addr(chain->instance, name);
}

/* A program that asks for an older Vulkan has only the extension's name of a command. */
static PFN_vkVoidFunction find_next(const void *handle, const char *name)
{
    struct chain chain = find_chain(handle);
    PFN_vkVoidFunction found = find_below(&chain, name);
    char extension_name[64];

    if (found)
        return found;
    snprintf(extension_name, sizeof(extension_name), "%sKHR", name);
    return find_below(&chain, extension_name);
}

/* ------------------------------------------------------------------ properties */

static void change_properties(VkPhysicalDeviceProperties *properties)
{
    char name[VK_MAX_PHYSICAL_DEVICE_NAME_SIZE];

    snprintf(name, sizeof(name), "discrete (%.200s)", properties->deviceName);
    memcpy(properties->deviceName, name, sizeof(name));
    properties->deviceType = VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU;
    /* What is kept of the driver itself is not true of this device. */
    for (size_t i = 0; i < VK_UUID_SIZE; i++)
        properties->pipelineCacheUUID[i] ^= 0xff;
}

static VKAPI_ATTR void VKAPI_CALL get_properties(VkPhysicalDevice device,
                                                 VkPhysicalDeviceProperties *out)
{
    NEXT(device, vkGetPhysicalDeviceProperties)(device, out);
    change_properties(out);
}

static VKAPI_ATTR void VKAPI_CALL get_properties2(VkPhysicalDevice device,
                                                  VkPhysicalDeviceProperties2 *out)
{
    NEXT(device, vkGetPhysicalDeviceProperties2)(device, out);
    change_properties(&out->properties);
}

static void change_memory(VkPhysicalDeviceMemoryProperties *memory)
{
    const VkMemoryPropertyFlags everything = LOCAL | MAPPABLE | CACHED;
    VkDeviceSize size = memory->memoryHeaps[memory->memoryTypes[0].heapIndex].size;

    if ((memory->memoryTypes[0].propertyFlags & everything) != everything ||
        memory->memoryTypes[0].heapIndex != 0) {
        fprintf(stderr, "discrete layer: not for this driver, whose memory has types already\n");
        abort();
    }
    memory->memoryTypeCount = ARRAY_COUNT(types);
    memcpy(memory->memoryTypes, types, sizeof(types));
    memory->memoryHeapCount = 2;
    memory->memoryHeaps[0] = (VkMemoryHeap){size, VK_MEMORY_HEAP_DEVICE_LOCAL_BIT};
    memory->memoryHeaps[1] = (VkMemoryHeap){size, 0};
}

static VKAPI_ATTR void VKAPI_CALL get_memory(VkPhysicalDevice device,
                                             VkPhysicalDeviceMemoryProperties *out)
{
    NEXT(device, vkGetPhysicalDeviceMemoryProperties)(device, out);
    change_memory(out);
}

static VKAPI_ATTR void VKAPI_CALL get_memory2(VkPhysicalDevice device,
                                              VkPhysicalDeviceMemoryProperties2 *out)
{
    NEXT(device, vkGetPhysicalDeviceMemoryProperties2)(device, out);
    change_memory(&out->memoryProperties);
    for (VkBaseOutStructure *link = out->pNext; link; link = link->pNext) {
        VkPhysicalDeviceMemoryBudgetPropertiesEXT *budget = (void *)link;
        if (link->sType != VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT)
            continue;
        budget->heapBudget[1] = budget->heapBudget[0];
        budget->heapUsage[1] = budget->heapUsage[0];
    }
}

/* ------------------------------------------------------------------ buffers and images */

static void forget_image(VkImage handle)
{
    struct image **place, *found;

    pthread_mutex_lock(&lock);
    for (place = &images; *place && (*place)->handle != handle; place = &(*place)->next)
        ;
    found = *place;
    if (found)
        *place = found->next;
    pthread_mutex_unlock(&lock);
    free(found);
}

static void remember_image(VkImage handle)
{
    struct image *image = malloc(sizeof(*image));

    if (!image)
        abort();
    image->handle = handle;
    pthread_mutex_lock(&lock);
    image->next = images;
    images = image;
    pthread_mutex_unlock(&lock);
}

static bool is_optimal(VkImage handle)
{
    const struct image *image;

    pthread_mutex_lock(&lock);
    for (image = images; image && image->handle != handle; image = image->next)
        ;
    pthread_mutex_unlock(&lock);
    return image != NULL;
}

static VKAPI_ATTR VkResult VKAPI_CALL create_image(VkDevice device, const VkImageCreateInfo *info,
                                                   const VkAllocationCallbacks *callbacks,
                                                   VkImage *out_image)
{
    VkResult result = NEXT(device, vkCreateImage)(device, info, callbacks, out_image);

    if (result == VK_SUCCESS && info->tiling == VK_IMAGE_TILING_OPTIMAL)
        remember_image(*out_image);
    return result;
}

static VKAPI_ATTR void VKAPI_CALL destroy_image(VkDevice device, VkImage image,
                                                const VkAllocationCallbacks *callbacks)
{
    forget_image(image);
    NEXT(device, vkDestroyImage)(device, image, callbacks);
}

static void change_requirements(VkMemoryRequirements *requirements, bool of_optimal_image)
{
    requirements->memoryTypeBits = of_optimal_image ? OPTIMAL_TYPES : ALL_TYPES;
}

static VKAPI_ATTR void VKAPI_CALL get_buffer(VkDevice device, VkBuffer buffer,
                                             VkMemoryRequirements *out)
{
    NEXT(device, vkGetBufferMemoryRequirements)(device, buffer, out);
    change_requirements(out, false);
}

static VKAPI_ATTR void VKAPI_CALL get_buffer2(VkDevice device,
                                              const VkBufferMemoryRequirementsInfo2 *info,
                                              VkMemoryRequirements2 *out)
{
    NEXT(device, vkGetBufferMemoryRequirements2)(device, info, out);
    change_requirements(&out->memoryRequirements, false);
}

static VKAPI_ATTR void VKAPI_CALL get_future_buffer(VkDevice device,
                                                    const VkDeviceBufferMemoryRequirements *info,
                                                    VkMemoryRequirements2 *out)
{
    NEXT(device, vkGetDeviceBufferMemoryRequirements)(device, info, out);
    change_requirements(&out->memoryRequirements, false);
}

static VKAPI_ATTR void VKAPI_CALL get_image(VkDevice device, VkImage image,
                                            VkMemoryRequirements *out)
{
    NEXT(device, vkGetImageMemoryRequirements)(device, image, out);
    change_requirements(out, is_optimal(image));
}

static VKAPI_ATTR void VKAPI_CALL get_image2(VkDevice device,
                                             const VkImageMemoryRequirementsInfo2 *info,
                                             VkMemoryRequirements2 *out)
{
    NEXT(device, vkGetImageMemoryRequirements2)(device, info, out);
    change_requirements(&out->memoryRequirements, is_optimal(info->image));
}

static VKAPI_ATTR void VKAPI_CALL get_future_image(VkDevice device,
                                                   const VkDeviceImageMemoryRequirements *info,
                                                   VkMemoryRequirements2 *out)
{
    NEXT(device, vkGetDeviceImageMemoryRequirements)(device, info, out);
    change_requirements(&out->memoryRequirements,
                        info->pCreateInfo->tiling == VK_IMAGE_TILING_OPTIMAL);
}

/* ------------------------------------------------------------------ memory */

static bool imports_pointer(const void *chain)
{
    for (const VkBaseInStructure *link = chain; link; link = link->pNext) {
        if (link->sType == VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT)
            return true;
    }
    return false;
}

static VKAPI_ATTR VkResult VKAPI_CALL allocate_memory(VkDevice device,
                                                      const VkMemoryAllocateInfo *info,
                                                      const VkAllocationCallbacks *callbacks,
                                                      VkDeviceMemory *out_memory)
{
    VkMemoryAllocateInfo copy = *info;

    if (imports_pointer(info->pNext) && !(POINTER_TYPES & (1u << info->memoryTypeIndex)))
        return VK_ERROR_INVALID_EXTERNAL_HANDLE;
    copy.memoryTypeIndex = 0;
    return NEXT(device, vkAllocateMemory)(device, &copy, callbacks, out_memory);
}

static VKAPI_ATTR VkResult VKAPI_CALL get_pointer(VkDevice device,
                                                  VkExternalMemoryHandleTypeFlagBits type,
                                                  const void *pointer,
                                                  VkMemoryHostPointerPropertiesEXT *out)
{
    VkResult result = NEXT(device, vkGetMemoryHostPointerPropertiesEXT)(device, type, pointer, out);

    out->memoryTypeBits = out->memoryTypeBits ? POINTER_TYPES : 0;
    return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL get_fd(VkDevice device,
                                             VkExternalMemoryHandleTypeFlagBits type, int fd,
                                             VkMemoryFdPropertiesKHR *out)
{
    VkResult result = NEXT(device, vkGetMemoryFdPropertiesKHR)(device, type, fd, out);

    out->memoryTypeBits = out->memoryTypeBits ? ALL_TYPES : 0;
    return result;
}

/* ------------------------------------------------------------------ instances and devices */

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_device_proc_addr(VkDevice device,
                                                                     const char *name);

static VKAPI_ATTR VkResult VKAPI_CALL create_instance(const VkInstanceCreateInfo *info,
                                                      const VkAllocationCallbacks *callbacks,
                                                      VkInstance *out_instance)
{
    VkLayerInstanceCreateInfo *link = (void *)(uintptr_t)info->pNext;
    struct chain chain = {.device = VK_NULL_HANDLE};
    VkResult result;

    while (link->sType != VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO ||
           link->function != VK_LAYER_LINK_INFO)
        link = (void *)(uintptr_t)link->pNext; /* the loader always gives one */
    chain.get_instance_proc_addr = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
    link->u.pLayerInfo = link->u.pLayerInfo->pNext;
    result = ((PFN_vkCreateInstance)chain.get_instance_proc_addr(NULL, "vkCreateInstance"))(
        info, callbacks, out_instance);
    if (result == VK_SUCCESS) {
        chain.instance = *out_instance;
        chain.key = key_of(*out_instance);
        add_chain(&chain);
    }
    return result;
}

static VKAPI_ATTR void VKAPI_CALL destroy_instance(VkInstance instance,
                                                   const VkAllocationCallbacks *callbacks)
{
    const void *key = instance ? key_of(instance) : NULL;

    if (!instance)
        return;
    NEXT(instance, vkDestroyInstance)(instance, callbacks);
    remove_chain(key);
}

static VKAPI_ATTR VkResult VKAPI_CALL create_device(VkPhysicalDevice physical_device,
                                                    const VkDeviceCreateInfo *info,
                                                    const VkAllocationCallbacks *callbacks,
                                                    VkDevice *out_device)
{
    VkLayerDeviceCreateInfo *link = (void *)(uintptr_t)info->pNext;
    struct chain chain = find_chain(physical_device);
    VkResult result;

    while (link->sType != VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO ||
           link->function != VK_LAYER_LINK_INFO)
        link = (void *)(uintptr_t)link->pNext;
    chain.get_device_proc_addr = link->u.pLayerInfo->pfnNextGetDeviceProcAddr;
    link->u.pLayerInfo = link->u.pLayerInfo->pNext;
    result = NEXT(physical_device, vkCreateDevice)(physical_device, info, callbacks, out_device);
    if (result == VK_SUCCESS) {
        chain.device = *out_device;
        chain.key = key_of(*out_device);
        add_chain(&chain);
    }
    return result;
}

static VKAPI_ATTR void VKAPI_CALL destroy_device(VkDevice device,
                                                 const VkAllocationCallbacks *callbacks)
{
    const void *key = device ? key_of(device) : NULL;

    if (!device)
        return;
    NEXT(device, vkDestroyDevice)(device, callbacks);
    remove_chain(key);
}

/* ------------------------------------------------------------------ what this layer changes */

#define COMMAND(name, function) {#name, (PFN_vkVoidFunction)(function)}

static const struct {
    const char *name;
    PFN_vkVoidFunction function;
} commands[] = {
    COMMAND(vkAllocateMemory, allocate_memory),
    COMMAND(vkCreateDevice, create_device),
    COMMAND(vkCreateImage, create_image),
    COMMAND(vkDestroyDevice, destroy_device),
    COMMAND(vkDestroyImage, destroy_image),
    COMMAND(vkDestroyInstance, destroy_instance),
    COMMAND(vkGetBufferMemoryRequirements, get_buffer),
    COMMAND(vkGetBufferMemoryRequirements2, get_buffer2),
    COMMAND(vkGetBufferMemoryRequirements2KHR, get_buffer2),
    COMMAND(vkGetDeviceBufferMemoryRequirements, get_future_buffer),
    COMMAND(vkGetDeviceBufferMemoryRequirementsKHR, get_future_buffer),
    COMMAND(vkGetDeviceImageMemoryRequirements, get_future_image),
    COMMAND(vkGetDeviceImageMemoryRequirementsKHR, get_future_image),
    COMMAND(vkGetDeviceProcAddr, get_device_proc_addr),
    COMMAND(vkGetImageMemoryRequirements, get_image),
    COMMAND(vkGetImageMemoryRequirements2, get_image2),
    COMMAND(vkGetImageMemoryRequirements2KHR, get_image2),
    COMMAND(vkGetMemoryFdPropertiesKHR, get_fd),
    COMMAND(vkGetMemoryHostPointerPropertiesEXT, get_pointer),
    COMMAND(vkGetPhysicalDeviceMemoryProperties, get_memory),
    COMMAND(vkGetPhysicalDeviceMemoryProperties2, get_memory2),
    COMMAND(vkGetPhysicalDeviceMemoryProperties2KHR, get_memory2),
    COMMAND(vkGetPhysicalDeviceProperties, get_properties),
    COMMAND(vkGetPhysicalDeviceProperties2, get_properties2),
    COMMAND(vkGetPhysicalDeviceProperties2KHR, get_properties2),
};

/* This layer's command, if it has one of that name and there is one below. */
static PFN_vkVoidFunction choose(const char *name, PFN_vkVoidFunction next)
{
    for (size_t i = 0; i < ARRAY_COUNT(commands) && next; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return commands[i].function;
    }
    return next;
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_device_proc_addr(VkDevice device,
                                                                     const char *name)
{
    struct chain chain = find_chain(device);

    return choose(name, find_below(&chain, name));
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_instance_proc_addr(VkInstance instance,
                                                                       const char *name)
{
    if (strcmp(name, "vkGetInstanceProcAddr") == 0)
        return (PFN_vkVoidFunction)get_instance_proc_addr;
    if (strcmp(name, "vkCreateInstance") == 0)
        return (PFN_vkVoidFunction)create_instance;
    if (!instance)
        return NULL;
    struct chain chain = find_chain(instance);
    return choose(name, find_below(&chain, name));
}

EXPORT VkResult hsp_discrete_layer_negotiate(VkNegotiateLayerInterface *interface)
{
    interface->loaderLayerInterfaceVersion = 2;
    interface->pfnGetInstanceProcAddr = get_instance_proc_addr;
    interface->pfnGetDeviceProcAddr = get_device_proc_addr;
    interface->pfnGetPhysicalDeviceProcAddr = NULL;
    return VK_SUCCESS;
}
