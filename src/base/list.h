/* SPDX-License-Identifier: MIT */
/*
 * Intrusive doubly linked list with a sentinel head. Not synchronised.
 */
#ifndef HSP_BASE_LIST_H
#define HSP_BASE_LIST_H

#include "base/util.h"

struct hsp_list {
    struct hsp_list *prev;
    struct hsp_list *next;
};

static inline void hsp_list_init(struct hsp_list *head)
{
    head->prev = head;
    head->next = head;
}

static inline bool hsp_list_is_empty(const struct hsp_list *head)
{
    return head->next == head;
}

/* Inserts `link` in front of `head`, that is at the end of the list. */
static inline void hsp_list_append(struct hsp_list *head, struct hsp_list *link)
{
    link->prev = head->prev;
    link->next = head;
    head->prev->next = link;
    head->prev = link;
}

/* Leaves `link` an empty list of its own, so removing it twice is harmless. */
static inline void hsp_list_remove(struct hsp_list *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    hsp_list_init(link);
}

/* `pos` is a `type *`; the body must not remove it. */
#define hsp_list_for_each(pos, head, type, member)                                         \
    for (type *pos = HSP_CONTAINER_OF((head)->next, type, member); &pos->member != (head); \
         pos = HSP_CONTAINER_OF(pos->member.next, type, member))

/* The body may remove and free `pos`. */
#define hsp_list_for_each_safe(pos, head, type, member)                       \
    for (type *pos = HSP_CONTAINER_OF((head)->next, type, member),            \
              *pos##_next = HSP_CONTAINER_OF(pos->member.next, type, member); \
         &pos->member != (head);                                              \
         pos = pos##_next, pos##_next = HSP_CONTAINER_OF(pos->member.next, type, member))

#endif
