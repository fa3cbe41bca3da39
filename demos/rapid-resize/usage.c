/* SPDX-License-Identifier: MIT */
#include "usage.h"

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

static uint64_t count_fds(void)
{
    DIR *directory = opendir("/proc/self/fd");
    uint64_t count = 0;

    while (directory && readdir(directory))
        count++;
    if (directory)
        closedir(directory);
    return count;
}

static uint64_t count_lines(const char *path)
{
    FILE *file = fopen(path, "r");
    uint64_t count = 0;
    int c;

    while (file && (c = getc(file)) != EOF)
        count += c == '\n';
    if (file)
        fclose(file);
    return count;
}

static uint64_t read_resident_kib(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long total, resident = 0;

    if (file && fscanf(file, "%lu %lu", &total, &resident) != 2)
        resident = 0;
    if (file)
        fclose(file);
    return resident * (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
}

struct usage usage_read(void)
{
    return (struct usage){
        .fds = count_fds(),
        .mappings = count_lines("/proc/self/maps"),
        .memory_kib = read_resident_kib(),
    };
}
