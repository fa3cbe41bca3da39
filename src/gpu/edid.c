/* SPDX-License-Identifier: MIT */
#include "gpu/edid.h"

#include <stdio.h>
#include <string.h>

#define BLOCK_SIZE   128
#define REFRESH_HZ   60u
#define PIXELS_PER_M 3780u /* 96 dpi */

/* Reduced blanking in the manner of CVT-RB. */
struct timing {
    uint32_t width, height;
    uint32_t h_blank, h_front, h_sync;
    uint32_t v_blank, v_front, v_sync;
    uint32_t clock_10khz;
    uint32_t width_mm, height_mm;
};

static struct timing make_timing(uint32_t width, uint32_t height)
{
    struct timing t = {
        .width = width,
        .height = height,
        .h_blank = 160,
        .h_front = 48,
        .h_sync = 32,
        /* The standard asks for at least 460 us of vertical blanking. */
        .v_blank = HSP_MAX(23u, height / 35),
        .v_front = 3,
        .v_sync = 6,
        .width_mm = width * 1000 / PIXELS_PER_M,
        .height_mm = height * 1000 / PIXELS_PER_M,
    };
    uint64_t clock = (uint64_t)(width + t.h_blank) * (height + t.v_blank) * REFRESH_HZ / 10000;

    t.clock_10khz = (uint32_t)HSP_MAX(clock, 1u);
    return t;
}

static void put_u16(uint8_t *out, uint32_t value)
{
    out[0] = (uint8_t)value;
    out[1] = (uint8_t)(value >> 8);
}

/* Makes the sum of `size` bytes, the last of which it sets, 0 modulo 256. */
static void put_checksum(uint8_t *bytes, size_t size)
{
    uint8_t sum = 0;

    for (size_t i = 0; i + 1 < size; i++)
        sum = (uint8_t)(sum + bytes[i]);
    bytes[size - 1] = (uint8_t)(0x100 - sum);
}

static bool fits_base_block(const struct timing *t)
{
    return t->width <= 4095 && t->height <= 4095 && t->clock_10khz <= UINT16_MAX;
}

/* Detailed timing descriptor, 18 bytes. */
static void put_timing(uint8_t *out, const struct timing *t)
{
    uint32_t width_mm = HSP_MIN(t->width_mm, 4095u), height_mm = HSP_MIN(t->height_mm, 4095u);

    put_u16(out, t->clock_10khz);
    out[2] = (uint8_t)t->width;
    out[3] = (uint8_t)t->h_blank;
    out[4] = (uint8_t)((t->width >> 8) << 4 | t->h_blank >> 8);
    out[5] = (uint8_t)t->height;
    out[6] = (uint8_t)t->v_blank;
    out[7] = (uint8_t)((t->height >> 8) << 4 | t->v_blank >> 8);
    out[8] = (uint8_t)t->h_front;
    out[9] = (uint8_t)t->h_sync;
    out[10] = (uint8_t)(t->v_front << 4 | t->v_sync);
    out[11] = 0;
    out[12] = (uint8_t)width_mm;
    out[13] = (uint8_t)height_mm;
    out[14] = (uint8_t)((width_mm >> 8) << 4 | height_mm >> 8);
    out[17] = 0x1a; /* digital separate sync, horizontal positive */
}

/* Display descriptor with up to 13 characters of text: ended by a line feed, padded by blanks. */
static void put_text(uint8_t *out, uint8_t tag, const char *text)
{
    bool ended = false;

    for (size_t i = 0; i < 5; i++)
        out[i] = i == 3 ? tag : 0;
    for (size_t i = 5; i < 18; i++) {
        out[i] = (uint8_t)(ended ? ' ' : *text ? *text++ : '\n');
        ended |= out[i] == '\n';
    }
}

/* Display range limits: as wide as they go, so that no guest refuses a mode. */
static void put_limits(uint8_t *out)
{
    static const uint8_t limits[18] = {0,   0, 0,    0xfd, 0,   1,   255, 1,   255,
                                       255, 1, '\n', ' ',  ' ', ' ', ' ', ' ', ' '};

    memcpy(out, limits, sizeof(limits));
}

