/* SPDX-License-Identifier: MIT */
#include "display/test_support.h"

#include "base/shm.h"
#include "base/test.h"

#include <dirent.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct test_image test_image_read(int fd)
{
    png_image png = {.version = PNG_IMAGE_VERSION};
    struct test_image image = {0};
    FILE *file = fdopen(dup(fd), "rb");

    HSP_CHECK(file != NULL);
    rewind(file);
    HSP_CHECK(png_image_begin_read_from_stdio(&png, file));
    HSP_CHECK_EQ(png.format, PNG_FORMAT_RGB);
    image.width = png.width;
    image.height = png.height;
    image.rgb = malloc(PNG_IMAGE_SIZE(png));
    HSP_CHECK(image.rgb != NULL);
    HSP_CHECK(png_image_finish_read(&png, NULL, image.rgb, 0, NULL));
    fclose(file);
    return image;
}

void test_image_finish(struct test_image *image)
{
    free(image->rgb);
    memset(image, 0, sizeof(*image));
}

const uint8_t *test_image_pixel(const struct test_image *image, uint32_t x, uint32_t y)
{
    HSP_CHECK(x < image->width && y < image->height);
    return image->rgb + ((size_t)y * image->width + x) * 3;
}

int test_file_create(void)
{
    FILE *file = tmpfile();
    int fd;

    HSP_CHECK(file != NULL);
    fd = dup(fileno(file));
    fclose(file);
    HSP_CHECK(fd >= 0);
    return fd;
}

struct hsp_span test_span_create(uint64_t size, struct hsp_mapping *out_mapping)
{
    struct hsp_span span;
    uint64_t whole = hsp_align_up(size, hsp_page_size());

    HSP_CHECK_EQ(hsp_span_init_single(&span, hsp_shm_create("test", whole), 0, whole), 0);
    HSP_CHECK_EQ(hsp_span_map(&span, true, out_mapping), 0);
    return span;
}

long test_count_sleeps(pid_t pid)
{
    char path[64], line[128];
    struct dirent *entry;
    long sum = 0, value;
    DIR *dir;

    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    dir = opendir(path);
    HSP_CHECK(dir != NULL);
    while ((entry = readdir(dir))) {
        char file_path[512];
        FILE *file;
        snprintf(file_path, sizeof(file_path), "%s/%s/status", path, entry->d_name);
        file = entry->d_name[0] == '.' ? NULL : fopen(file_path, "r");
        while (file && fgets(line, sizeof(line), file)) {
            if (sscanf(line, "voluntary_ctxt_switches: %ld", &value) == 1)
                sum += value;
        }
        if (file)
            fclose(file);
    }
    closedir(dir);
    return sum;
}
