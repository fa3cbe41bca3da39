/* SPDX-License-Identifier: MIT */
/*
 * How a machine's screens are to be shown, as people write it on command lines:
 *
 *     headless | window | vnc | vnc=ADDRESS[:PORT] | vnc=unix:PATH
 *
 * The text goes unchanged from `hesper run` through hesper-gpu to hesper-display, and each of them
 * checks it, so that what is wrong is said at once, by the program that the user has started.
 *
 * Threads: plain data; safe from any thread as long as none changes the environment.
 */
#ifndef HSP_BASE_DISPLAY_CHOICE_H
#define HSP_BASE_DISPLAY_CHOICE_H

#include "base/util.h"

#define HSP_DISPLAY_CHOICE_SIZE 160 /* of the text, with its end */
#define HSP_DISPLAY_ERROR_SIZE  800 /* room for one line that quotes a text or a file's name */

/* What VNC's own authentication looks at of a password; the rest is ignored. */
#define HSP_DISPLAY_PASSWORD_LENGTH 8

enum hsp_display_kind {
    HSP_DISPLAY_HEADLESS,
    HSP_DISPLAY_WINDOW,
    HSP_DISPLAY_VNC,
};

struct hsp_display_choice {
    enum hsp_display_kind kind;
    /* vnc: where the first screen is; the others count on from it */
    char address[64];      /* numeric, without brackets; empty with a path */
    uint16_t port;         /* 0: the first free one from 5900 on */
    char socket_path[100]; /* of a unix socket; empty: TCP */
};

/* The name of a kind, as "vnc": constant. */
const char *hsp_display_kind_get_name(enum hsp_display_kind kind);

/* Reads `text`. False, and a line for people in out_why (without program name or newline), if
 * something is wrong. */
bool hsp_display_choice_parse(const char *text, struct hsp_display_choice *out_choice,
                              char out_why[HSP_DISPLAY_ERROR_SIZE]);

/* The password of a VNC screen: the first line of `file` or, if that is NULL, of the file that
 * HESPER_VNC_PASSWORD_FILE names; at most HSP_DISPLAY_PASSWORD_LENGTH bytes of it. Empty if neither
 * is there, which is wrong for an address that others than this host can reach. False, and why, if
 * something is wrong. */
bool hsp_display_choice_read_password(const struct hsp_display_choice *choice, const char *file,
                                      char out_password[HSP_DISPLAY_PASSWORD_LENGTH + 1],
                                      char out_why[HSP_DISPLAY_ERROR_SIZE]);

#endif
