/* SPDX-License-Identifier: MIT */
/*
 * Handing out some pages of a file and no others: /dev/udmabuf of Linux makes descriptors of their
 * own for ranges of a memfd. Whoever has one can map those pages, and cannot reach the rest of the
 * file through it.
 *
 * Threads: any.
 */
#ifndef HSP_BASE_UDMABUF_H
#define HSP_BASE_UDMABUF_H

#include "base/span.h"

/* A descriptor for hsp_udmabuf_narrow, or negative errno: -ENOENT or -EACCES where there is none
 * for us, -ENOSYS on systems without. */
int hsp_udmabuf_open(void);

/* A span of the same bytes in files that hold nothing else. The span's files must be memfds that
 * are sealed against shrinking, and its pieces whole pages (-EINVAL). -E2BIG when it takes more
 * files than a message may carry; other negative errnos. The pages stay in memory as long as the
 * new files live. */
int hsp_udmabuf_narrow(int udmabuf_fd, const struct hsp_span *span, struct hsp_span *out_span);

#endif
