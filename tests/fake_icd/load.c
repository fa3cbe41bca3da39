/* SPDX-License-Identifier: MIT */
#include "fake_icd.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

struct fake_icd_control *fake_icd_load(const char *manifest_path)
{
    struct fake_icd_control *(*get_control)(void);
    const char *slash = strrchr(manifest_path, '/');
    int folder_length = slash ? (int)(slash - manifest_path) : 1;
    char path[4096];
    void *library;

    snprintf(path, sizeof(path), "%.*s/libfake_icd.so", folder_length, slash ? manifest_path : ".");
    library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        fprintf(stderr, "fake_icd: %s\n", dlerror());
        return NULL;
    }
    get_control = (struct fake_icd_control * (*)(void)) dlsym(library, "fake_icd_get_control");
    return get_control ? get_control() : NULL;
}
