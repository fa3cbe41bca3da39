/* SPDX-License-Identifier: MIT */
/* VNC viewers that people use, as Debian has them: gtk-vnc's gvnccapture, and TigerVNC's viewer on
 * an X server without a screen. */
#include "display/test_screen.h"
#include "display/test_vnc_fixture.h"

#include "base/evdev.h"
#include "base/test.h"

#include <fcntl.h>
#include <png.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WIDTH  640
#define HEIGHT 480

static pid_t run_program(const char *const *words)
{
    pid_t pid = fork();

    if (pid == 0) {
        int fd = open("/dev/null", O_RDWR);
        for (int i = 0; i < 3; i++)
            dup2(fd, i);
        execvp(words[0], (char *const *)(uintptr_t)words);
        _exit(127);
    }
    HSP_CHECK(pid > 0);
    return pid;
}

static void start(struct test_vnc *vnc, struct test_picture *picture)
{
    /* gvnccapture knows ports only as numbers from 5900 on. */
    uint16_t port;

    do {
        port = test_vnc_find_port();
    } while (port < 5900);
    test_vnc_start_tcp(vnc, port, NULL);
    test_picture_init(picture, 0, HSP_FORMAT_B8G8R8X8, WIDTH, HEIGHT, 0, 0);
    test_picture_fill(picture, 4);
    test_picture_show(picture, &vnc->client);
}

/* ------------------------------------------------------------------ gvnccapture */

/* Whatever the file has, as RGB. */
static struct test_image read_png(const char *path)
{
    png_image png = {.version = PNG_IMAGE_VERSION};
    struct test_image image = {0};

    HSP_CHECK(png_image_begin_read_from_file(&png, path));
    png.format = PNG_FORMAT_RGB;
    image.width = png.width;
    image.height = png.height;
    image.rgb = malloc(PNG_IMAGE_SIZE(png));
    HSP_CHECK(png_image_finish_read(&png, NULL, image.rgb, 0, NULL));
    return image;
}

static struct test_image capture(const struct test_vnc *vnc)
{
    char path[] = "/tmp/hesper-test-XXXXXX", address[32];
    const char *const words[] = {"gvnccapture", "-q", address, path, NULL};
    struct test_image image;
    int status, fd = mkstemp(path);

    close(fd);
    snprintf(address, sizeof(address), "127.0.0.1:%d", vnc->port - 5900);
    alarm(30);
    HSP_CHECK(waitpid(run_program(words), &status, 0) > 0);
    alarm(0);
    HSP_CHECK_EQ(status, 0);
    image = read_png(path);
    unlink(path);
    return image;
}

static struct test_image take_screenshot(struct test_vnc *vnc)
{
    struct hsp_ipc_display_screenshot request = {.request_id = 3};
    struct hsp_ipc_display_screenshot_done done;
    struct test_image image;
    int fd = test_file_create();

    test_client_send(&vnc->client, HSP_IPC_DISPLAY_SCREENSHOT, &request, sizeof(request), fd);
    test_client_receive(&vnc->client, HSP_IPC_DISPLAY_SCREENSHOT_DONE, &done, sizeof(done));
    HSP_CHECK_EQ(done.status, 0);
    image = test_image_read(fd);
    close(fd);
    return image;
}

HSP_TEST(gvnccapture_saves_what_a_screenshot_has)
{
    struct test_image captured, screenshot;
    struct test_vnc vnc;
    struct test_picture picture;

    start(&vnc, &picture);
    captured = capture(&vnc);
    screenshot = take_screenshot(&vnc);
    HSP_CHECK_EQ(captured.width, WIDTH);
    HSP_CHECK_EQ(captured.height, HEIGHT);
    HSP_CHECK_EQ(memcmp(captured.rgb, screenshot.rgb, WIDTH * HEIGHT * 3), 0);
    test_image_finish(&captured);
    test_image_finish(&screenshot);
    test_vnc_finish(&vnc);
    test_picture_finish(&picture);
}

/* ------------------------------------------------------------------ TigerVNC */

struct tiger {
    struct test_screen screen;
    struct test_vnc vnc;
    struct test_picture picture;
    pid_t pid;
    xcb_window_t window;
};

