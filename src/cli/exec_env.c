/* SPDX-License-Identifier: MIT */
#include "cli/exec_env.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *getenv_or(const char *name, const char *fallback)
{
    const char *value = getenv(name);

    return value && value[0] != '\0' ? value : fallback;
}

/* ------------------------------------------------------------------ where manifests are */

/* Lists of directories with colons between, where and in which order the Vulkan loader looks. */
struct places {
    char config_home[4096], data_home[4096];
    const char *lists[6];
};

static void find_places(struct places *places)
{
    const char *home = getenv_or("HOME", "");

    snprintf(places->config_home, sizeof(places->config_home), "%s/.config", home);
    snprintf(places->data_home, sizeof(places->data_home), "%s/.local/share", home);
    places->lists[0] = getenv_or("XDG_CONFIG_HOME", places->config_home);
    places->lists[1] = getenv_or("XDG_CONFIG_DIRS", "/etc/xdg");
    places->lists[2] = "/usr/local/etc:/etc";
    places->lists[3] = getenv_or("XDG_DATA_HOME", places->data_home);
    places->lists[4] = getenv_or("XDG_DATA_DIRS", "/usr/local/share:/usr/share");
    places->lists[5] = "/run/opengl-driver/share:/opt/homebrew/share";
}

/* ------------------------------------------------------------------ the guest's driver */

/* All manifests of a directory: there is one per architecture, and the loader takes what fits. */
static int find_in_directory(const char *directory, char *out_files, size_t size)
{
    char pattern[4096];
    size_t used = 0;
    glob_t found;
    int ret = 0;

    snprintf(pattern, sizeof(pattern), "%s/vulkan/icd.d/virtio_icd*.json", directory);
    if (glob(pattern, 0, NULL, &found) != 0)
        return -ENOENT;
    for (size_t i = 0; i < found.gl_pathc && ret == 0; i++) {
        int length =
            snprintf(out_files + used, size - used, "%s%s", i > 0 ? ":" : "", found.gl_pathv[i]);

        if (length < 0 || (size_t)length >= size - used)
            ret = -ENAMETOOLONG;
        used += (size_t)length;
    }
    globfree(&found);
    return ret;
}

static int find_in_list(const char *directories, char *out_files, size_t size)
{
    char *copy = strdup(directories), *save = NULL;
    int ret = -ENOENT;

    if (!copy)
        return -ENOMEM;
    for (char *directory = strtok_r(copy, ":", &save); directory && ret == -ENOENT;
         directory = strtok_r(NULL, ":", &save))
        ret = find_in_directory(directory, out_files, size);
    free(copy);
    return ret;
}

int hsp_cli_find_guest_icd(char *out_files, size_t size)
{
    const char *chosen = getenv_or("HESPER_GUEST_ICD", NULL);
    struct places places;
    int ret;

    if (chosen) {
        if ((size_t)snprintf(out_files, size, "%s", chosen) >= size)
            return -ENAMETOOLONG;
        return 0;
    }
    find_places(&places);
    for (size_t i = 0; i < HSP_ARRAY_COUNT(places.lists); i++) {
        ret = find_in_list(places.lists[i], out_files, size);
        if (ret != -ENOENT)
            return ret;
    }
    return -ENOENT;
}

/* ------------------------------------------------------------------ the host's drivers */

static bool is_venus(const char *manifest)
{
    const char *base = strrchr(manifest, '/');

    return strcasestr(base ? base + 1 : manifest, "virtio") != NULL;
}

static void add_directory(struct hsp_cli_args *out, const char *directory)
{
    char pattern[4096];
    glob_t found;

    snprintf(pattern, sizeof(pattern), "%s/vulkan/icd.d/*.json", directory);
    if (glob(pattern, 0, NULL, &found) != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        if (!is_venus(found.gl_pathv[i]))
            hsp_cli_args_add(out, "%s", found.gl_pathv[i]);
    }
    globfree(&found);
}

/* Calls `add` for each item of a list with colons. */
static void for_each_item(struct hsp_cli_args *out, const char *list,
                          void (*add)(struct hsp_cli_args *out, const char *item))
{
    char *copy = strdup(list), *save = NULL;

    if (!copy) {
        out->failed = true;
        return;
    }
    for (char *item = strtok_r(copy, ":", &save); item; item = strtok_r(NULL, ":", &save))
        add(out, item);
    free(copy);
}

static void add_item(struct hsp_cli_args *out, const char *item)
{
    hsp_cli_args_add(out, "%s", item);
}

void hsp_cli_list_host_manifests(struct hsp_cli_args *out)
{
    const char *chosen = getenv_or("HESPER_HOST_DRIVER_FILES", NULL);
    struct places places;

    if (chosen) {
        for_each_item(out, chosen, add_item);
        return;
    }
    find_places(&places);
    for (size_t i = 0; i < HSP_ARRAY_COUNT(places.lists); i++)
        for_each_item(out, places.lists[i], add_directory);
}

/* ------------------------------------------------------------------ the program's environment */

static int add_venus_option(const char *option)
{
    const char *options = getenv_or("VN_DEBUG", NULL);
    char both[1024];

    if (!options)
        return setenv("VN_DEBUG", option, 1);
    if ((size_t)snprintf(both, sizeof(both), "%s,%s", options, option) >= sizeof(both)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return setenv("VN_DEBUG", both, 1);
}

int hsp_cli_set_guest_environment(const char *icd_files, const char *socket_path)
{
    /* Each could hide the driver named here, or add another. */
    static const char *const in_the_way[] = {"VK_ICD_FILENAMES", "VK_ADD_DRIVER_FILES",
                                             "VK_LOADER_DRIVERS_SELECT",
                                             "VK_LOADER_DRIVERS_DISABLE"};

    for (size_t i = 0; i < HSP_ARRAY_COUNT(in_the_way); i++)
        unsetenv(in_the_way[i]);
    if (setenv("VK_DRIVER_FILES", icd_files, 1) < 0 ||
        setenv("VTEST_SOCKET_NAME", socket_path, 1) < 0 || add_venus_option("vtest") < 0)
        return -errno;
    return 0;
}
