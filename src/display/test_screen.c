/* SPDX-License-Identifier: MIT */
#include "display/test_screen.h"

#include "base/fd.h"
#include "base/test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <sys/wait.h>
#include <unistd.h>
#include <xcb/xtest.h>

#define TIMEOUT_NS 30000000000ull

/* ------------------------------------------------------------------ the server */

/* What is started here goes when a test fails and does not finish it, and is quiet. */
static void prepare_child(int stdout_fd)
{
    int null_fd = open("/dev/null", O_RDWR);

#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGTERM);
#endif
    dup2(stdout_fd >= 0 ? stdout_fd : null_fd, STDOUT_FILENO);
    dup2(null_fd, STDERR_FILENO);
}

static _Noreturn void run_server(int number_fd)
{
    char fd_arg[16], mode[32];

    snprintf(fd_arg, sizeof(fd_arg), "%d", number_fd);
    snprintf(mode, sizeof(mode), "%dx%dx24", TEST_SCREEN_WIDTH, TEST_SCREEN_HEIGHT);
    hsp_fd_set_cloexec(number_fd, false);
    prepare_child(-1);
    execlp("Xvfb", "Xvfb", "-displayfd", fd_arg, "-screen", "0", mode, "-nolisten", "tcp",
           "-noreset", (char *)NULL);
    _exit(127);
}

void test_screen_start(struct test_screen *screen)
{
    size_t length = 1;
    ssize_t n;
    int fds[2];

    memset(screen, 0, sizeof(*screen));
    HSP_CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
    screen->pid = fork();
    if (screen->pid == 0)
        run_server(fds[1]);
    HSP_CHECK(screen->pid > 0);
    hsp_fd_close(&fds[1]);
    screen->name[0] = ':';
    while ((n = read(fds[0], screen->name + length, sizeof(screen->name) - 1 - length)) > 0)
        length += (size_t)n;
    hsp_fd_close(&fds[0]);
    HSP_CHECK(length > 1); /* else there is no Xvfb */
    screen->name[strcspn(screen->name, "\n")] = '\0';
    setenv("DISPLAY", screen->name, 1);
    screen->connection = xcb_connect(screen->name, NULL);
    HSP_CHECK_EQ(xcb_connection_has_error(screen->connection), 0);
    screen->root = xcb_setup_roots_iterator(xcb_get_setup(screen->connection)).data->root;
}

static xcb_atom_t get_atom(struct test_screen *screen, const char *name)
{
    xcb_intern_atom_reply_t *reply = xcb_intern_atom_reply(
        screen->connection, xcb_intern_atom(screen->connection, 0, (uint16_t)strlen(name), name),
        NULL);
    xcb_atom_t atom;

    HSP_CHECK(reply != NULL);
    atom = reply->atom;
    free(reply);
    return atom;
}

/* ------------------------------------------------------------------ the window manager */

/* The window in a property of the root, if it is one. */
static xcb_window_t get_root_window(struct test_screen *screen, const char *property)
{
    xcb_window_t window = XCB_NONE;
    xcb_get_property_reply_t *reply =
        xcb_get_property_reply(screen->connection,
                               xcb_get_property(screen->connection, 0, screen->root,
                                                get_atom(screen, property), XCB_ATOM_WINDOW, 0, 2),
                               NULL);

    HSP_CHECK(reply != NULL);
    if (xcb_get_property_value_length(reply) == sizeof(window))
        memcpy(&window, xcb_get_property_value(reply), sizeof(window));
    free(reply);
    return window;
}

/* A window that appears while openbox starts can be overlooked by it. */
void test_screen_manage(struct test_screen *screen)
{
    char word[8];
    int fds[2];

    HSP_CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
    screen->manager_pid = fork();
    if (screen->manager_pid == 0) {
        prepare_child(fds[1]);
        execlp("openbox", "openbox", "--sm-disable", "--startup", "echo ready", (char *)NULL);
        _exit(127);
    }
    HSP_CHECK(screen->manager_pid > 0);
    hsp_fd_close(&fds[1]);
    HSP_CHECK(read(fds[0], word, sizeof(word)) > 0); /* else there is no openbox */
    hsp_fd_close(&fds[0]);
}

/* ------------------------------------------------------------------ the compositor */

static _Noreturn void run_weston(void)
{
    char width[32], height[32];

    snprintf(width, sizeof(width), "--width=%d", TEST_WESTON_WIDTH);
    snprintf(height, sizeof(height), "--height=%d", TEST_WESTON_HEIGHT);
    prepare_child(-1);
    /* Without input there is no cursor in the picture. */
    execlp("weston", "weston", "--no-config", "--backend=x11", "--no-input", "--renderer=pixman",
           "--shell=kiosk", "--socket=hesper-test", "--idle-time=0", width, height, (char *)NULL);
    _exit(127);
}

