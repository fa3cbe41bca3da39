/* SPDX-License-Identifier: MIT */
/*
 * What barriers of staged images reach the driver as (venus/barrier.c, venus/staging_copy.c). The
 * image is an import with a row pitch that the driver does not have.
 */
#include "client.h"

#include "base/test.h"
#include "venus/ring.h"

#include <unistd.h>

enum { POOL = FIRST_ID, COMMANDS, STAGED, PLAIN };

/* Of the second ring, in a resource of its own. */
#define RING_ID       0x1122334455667788ull
#define RING_RESOURCE 7
#define HEAD          0
#define TAIL          64
#define STATUS        128
#define BUFFER        192
#define BUFFER_SIZE   4096
#define EXTRA         (BUFFER + BUFFER_SIZE)
#define RING_SIZE     (EXTRA + 4)

/* A transfer of the staged image's ownership. */
struct transfer {
    bool is_release, uses_sync2;
    VkImageLayout old_layout;
};

static struct hsp_mapping ring;

/* Image barriers of each command with barriers that reached the driver. */
static uint32_t barrier_counts[8];
static uint32_t command_count;

static void count_barriers(uint32_t image_barrier_count)
{
    HSP_CHECK(command_count < HSP_ARRAY_COUNT(barrier_counts));
    barrier_counts[command_count++] = image_barrier_count;
}

/* ------------------------------------------------------------------ setup */

static void encode_commands(struct hsp_vn_writer *writer)
{
    ENCODE(vkCreateCommandPool, .device = HANDLE(VkDevice, DEVICE),
           .pCreateInfo = INFO(VkCommandPoolCreateInfo, VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO),
           .pCommandPool = NEW(VkCommandPool, POOL));
    ENCODE(vkAllocateCommandBuffers, .device = HANDLE(VkDevice, DEVICE),
           .pAllocateInfo =
               INFO(VkCommandBufferAllocateInfo, VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                    .commandPool = HANDLE(VkCommandPool, POOL), .commandBufferCount = 1),
           .pCommandBuffers = NEW(VkCommandBuffer, COMMANDS));
}

static void encode_image(struct hsp_vn_writer *writer, uint64_t id, const void *chain,
                         VkImageTiling tiling, VkImageUsageFlags usage)
{
    ENCODE(vkCreateImage, .device = HANDLE(VkDevice, DEVICE),
           .pCreateInfo =
               INFO(VkImageCreateInfo, VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO, .pNext = chain,
                    .imageType = VK_IMAGE_TYPE_2D, .format = VK_FORMAT_R8G8B8A8_UNORM,
                    .extent = {64, 64, 1}, .mipLevels = 1, .arrayLayers = 1,
                    .samples = VK_SAMPLE_COUNT_1_BIT, .tiling = tiling, .usage = usage),
           .pImage = NEW(VkImage, id));
}

/* The driver's rows of such an image have 256 bytes. */
static void encode_import(struct hsp_vn_writer *writer, VkImageUsageFlags usage)
{
    const VkSubresourceLayout layout = {.rowPitch = 512};
    const VkImageDrmFormatModifierExplicitCreateInfoEXT modifier = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_EXPLICIT_CREATE_INFO_EXT,
        .drmFormatModifier = 0, /* LINEAR */
        .drmFormatModifierPlaneCount = 1,
        .pPlaneLayouts = &layout,
    };
    const VkExternalMemoryImageCreateInfo external = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO,
        .pNext = &modifier,
        .handleTypes = VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT,
    };

    encode_image(writer, STAGED, &external, VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT, usage);
}

static void submit(struct hsp_vn_context *context, const struct hsp_vn_writer *writer)
{
    HSP_CHECK_EQ(fake_client_submit(context, writer), 0);
}

/* A staged image of this usage, and what it takes to record its barriers. */
static struct hsp_vn_context *start(VkImageUsageFlags usage)
{
    struct hsp_vn_context *context = fake_client_start((const uint32_t[]){0}, 1);
    struct hsp_vn_writer writer = fake_client_begin();

    encode_commands(&writer);
    encode_import(&writer, usage);
    encode_image(&writer, PLAIN, NULL, VK_IMAGE_TILING_OPTIMAL, usage);
    submit(context, &writer);
    return context;
}

/* ------------------------------------------------------------------ barriers */

