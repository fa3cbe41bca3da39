/* SPDX-License-Identifier: MIT */
/*
 * The guest's half of bench/latency: shows black, and at each press of a key the other of black and
 * white. It waits for nothing but keys: what lies between key and picture is the kernel's and the
 * device's.
 */
#include "kms.h"

#include <drm_fourcc.h>
#include <fcntl.h>
#include <linux/input.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* The keyboard that hesper made. */
static int open_keyboard(void)
{
    char path[64], name[64];

    for (int i = 0; i < 64; i++) {
        snprintf(path, sizeof(path), "/dev/input/event%d", i);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            continue;
        if (ioctl(fd, EVIOCGNAME(sizeof(name)), name) > 0 && strcmp(name, "hesper keyboard") == 0)
            return fd;
        close(fd);
    }
    fprintf(stderr, "key-flip: there is no keyboard of hesper's\n");
    exit(1);
}

static void wait_for_press(int fd)
{
    struct input_event event;

    do {
        if (read(fd, &event, sizeof(event)) != sizeof(event))
            exit(0);
    } while (event.type != EV_KEY || event.value != 1);
}

int main(void)
{
    struct demo_kms_buffer buffers[2];
    struct demo_kms kms;
    int keyboard = open_keyboard();

    demo_kms_open(&kms, 0, 0);
    for (int i = 0; i < 2; i++) {
        demo_kms_buffer_create_dumb(&kms, &buffers[i], DRM_FORMAT_XRGB8888, 32);
        memset(buffers[i].map, i == 0 ? 0 : 0xff, buffers[i].size);
    }
    demo_kms_show(&kms, &buffers[0]);
    printf("ready\n");
    fflush(stdout);
    for (unsigned count = 1;; count++) {
        wait_for_press(keyboard);
        demo_kms_show(&kms, &buffers[count % 2]);
    }
}
