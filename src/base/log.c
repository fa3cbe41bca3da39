/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include "base/limits.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static const char *log_program = "hesper";
static enum hsp_log_level log_level = HSP_LOG_INFO;

static const char *const level_names[] = {
    [HSP_LOG_ERROR] = "error",
    [HSP_LOG_WARNING] = "warning",
    [HSP_LOG_INFO] = "info",
    [HSP_LOG_DEBUG] = "debug",
};

void hsp_log_init(const char *program)
{
    const char *wanted = getenv("HESPER_LOG");

    log_program = program;
    if (!wanted || !*wanted)
        return;
    for (size_t i = 0; i < HSP_ARRAY_COUNT(level_names); i++) {
        if (strcasecmp(wanted, level_names[i]) == 0) {
            log_level = (enum hsp_log_level)i;
            return;
        }
    }
    hsp_warning("HESPER_LOG=%s is not one of error, warning, info, debug; using info", wanted);
}

bool hsp_log_enabled(enum hsp_log_level level)
{
    return level <= log_level;
}

/* Control characters become '?': a guest's string must not steer the reader's terminal. */
static void make_printable(char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c == 0x7f)
            text[i] = '?';
    }
}

static void log_line(enum hsp_log_level level, const char *fmt, va_list args)
{
    char line[1024];
    int prefix = snprintf(line, sizeof(line) - 1, "%s[%d] %s: ", log_program, (int)getpid(),
                          level_names[level]);
    size_t used = HSP_MIN((size_t)prefix, sizeof(line) - 2);
    int wanted = vsnprintf(line + used, sizeof(line) - 1 - used, fmt, args);

    if (wanted > 0)
        used = HSP_MIN(used + (size_t)wanted, sizeof(line) - 2);
    make_printable(line, used);
    line[used++] = '\n';
    if (write(STDERR_FILENO, line, used) < 0) {
        /* Nowhere left to say so. */
    }
}

void hsp_log(enum hsp_log_level level, const char *fmt, ...)
{
    va_list args;

    if (!hsp_log_enabled(level))
        return;
    va_start(args, fmt);
    log_line(level, fmt, args);
    va_end(args);
}

void hsp_log_guest(const char *fmt, ...)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static uint64_t period_start_ns;
    static unsigned lines_in_period;
    static unsigned left_out;
    uint64_t now = hsp_now_ns();
    unsigned missed = 0;
    bool allowed;
    va_list args;

    if (!hsp_log_enabled(HSP_LOG_WARNING))
        return;

    pthread_mutex_lock(&lock);
    if (now - period_start_ns > HSP_LIMIT_GUEST_LOG_PERIOD_NS) {
        period_start_ns = now;
        lines_in_period = 0;
        missed = left_out;
        left_out = 0;
    }
    allowed = lines_in_period < HSP_LIMIT_GUEST_LOG_LINES;
    if (allowed)
        lines_in_period++;
    else
        left_out++;
    pthread_mutex_unlock(&lock);

    if (missed)
        hsp_warning("%u further messages about the guest were left out", missed);
    if (!allowed)
        return;
    va_start(args, fmt);
    log_line(HSP_LOG_WARNING, fmt, args);
    va_end(args);
}