xcb_window_t test_screen_compose(struct test_screen *screen)
{
    uint64_t deadline = hsp_now_ns() + TIMEOUT_NS;
    char socket_path[128];

    snprintf(screen->folder, sizeof(screen->folder), "/tmp/hesper-test-XXXXXX");
    HSP_CHECK(mkdtemp(screen->folder) != NULL);
    setenv("XDG_RUNTIME_DIR", screen->folder, 1);
    setenv("WAYLAND_DISPLAY", "hesper-test", 1);
    screen->manager_pid = fork();
    if (screen->manager_pid == 0)
        run_weston();
    HSP_CHECK(screen->manager_pid > 0);
    snprintf(socket_path, sizeof(socket_path), "%s/hesper-test", screen->folder);
    while (access(socket_path, F_OK) < 0) {
        HSP_CHECK(hsp_now_ns() < deadline); /* is there a weston? */
        usleep(10000);
    }
    return test_screen_wait_window(screen);
}

static void remove_folder(struct test_screen *screen)
{
    static const char *const names[] = {"hesper-test", "hesper-test.lock"};
    char path[128];

    for (size_t i = 0; i < HSP_ARRAY_COUNT(names) && screen->folder[0]; i++) {
        snprintf(path, sizeof(path), "%s/%s", screen->folder, names[i]);
        unlink(path);
    }
    rmdir(screen->folder);
}

static void ask_manager(struct test_screen *screen, xcb_window_t window, const char *type,
                        uint32_t value)
{
    xcb_client_message_event_t event = {
        .response_type = XCB_CLIENT_MESSAGE,
        .format = 32,
        .window = window,
        .type = get_atom(screen, type),
        .data.data32 = {value},
    };

    xcb_send_event(screen->connection, 0, screen->root,
                   XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY | XCB_EVENT_MASK_SUBSTRUCTURE_REDIRECT,
                   (const char *)&event);
    xcb_flush(screen->connection);
}

xcb_window_t test_screen_wait_managed(struct test_screen *screen)
{
    uint64_t deadline = hsp_now_ns() + TIMEOUT_NS;
    xcb_window_t window;

    while ((window = get_root_window(screen, "_NET_CLIENT_LIST")) == XCB_NONE) {
        HSP_CHECK(hsp_now_ns() < deadline);
        /* A young openbox can sleep over an event until the next one comes. */
        ask_manager(screen, screen->root, "_NET_SHOWING_DESKTOP", 0);
        usleep(10000);
    }
    return window;
}

void test_window_minimise(struct test_screen *screen, xcb_window_t window)
{
    ask_manager(screen, window, "WM_CHANGE_STATE", 3 /* iconic */);
}

void test_window_activate(struct test_screen *screen, xcb_window_t window)
{
    ask_manager(screen, window, "_NET_ACTIVE_WINDOW", 2 /* a pager asks */);
}

void test_screen_finish(struct test_screen *screen)
{
    xcb_disconnect(screen->connection);
    if (screen->manager_pid > 0) {
        kill(screen->manager_pid, SIGTERM);
        HSP_CHECK_EQ(waitpid(screen->manager_pid, NULL, 0), screen->manager_pid);
    }
    remove_folder(screen);
    kill(screen->pid, SIGTERM);
    HSP_CHECK_EQ(waitpid(screen->pid, NULL, 0), screen->pid);
}

/* ------------------------------------------------------------------ windows */

bool test_window_is_visible(struct test_screen *screen, xcb_window_t window)
{
    xcb_get_window_attributes_reply_t *attributes = xcb_get_window_attributes_reply(
        screen->connection, xcb_get_window_attributes(screen->connection, window), NULL);
    bool visible = attributes && attributes->_class == XCB_WINDOW_CLASS_INPUT_OUTPUT &&
                   attributes->map_state == XCB_MAP_STATE_VIEWABLE;

    free(attributes);
    return visible;
}

size_t test_screen_list(struct test_screen *screen, xcb_window_t out_windows[TEST_WINDOW_COUNT])
{
    xcb_query_tree_reply_t *tree = xcb_query_tree_reply(
        screen->connection, xcb_query_tree(screen->connection, screen->root), NULL);
    xcb_window_t *children;
    size_t count = 0;

    HSP_CHECK(tree != NULL);
    children = xcb_query_tree_children(tree);
    for (int i = 0; i < xcb_query_tree_children_length(tree); i++) {
        if (test_window_is_visible(screen, children[i])) {
            HSP_CHECK(count < TEST_WINDOW_COUNT);
            out_windows[count++] = children[i];
        }
    }
    free(tree);
    return count;
}

void test_screen_wait_count(struct test_screen *screen, size_t count)
{
    uint64_t deadline = hsp_now_ns() + TIMEOUT_NS;
    xcb_window_t windows[TEST_WINDOW_COUNT];

    while (test_screen_list(screen, windows) != count) {
        HSP_CHECK(hsp_now_ns() < deadline);
        usleep(10000);
    }
}

