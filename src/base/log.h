/* SPDX-License-Identifier: MIT */
/*
 * Log lines of all hesper programs: one line on stderr each, `program[pid] level: text`.
 *
 * The layer that ends an operation logs it, once. Whatever a guest can trigger goes through
 * hsp_log_guest, which is rate-limited so that a guest cannot fill the host's disk.
 *
 * Threads: all functions are safe from any thread; a line is written with one write(2).
 */
#ifndef HSP_BASE_LOG_H
#define HSP_BASE_LOG_H

#include "base/util.h"

enum hsp_log_level {
    HSP_LOG_ERROR,
    HSP_LOG_WARNING,
    HSP_LOG_INFO,
    HSP_LOG_DEBUG,
};

/* Sets the name shown in front of each line, and the level from HESPER_LOG
 * (error, warning, info, debug; default info). `program` must outlive all logging. */
void hsp_log_init(const char *program);

bool hsp_log_enabled(enum hsp_log_level level);

/* `fmt` needs no newline. */
void hsp_log(enum hsp_log_level level, const char *fmt, ...) HSP_PRINTF(2, 3);

#define hsp_error(...)   hsp_log(HSP_LOG_ERROR, __VA_ARGS__)
#define hsp_warning(...) hsp_log(HSP_LOG_WARNING, __VA_ARGS__)
#define hsp_info(...)    hsp_log(HSP_LOG_INFO, __VA_ARGS__)
#define hsp_debug(...)   hsp_log(HSP_LOG_DEBUG, __VA_ARGS__)

/* A warning about something a guest did. At most HSP_LIMIT_GUEST_LOG_LINES lines per
 * HSP_LIMIT_GUEST_LOG_PERIOD_NS in this process; what was left out is counted in the next line. */
void hsp_log_guest(const char *fmt, ...) HSP_PRINTF(1, 2);

#endif
