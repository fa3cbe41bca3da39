/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes what a guest sends a renderer: the bytes are a block of the vq stream, and lie in a
 * resource that indirect streams and rings may use. The context is a whole one; under it is the
 * fake driver (tests/fake_icd), which answers everything and checks nothing, so that what is found
 * is the renderer's.
 */
#include "fake_icd.h"
#include "stream_objects.h"

#include "base/log.h"
#include "base/shm.h"
#include "base/util.h"
#include "venus/context.h"
#include "venus/gen/protocol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define INPUT_SIZE_MAX 16384

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

static uint8_t prelude[16384];
static size_t prelude_size;
static struct hsp_span resources[2];
static void *input_data;

static void require(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "fuzz_stream: %s\n", what);
        abort();
    }
}

static void make_resource(struct hsp_span *span)
{
    int fd = hsp_shm_create("fuzz", RESOURCE_SIZE);

    require(fd >= 0 && hsp_span_init_single(span, fd, 0, RESOURCE_SIZE) == 0, "no shared memory");
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct fake_icd_control *control = fake_icd_get_control();

    setenv("HESPER_LOG", "error", 0);
    unsetenv("XDG_CACHE_HOME"); /* no run leaves anything to the next */
    hsp_log_init("fuzz_stream");
    control->waits_succeed = true;
    control->linear_lacks = VK_FORMAT_FEATURE_COLOR_ATTACHMENT_BIT |
                            VK_FORMAT_FEATURE_COLOR_ATTACHMENT_BLEND_BIT; /* some are staged */
    control->memory.memoryHeaps[0].size = 64 << 20;
    make_resource(&resources[0]);
    make_resource(&resources[1]);
    input_data =
        mmap(NULL, RESOURCE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, resources[1].fds[0], 0);
    require(input_data != MAP_FAILED, "no mapping");
    prelude_size = stream_objects_encode(prelude, sizeof(prelude));
    return 0;
}

static void on_fence(void *user_data, uint32_t ring_idx, uint64_t fence_id)
{
}

static void on_fatal(void *user_data, const char *reason)
{
}

/* A client can always make its own context wait for itself, vq stream for ring and ring for vq
 * stream. That is no finding, but it would be a hang here. */
static void disarm_waits(uint32_t *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (words[i] == HSP_VN_COMMAND_vkWaitRingSeqnoMESA ||
            words[i] == HSP_VN_COMMAND_vkWaitVirtqueueSeqnoMESA)
            words[i] = HSP_VN_COMMAND_vkNotifyRingMESA;
    }
}

static struct hsp_vn_context *create_context(void)
{
    const struct hsp_vn_context_params params = {
        .name = "fuzz", .on_fence = on_fence, .on_fatal = on_fatal};
    struct hsp_vn_context *context;

    require(hsp_vn_context_create(&params, &context) == 0, "no context");
    for (uint32_t i = 0; i < 2; i++)
        require(
            hsp_vn_context_attach_resource(context, i + 1, HSP_VN_RESOURCE_SHM, &resources[i]) == 0,
            "no resource");
    require(hsp_vn_context_submit(context, prelude, prelude_size) == 0, "the prelude is refused");
    return context;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint32_t words[INPUT_SIZE_MAX / sizeof(uint32_t)];
    const size_t count = HSP_MIN(size, (size_t)INPUT_SIZE_MAX) / sizeof(uint32_t);
    struct hsp_vn_context *context;
    struct hsp_span blob;
    uint32_t map_info;

    memcpy(words, data, count * sizeof(uint32_t));
    disarm_waits(words, count);
    memset(input_data, 0, RESOURCE_SIZE);
    memcpy(input_data, words, count * sizeof(uint32_t));

    context = create_context();
    hsp_vn_context_submit(context, words, count * sizeof(uint32_t));
    hsp_vn_context_submit_fence(context, 1, 1);
    if (hsp_vn_context_create_blob(context, 3, ID_VkDeviceMemory, 4096, HSP_VN_BLOB_MAPPABLE, &blob,
                                   &map_info) == 0)
        hsp_span_finish(&blob);
    hsp_vn_context_destroy(context);
    return 0;
}

/* ------------------------------------------------------------------ mutation */

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* An id where one may be: 64 bits, aligned to 4. */
static void put_id(uint8_t *data, size_t size, uint64_t *random)
{
    const uint64_t id = next_random(random) % (ID_LAST + 2);
    const size_t word_count = size / 4;

    if (word_count >= 2)
        memcpy(data + next_random(random) % (word_count - 1) * 4, &id, sizeof(id));
}

static void put_small_number(uint8_t *data, size_t size, uint64_t *random)
{
    static const uint32_t numbers[] = {0, 1, 2, 3, 4, 8, 64, 4096, 65536, 0x7fffffff, 0xffffffff};
    const uint32_t number = numbers[next_random(random) % HSP_ARRAY_COUNT(numbers)];

    if (size >= 4)
        memcpy(data + next_random(random) % (size / 4) * 4, &number, sizeof(number));
}

/* Bytes are mutated as bytes too, but the stream is words: most changes keep its framing. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
    uint64_t random = seed * 0x9e3779b97f4a7c15ull + 1;

    switch (next_random(&random) % 4) {
    case 0:
        put_id(data, size, &random);
        return size & ~(size_t)3;
    case 1:
        put_small_number(data, size, &random);
        return size & ~(size_t)3;
    default:
        return LLVMFuzzerMutate(data, size, max_size) & ~(size_t)3;
    }
}