/* DisplayID 1.3 in an extension block: one Type I detailed timing. */
static void put_display_id(uint8_t block[BLOCK_SIZE], const struct timing *t)
{
    uint8_t *section = block + 1;
    uint8_t *data = section + 4;
    uint32_t clock = t->clock_10khz - 1;

    block[0] = 0x70;
    section[0] = 0x13; /* version */
    section[1] = 23;   /* bytes of data blocks */
    section[2] = 0;    /* an extension section */
    section[3] = 0;
    data[0] = 0x03; /* Type I timings */
    data[1] = 0;
    data[2] = 20;
    data[3] = (uint8_t)clock;
    data[4] = (uint8_t)(clock >> 8);
    data[5] = (uint8_t)(clock >> 16);
    data[6] = 0x88; /* preferred, aspect ratio not given */
    put_u16(data + 7, t->width - 1);
    put_u16(data + 9, t->h_blank - 1);
    put_u16(data + 11, (t->h_front - 1) | 0x8000); /* positive */
    put_u16(data + 13, t->h_sync - 1);
    put_u16(data + 15, t->height - 1);
    put_u16(data + 17, t->v_blank - 1);
    put_u16(data + 19, t->v_front - 1);
    put_u16(data + 21, t->v_sync - 1);
    put_checksum(section, 4 + 23 + 1);
    put_checksum(block, BLOCK_SIZE);
}

static void put_header(uint8_t *edid, const struct timing *t, uint32_t serial)
{
    static const uint8_t magic[8] = {0, 255, 255, 255, 255, 255, 255, 0};
    /* sRGB primaries and white point */
    static const uint8_t chromaticity[10] = {0xee, 0x91, 0xa3, 0x54, 0x4c,
                                             0x99, 0x26, 0x0f, 0x50, 0x54};

    memcpy(edid, magic, sizeof(magic));
    edid[8] = 0x22; /* "HSP", five bits a letter */
    edid[9] = 0x70;
    put_u16(edid + 10, 1); /* product */
    put_u16(edid + 12, serial);
    edid[16] = 0; /* week: not given */
    edid[17] = 2026 - 1990;
    edid[18] = 1; /* version 1.4 */
    edid[19] = 4;
    edid[20] = 0xa0; /* digital, 8 bits a colour, interface not given */
    edid[21] = (uint8_t)HSP_MIN(255u, HSP_MAX(1u, t->width_mm / 10));
    edid[22] = (uint8_t)HSP_MIN(255u, HSP_MAX(1u, t->height_mm / 10));
    edid[23] = 120;  /* gamma 2.2 */
    edid[24] = 0x06; /* sRGB is the default; the preferred timing is the native one */
    memcpy(edid + 25, chromaticity, sizeof(chromaticity));
    memset(edid + 38, 1, 16); /* no standard timings */
}

size_t hsp_gpu_edid_encode(const struct hsp_gpu_edid_params *params,
                           uint8_t out_edid[HSP_GPU_EDID_MAX_SIZE])
{
    struct timing timing = make_timing(params->width, params->height);
    bool extended = !fits_base_block(&timing);
    char serial[14];

    memset(out_edid, 0, HSP_GPU_EDID_MAX_SIZE);
    put_header(out_edid, &timing, params->serial);
    snprintf(serial, sizeof(serial), "%u", params->serial);
    /* The first descriptor must be a timing; the extension has the real one of a large mode. */
    if (extended) {
        struct timing small = make_timing(1280, 800);
        put_timing(out_edid + 54, &small);
    } else {
        put_timing(out_edid + 54, &timing);
    }
    put_text(out_edid + 72, 0xfc, "hesper");
    put_text(out_edid + 90, 0xff, serial);
    put_limits(out_edid + 108);
    out_edid[126] = extended;
    put_checksum(out_edid, BLOCK_SIZE);
    if (extended)
        put_display_id(out_edid + BLOCK_SIZE, &timing);
    return extended ? 2 * BLOCK_SIZE : BLOCK_SIZE;
}