/* Of the image, between GENERAL and that; the plain image stays with the queue. */
static VkImageMemoryBarrier2 image_barrier(const struct transfer *transfer, uint64_t image)
{
    VkImageMemoryBarrier2 barrier = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER_2,
        .oldLayout = transfer->old_layout,
        .newLayout = VK_IMAGE_LAYOUT_GENERAL,
        .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .image = HANDLE(VkImage, image),
        .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1},
    };

    if (image == STAGED) {
        barrier.srcQueueFamilyIndex = transfer->is_release ? 0 : VK_QUEUE_FAMILY_FOREIGN_EXT;
        barrier.dstQueueFamilyIndex = transfer->is_release ? VK_QUEUE_FAMILY_FOREIGN_EXT : 0;
    }
    return barrier;
}

static VkImageMemoryBarrier older_barrier(const VkImageMemoryBarrier2 *barrier)
{
    return (VkImageMemoryBarrier){
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
        .oldLayout = barrier->oldLayout,
        .newLayout = barrier->newLayout,
        .srcQueueFamilyIndex = barrier->srcQueueFamilyIndex,
        .dstQueueFamilyIndex = barrier->dstQueueFamilyIndex,
        .image = barrier->image,
        .subresourceRange = barrier->subresourceRange,
    };
}

/* Between two barriers of the plain image, one of the staged image. */
static void encode_barriers(struct hsp_vn_writer *writer, const struct transfer *transfer)
{
    const VkImageMemoryBarrier2 barriers[] = {
        image_barrier(transfer, PLAIN),
        image_barrier(transfer, STAGED),
        image_barrier(transfer, PLAIN),
    };
    VkImageMemoryBarrier older[HSP_ARRAY_COUNT(barriers)];

    if (transfer->uses_sync2) {
        ENCODE(vkCmdPipelineBarrier2, .commandBuffer = HANDLE(VkCommandBuffer, COMMANDS),
               .pDependencyInfo = INFO(VkDependencyInfo, VK_STRUCTURE_TYPE_DEPENDENCY_INFO,
                                       .imageMemoryBarrierCount = HSP_ARRAY_COUNT(barriers),
                                       .pImageMemoryBarriers = barriers));
        return;
    }
    for (size_t i = 0; i < HSP_ARRAY_COUNT(barriers); i++)
        older[i] = older_barrier(&barriers[i]);
    ENCODE(vkCmdPipelineBarrier, .commandBuffer = HANDLE(VkCommandBuffer, COMMANDS),
           .srcStageMask = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
           .dstStageMask = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
           .imageMemoryBarrierCount = HSP_ARRAY_COUNT(older), .pImageMemoryBarriers = older);
}

/* The guest's command comes first, without the staged image's barrier; then a barrier stands for
 * that, or two with the copy between them. All are of the guest's kind. */
static void check_barriers(const struct transfer *transfer, bool has_copy)
{
    HSP_CHECK_EQ(command_count, has_copy ? 3 : 2);
    HSP_CHECK_EQ(barrier_counts[0], 2);
    for (uint32_t i = 1; i < command_count; i++)
        HSP_CHECK_EQ(barrier_counts[i], 1);
    HSP_CHECK_EQ(fake_client_control->call_count("vkCmdPipelineBarrier2"),
                 transfer->uses_sync2 ? command_count : 0);
}

static void check_transfer(VkImageUsageFlags usage, const struct transfer *transfer, bool has_copy)
{
    struct hsp_vn_context *context = start(usage);
    struct hsp_vn_writer writer = fake_client_begin();

    command_count = 0;
    fake_client_control->on_barrier = count_barriers;
    encode_barriers(&writer, transfer);
    submit(context, &writer);
    check_barriers(transfer, has_copy);
    HSP_CHECK_EQ(fake_client_control->call_count("vkCmdCopyImageToBuffer"),
                 has_copy && transfer->is_release);
    HSP_CHECK_EQ(fake_client_control->call_count("vkCmdCopyBufferToImage"),
                 has_copy && !transfer->is_release);
    hsp_vn_context_destroy(context);
}

/* With either command. */
static void check_acquire(VkImageUsageFlags usage, VkImageLayout old_layout, bool has_copy)
{
    check_transfer(usage, &(struct transfer){false, false, old_layout}, has_copy);
    check_transfer(usage, &(struct transfer){false, true, old_layout}, has_copy);
}

static void check_release(VkImageUsageFlags usage, VkImageLayout old_layout, bool has_copy)
{
    check_transfer(usage, &(struct transfer){true, false, old_layout}, has_copy);
    check_transfer(usage, &(struct transfer){true, true, old_layout}, has_copy);
}

/* Who imports an image says UNDEFINED the first time, and means what others wrote. */
HSP_TEST(imports_are_read_when_they_are_acquired)
{
    check_acquire(VK_IMAGE_USAGE_SAMPLED_BIT, VK_IMAGE_LAYOUT_GENERAL, true);
    check_acquire(VK_IMAGE_USAGE_SAMPLED_BIT, VK_IMAGE_LAYOUT_UNDEFINED, true);
    check_acquire(VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT, VK_IMAGE_LAYOUT_GENERAL, true);
}