xcb_window_t test_screen_wait_window(struct test_screen *screen)
{
    uint64_t deadline = hsp_now_ns() + TIMEOUT_NS;
    xcb_window_t windows[TEST_WINDOW_COUNT];

    while (test_screen_list(screen, windows) != 1) {
        HSP_CHECK(hsp_now_ns() < deadline);
        usleep(10000);
    }
    return windows[0];
}

bool test_window_find_geometry(struct test_screen *screen, xcb_window_t window,
                               struct test_geometry *out_geometry)
{
    xcb_connection_t *connection = screen->connection;
    xcb_get_geometry_reply_t *geometry =
        xcb_get_geometry_reply(connection, xcb_get_geometry(connection, window), NULL);
    xcb_translate_coordinates_reply_t *origin = xcb_translate_coordinates_reply(
        connection, xcb_translate_coordinates(connection, window, screen->root, 0, 0), NULL);
    bool found = geometry && origin;

    if (found)
        *out_geometry =
            (struct test_geometry){origin->dst_x, origin->dst_y, geometry->width, geometry->height};
    free(geometry);
    free(origin);
    return found;
}

struct test_geometry test_window_get_geometry(struct test_screen *screen, xcb_window_t window)
{
    struct test_geometry geometry;

    HSP_CHECK(test_window_find_geometry(screen, window, &geometry));
    return geometry;
}

void test_window_resize(struct test_screen *screen, xcb_window_t window, uint32_t width,
                        uint32_t height)
{
    const uint32_t values[] = {0, 0, width, height};

    xcb_configure_window(screen->connection, window,
                         XCB_CONFIG_WINDOW_X | XCB_CONFIG_WINDOW_Y | XCB_CONFIG_WINDOW_WIDTH |
                             XCB_CONFIG_WINDOW_HEIGHT,
                         values);
    xcb_flush(screen->connection);
}

/* As a window manager does when its close button is pressed. */
void test_window_close(struct test_screen *screen, xcb_window_t window)
{
    xcb_client_message_event_t event = {
        .response_type = XCB_CLIENT_MESSAGE,
        .format = 32,
        .window = window,
        .type = get_atom(screen, "WM_PROTOCOLS"),
        .data.data32 = {get_atom(screen, "WM_DELETE_WINDOW"), XCB_CURRENT_TIME},
    };

    xcb_send_event(screen->connection, 0, window, XCB_EVENT_MASK_NO_EVENT, (const char *)&event);
    xcb_flush(screen->connection);
}

void test_window_get_title(struct test_screen *screen, xcb_window_t window, char *out_title,
                           size_t size)
{
    xcb_get_property_reply_t *reply = xcb_get_property_reply(
        screen->connection,
        xcb_get_property(screen->connection, 0, window, get_atom(screen, "_NET_WM_NAME"),
                         XCB_GET_PROPERTY_TYPE_ANY, 0, 64),
        NULL);

    HSP_CHECK(reply != NULL);
    snprintf(out_title, size, "%.*s", xcb_get_property_value_length(reply),
             (const char *)xcb_get_property_value(reply));
    free(reply);
}

uint8_t *test_screen_capture(struct test_screen *screen, struct test_geometry where)
{
    xcb_get_image_reply_t *reply = xcb_get_image_reply(
        screen->connection,
        xcb_get_image(screen->connection, XCB_IMAGE_FORMAT_Z_PIXMAP, screen->root, (int16_t)where.x,
                      (int16_t)where.y, (uint16_t)where.width, (uint16_t)where.height, UINT32_MAX),
        NULL);
    size_t size = (size_t)where.width * where.height * 4;
    uint8_t *pixels = malloc(size);

    if (!reply) {
        free(pixels);
        return NULL;
    }
    HSP_CHECK(pixels != NULL);
    HSP_CHECK_EQ(xcb_get_image_data_length(reply), size);
    memcpy(pixels, xcb_get_image_data(reply), size);
    free(reply);
    return pixels;
}

void test_screen_press(struct test_screen *screen, enum test_key key, bool down)
{
    xcb_test_fake_input(screen->connection, down ? XCB_KEY_PRESS : XCB_KEY_RELEASE, (uint8_t)key,
                        XCB_CURRENT_TIME, screen->root, 0, 0, 0);
    xcb_flush(screen->connection);
}

static void fake_pointer(struct test_screen *screen, uint8_t type, uint8_t detail, int x, int y)
{
    xcb_test_fake_input(screen->connection, type, detail, XCB_CURRENT_TIME, screen->root,
                        (int16_t)x, (int16_t)y, 0);
    xcb_flush(screen->connection);
}

void test_screen_press_button(struct test_screen *screen, uint8_t button, bool down)
{
    fake_pointer(screen, down ? XCB_BUTTON_PRESS : XCB_BUTTON_RELEASE, button, 0, 0);
}

void test_screen_point(struct test_screen *screen, int x, int y)
{
    fake_pointer(screen, XCB_MOTION_NOTIFY, false, x, y);
}

void test_screen_move(struct test_screen *screen, int dx, int dy)
{
    fake_pointer(screen, XCB_MOTION_NOTIFY, true, dx, dy);
}
