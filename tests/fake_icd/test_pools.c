/* SPDX-License-Identifier: MIT */
/* Of which queue families the host's command pools are (venus/pool.c). */
#include "client.h"

#include "base/test.h"

enum { POOL = FIRST_ID };

static void encode_pool(struct hsp_vn_writer *writer, uint32_t family)
{
    ENCODE(vkCreateCommandPool, .device = HANDLE(VkDevice, DEVICE),
           .pCreateInfo = INFO(VkCommandPoolCreateInfo, VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                               .queueFamilyIndex = family),
           .pCommandPool = NEW(VkCommandPool, POOL));
    ENCODE(vkDestroyCommandPool, .device = HANDLE(VkDevice, DEVICE),
           .commandPool = HANDLE(VkCommandPool, POOL));
}

/* The family of the host's pool for this family. */
static uint32_t ask(struct hsp_vn_context *context, uint32_t family)
{
    const uint64_t before = fake_client_control->call_count("vkCreateCommandPool");
    struct hsp_vn_writer writer = fake_client_begin();

    encode_pool(&writer, family);
    HSP_CHECK_EQ(fake_client_submit(context, &writer), 0);
    HSP_CHECK_EQ(fake_client_control->call_count("vkCreateCommandPool"), before + 1);
    return fake_client_control->pool_family;
}

HSP_TEST(pools_of_families_with_queues_are_theirs)
{
    struct hsp_vn_context *context = fake_client_start((const uint32_t[]){1, 3}, 2);

    HSP_CHECK_EQ(ask(context, 1), 1);
    HSP_CHECK_EQ(ask(context, 3), 3);
    hsp_vn_context_destroy(context);
}

HSP_TEST(pools_of_families_without_queues_are_of_one_with)
{
    struct hsp_vn_context *context = fake_client_start((const uint32_t[]){2, 3}, 2);

    HSP_CHECK_EQ(ask(context, 0), 2);
    HSP_CHECK_EQ(ask(context, 1), 2);
    hsp_vn_context_destroy(context);
}

HSP_TEST(pools_of_families_that_do_not_exist_do_not_reach_the_driver)
{
    struct hsp_vn_context *context = fake_client_start((const uint32_t[]){0}, 1);

    HSP_CHECK_EQ(ask(context, FAKE_ICD_FAMILY_COUNT), 0);
    HSP_CHECK_EQ(ask(context, VK_QUEUE_FAMILY_IGNORED), 0);
    hsp_vn_context_destroy(context);
}

HSP_TEST(devices_without_queues_are_refused)
{
    struct hsp_vn_context *context = fake_client_start(NULL, 0);
    const uint64_t before = fake_client_control->call_count("vkCreateCommandPool");
    struct hsp_vn_writer writer = fake_client_begin();

    encode_pool(&writer, 0);
    /* There is no device to make it of. */
    HSP_CHECK(fake_client_submit(context, &writer) < 0);
    HSP_CHECK_EQ(fake_client_control->call_count("vkCreateCommandPool"), before);
    hsp_vn_context_destroy(context);
}

HSP_TEST_MAIN()
