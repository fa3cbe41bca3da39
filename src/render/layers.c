/* SPDX-License-Identifier: MIT */
#include "render/layers.h"

#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vulkan/vulkan.h>

#define HINT                                                          \
    "VK_ADD_LAYER_PATH names folders with more manifests of layers, " \
    "HESPER_SANDBOX_READ those of their libraries if the sandbox does not know them"

/* A list of names between colons. */
struct names {
    char *text;
    const char **items;
    uint32_t count;
};

static void names_finish(struct names *names)
{
    free(names->text);
    free(names->items);
}

static int names_init(struct names *names, const char *list)
{
    char *save = NULL;

    *names = (struct names){.text = strdup(list)};
    if (!names->text)
        return -ENOMEM;
    for (char *name = strtok_r(names->text, ":", &save); name; name = strtok_r(NULL, ":", &save)) {
        const char **items = realloc(names->items, (names->count + 1) * sizeof(*items));
        if (!items) {
            names_finish(names);
            return -ENOMEM;
        }
        names->items = items;
        names->items[names->count++] = name;
    }
    return 0;
}

/* Asks for all layers of which the loader found a manifest. */
static int list_found(VkLayerProperties **out_layers, uint32_t *out_count)
{
    VkLayerProperties *layers;
    uint32_t count = 0;

    if (vkEnumerateInstanceLayerProperties(&count, NULL) != VK_SUCCESS)
        return -ENOMEM;
    layers = calloc(count + 1, sizeof(*layers));
    if (!layers || vkEnumerateInstanceLayerProperties(&count, layers) < 0) {
        free(layers);
        return -ENOMEM;
    }
    *out_layers = layers;
    *out_count = count;
    return 0;
}

static int check_found(const struct names *names)
{
    VkLayerProperties *layers;
    uint32_t count;
    int ret = list_found(&layers, &count);

    if (ret < 0)
        return ret;
    for (uint32_t i = 0; i < names->count; i++) {
        bool is_found = false;
        for (uint32_t j = 0; j < count && !is_found; j++)
            is_found = strcmp(layers[j].layerName, names->items[i]) == 0;
        if (is_found)
            continue;
        hsp_error("HESPER_HOST_LAYERS: there is no layer %s here; " HINT, names->items[i]);
        ret = -ENOENT;
    }
    free(layers);
    return ret;
}

/* The loader opens a layer's library with an instance, and tells of one that it cannot open only
 * whoever names the layer in the call. Other results are not about layers. */
static bool loads(const char *const *names, uint32_t count)
{
    const VkInstanceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
        .enabledLayerCount = count,
        .ppEnabledLayerNames = names,
    };
    VkInstance instance;
    VkResult result = vkCreateInstance(&info, NULL, &instance);

    if (result == VK_SUCCESS)
        vkDestroyInstance(instance, NULL);
    return result != VK_ERROR_LAYER_NOT_PRESENT;
}

static int check_loads(const struct names *names)
{
    int ret = 0;

    if (loads(names->items, names->count))
        return 0;
    for (uint32_t i = 0; i < names->count; i++) {
        if (loads(&names->items[i], 1))
            continue;
        hsp_error("HESPER_HOST_LAYERS: the layer %s cannot be loaded; " HINT, names->items[i]);
        ret = -ENOENT;
    }
    if (ret == 0)
        hsp_error("HESPER_HOST_LAYERS: the layers cannot be loaded together");
    return -ENOENT;
}

int hsp_render_layers_check(void)
{
    const char *list = getenv("HESPER_HOST_LAYERS");
    struct names names;
    int ret;

    if (!list || list[0] == '\0')
        return 0;
    ret = names_init(&names, list);
    if (ret == 0) {
        ret = check_found(&names);
        if (ret == 0)
            ret = check_loads(&names);
        names_finish(&names);
    }
    if (ret == -ENOMEM)
        hsp_error("HESPER_HOST_LAYERS: no memory to look for %s", list);
    return ret;
}
