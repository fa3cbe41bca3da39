/* SPDX-License-Identifier: MIT */
#include "ipc/messages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct span_header {
    uint32_t piece_count;
    uint32_t pad;
};

int hsp_ipc_send_with_span(struct hsp_ipc_channel *channel, uint32_t type, const void *body,
                           size_t body_size, const struct hsp_span *span)
{
    struct span_header header = {0};
    size_t pieces_size, size;
    char *payload;
    int ret;

    if (!span)
        return hsp_ipc_channel_send(channel, type, body, body_size, NULL, 0);

    header.piece_count = span->piece_count;
    pieces_size = span->piece_count * sizeof(*span->pieces);
    size = body_size + sizeof(header) + pieces_size;
    payload = malloc(size);
    if (!payload)
        return -ENOMEM;
    memcpy(payload, body, body_size);
    memcpy(payload + body_size, &header, sizeof(header));
    memcpy(payload + body_size + sizeof(header), span->pieces, pieces_size);
    ret = hsp_ipc_channel_send(channel, type, payload, size, span->fds, span->fd_count);
    free(payload);
    return ret;
}

bool hsp_ipc_decode(const struct hsp_ipc_message *message, void *out_body, size_t body_size,
                    size_t fd_count)
{
    if (message->payload_size != body_size || message->fd_count != fd_count)
        return false;
    memcpy(out_body, message->payload, body_size);
    return true;
}

int hsp_ipc_decode_with_span(const struct hsp_ipc_message *message, void *out_body,
                             size_t body_size, struct hsp_span *out_span)
{
    const char *cursor = message->payload;
    struct span_header header;
    struct hsp_span_piece *pieces;
    size_t pieces_size;
    int ret;

    if (message->payload_size < body_size + sizeof(header))
        return -EPROTO;
    memcpy(&header, cursor + body_size, sizeof(header));
    if (header.piece_count > HSP_LIMIT_SPAN_PIECE_COUNT)
        return -EPROTO;
    pieces_size = header.piece_count * sizeof(*pieces);
    if (message->payload_size != body_size + sizeof(header) + pieces_size)
        return -EPROTO;
    pieces = malloc(pieces_size + 1);
    if (!pieces)
        return -ENOMEM;
    memcpy(pieces, cursor + body_size + sizeof(header), pieces_size);
    ret = hsp_span_init_pieces(out_span, message->fds, (uint32_t)message->fd_count, pieces,
                               header.piece_count);
    free(pieces);
    if (ret == 0)
        memcpy(out_body, cursor, body_size);
    return ret == -EINVAL || ret == -E2BIG ? -EPROTO : ret;
}