/* Writing back would undo what others wrote meanwhile. */
HSP_TEST(imports_that_are_only_read_are_not_written_back)
{
    check_release(VK_IMAGE_USAGE_SAMPLED_BIT, VK_IMAGE_LAYOUT_GENERAL, false);
    check_release(VK_IMAGE_USAGE_SAMPLED_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT,
                  VK_IMAGE_LAYOUT_GENERAL, false);
}

HSP_TEST(imports_that_are_drawn_into_are_written_back)
{
    check_release(VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT, VK_IMAGE_LAYOUT_GENERAL, true);
}

HSP_TEST(images_without_content_are_not_written_back)
{
    check_release(VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT, VK_IMAGE_LAYOUT_UNDEFINED, false);
}

/* ------------------------------------------------------------------ a second ring */

static _Atomic uint32_t *word(uint64_t offset)
{
    return (_Atomic uint32_t *)(void *)((char *)ring.data + offset);
}

/* It never idles: while the vq thread is in the driver, nobody could wake it. */
static void encode_ring(struct hsp_vn_writer *writer)
{
    ENCODE(vkCreateRingMESA, .ring = RING_ID,
           .pCreateInfo =
               INFO(VkRingCreateInfoMESA, VK_STRUCTURE_TYPE_RING_CREATE_INFO_MESA,
                    .resourceId = RING_RESOURCE, .size = RING_SIZE,
                    .idleTimeout = 60 * 1000000000ull, .headOffset = HEAD, .tailOffset = TAIL,
                    .statusOffset = STATUS, .bufferOffset = BUFFER, .bufferSize = BUFFER_SIZE,
                    .extraOffset = EXTRA, .extraSize = RING_SIZE - EXTRA));
}

static void create_ring(struct hsp_vn_context *context)
{
    struct hsp_vn_writer writer = fake_client_begin();
    struct hsp_span span;
    uint32_t map_info;

    HSP_CHECK_EQ(hsp_vn_context_create_blob(context, RING_RESOURCE, 0, RING_SIZE,
                                            HSP_VN_BLOB_MAPPABLE, &span, &map_info),
                 0);
    HSP_CHECK_EQ(hsp_span_map(&span, true, &ring), 0);
    hsp_span_finish(&span);
    encode_ring(&writer);
    submit(context, &writer);
}

static void encode_destruction(struct hsp_vn_writer *writer)
{
    ENCODE(vkDestroyImage, .device = HANDLE(VkDevice, DEVICE), .image = HANDLE(VkImage, STAGED));
}

/* The ring's first commands; returns when they have been executed. */
static void destroy_on_ring(uint32_t image_barrier_count)
{
    uint32_t words[64], size;
    struct hsp_vn_writer writer = {
        .begin = (uint8_t *)words,
        .cursor = (uint8_t *)words,
        .end = (uint8_t *)words + sizeof(words),
    };

    (void)image_barrier_count;
    fake_client_control->on_barrier = NULL;
    encode_destruction(&writer);
    size = (uint32_t)(writer.cursor - writer.begin);
    for (uint32_t i = 0; i < size / 4; i++)
        *word(BUFFER + 4 * i) = words[i];
    *word(TAIL) = size;
    for (int i = 0; i < 5000 && *word(HEAD) != size; i++)
        usleep(1000);
    HSP_CHECK_EQ(*word(HEAD), size);
}

static void check_destroyed_during(bool uses_sync2)
{
    const struct transfer release = {true, uses_sync2, VK_IMAGE_LAYOUT_GENERAL};
    struct hsp_vn_context *context = start(VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT);
    struct hsp_vn_writer writer;
    uint64_t destroyed;

    create_ring(context);
    writer = fake_client_begin();
    destroyed = fake_client_control->call_count("vkDestroyImage");
    fake_client_control->on_barrier = destroy_on_ring;
    encode_barriers(&writer, &release);
    submit(context, &writer);
    HSP_CHECK_EQ(fake_client_control->call_count("vkDestroyImage"), destroyed + 1);
    HSP_CHECK_EQ(fake_client_control->call_count("vkCmdCopyImageToBuffer"), 1);
    hsp_vn_context_destroy(context);
    hsp_mapping_finish(&ring);
}

/* A wrong client, which harms itself only: what the barrier needs of the image's state is not read
 * after the image is gone, as sanitizers see. */
HSP_TEST(images_may_be_destroyed_while_their_barriers_are_recorded)
{
    check_destroyed_during(false);
    check_destroyed_during(true);
}

HSP_TEST_MAIN()