static void tiger_start(struct tiger *tiger)
{
    char address[32];
    const char *const words[] = {"xtigervncviewer", "-SecurityTypes",       "None",  "-NoJPEG",
                                 "-RemoteResize=0", "-AlertOnFatalError=0", address, NULL};

    start(&tiger->vnc, &tiger->picture);
    test_screen_start(&tiger->screen);
    test_screen_manage(&tiger->screen);
    snprintf(address, sizeof(address), "127.0.0.1::%d", tiger->vnc.port);
    tiger->pid = run_program(words);
    tiger->window = test_screen_wait_managed(&tiger->screen);
}

static void tiger_finish(struct tiger *tiger)
{
    int status;

    kill(tiger->pid, SIGTERM);
    waitpid(tiger->pid, &status, 0);
    test_screen_finish(&tiger->screen);
    test_vnc_finish(&tiger->vnc);
    test_picture_finish(&tiger->picture);
}

static bool is_shown(struct tiger *tiger)
{
    const uint32_t width = tiger->picture.scanout.width, height = tiger->picture.scanout.height;
    struct test_geometry where = test_window_get_geometry(&tiger->screen, tiger->window);
    uint8_t *pixels;
    bool is_same = true;

    if (where.width != width || where.height != height)
        return false;
    pixels = test_screen_capture(&tiger->screen, where);
    for (uint32_t i = 0; pixels && is_same && i < width * height; i++) {
        uint8_t expected[3];
        test_picture_get(&tiger->picture, i % width, i / width, expected);
        for (int j = 0; j < 3; j++)
            is_same &= pixels[i * 4 + 2 - (uint32_t)j] == expected[j];
    }
    is_same &= pixels != NULL;
    free(pixels);
    return is_same;
}

static void tiger_wait_shown(struct tiger *tiger)
{
    for (int i = 0; i < 200; i++) {
        if (is_shown(tiger))
            return;
        usleep(100000);
    }
    hsp_test_fail(__FILE__, __LINE__, "the viewer does not show the picture");
}

static void wait_key(struct tiger *tiger, uint32_t code, bool is_pressed)
{
    struct hsp_ipc_display_input input;

    do {
        input = test_client_receive_input(&tiger->vnc.client, HSP_IPC_INPUT_KEY);
    } while (input.code != code || input.is_pressed != is_pressed);
}

HSP_TEST(tigervnc_shows_and_follows)
{
    struct tiger tiger;

    tiger_start(&tiger);
    tiger_wait_shown(&tiger);
    for (uint32_t seed = 10; seed < 13; seed++) {
        test_picture_fill(&tiger.picture, seed);
        test_client_flush(&tiger.vnc.client, 0, tiger.picture.scanout.rect);
        tiger_wait_shown(&tiger);
    }
    test_picture_finish(&tiger.picture);
    test_picture_init(&tiger.picture, 0, HSP_FORMAT_B8G8R8X8, 800, 600, 0, 0);
    test_picture_fill(&tiger.picture, 14);
    test_picture_show(&tiger.picture, &tiger.vnc.client);
    tiger_wait_shown(&tiger);
    tiger_finish(&tiger);
}

HSP_TEST(tigervnc_types_and_clicks)
{
    struct test_geometry where;
    struct tiger tiger;

    tiger_start(&tiger);
    tiger_wait_shown(&tiger);
    where = test_window_get_geometry(&tiger.screen, tiger.window);
    test_screen_point(&tiger.screen, where.x + 100, where.y + 200);
    test_screen_press_button(&tiger.screen, 1, true);
    wait_key(&tiger, HSP_BTN_LEFT, true);
    test_screen_press_button(&tiger.screen, 1, false);
    wait_key(&tiger, HSP_BTN_LEFT, false);
    test_screen_press(&tiger.screen, TEST_KEY_A, true);
    wait_key(&tiger, HSP_KEY_A, true);
    /* It is killed with the key down. */
    kill(tiger.pid, SIGKILL);
    wait_key(&tiger, HSP_KEY_A, false);
    tiger_finish(&tiger);
}

HSP_TEST_MAIN()
