/* SPDX-License-Identifier: MIT */
#include "display/window_actions.h"

/* Whether the newest one could take the new one in. */
static bool join(struct hsp_window_actions *actions, const struct hsp_window_action *action)
{
    struct hsp_window_action *last;

    if (actions->count == 0)
        return false;
    last = &actions->items[actions->count - 1];
    if (last->kind != action->kind || last->scanout_id != action->scanout_id)
        return false;
    if (action->kind == HSP_WINDOW_ACTION_POSITION) {
        *last = *action;
        return true;
    }
    if (action->kind == HSP_WINDOW_ACTION_MOTION || action->kind == HSP_WINDOW_ACTION_WHEEL) {
        last->x += action->x;
        last->y += action->y;
        return true;
    }
    return false;
}

void hsp_window_actions_add(struct hsp_window_actions *actions,
                            const struct hsp_window_action *action)
{
    if (join(actions, action))
        return;
    if (actions->count == HSP_WINDOW_ACTION_COUNT) {
        actions->items[0] = (struct hsp_window_action){.kind = HSP_WINDOW_ACTION_RELEASE};
        actions->count = 1;
        return;
    }
    actions->items[actions->count++] = *action;
}
