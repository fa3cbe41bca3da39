# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# What hesper doctor asks of a guest: lines of a word and what was found, for any POSIX shell. It
# looks and changes nothing. doctor_guest.c reads it.

export LC_ALL=C
echo "kernel $(uname -s) $(uname -r)"
(
    PRETTY_NAME=
    # shellcheck disable=SC1091
    [ -r /etc/os-release ] && . /etc/os-release
    echo "system $PRETTY_NAME"
)
echo "user $(id -un)"

# Virtio devices of type 16 are GPUs; "features" has a digit per bit, the lowest first.
for device in /sys/bus/virtio/devices/*; do
    [ "$(cat "$device/device" 2>/dev/null)" = 0x0010 ] || continue
    driver=none
    [ -e "$device/driver" ] && driver=$(basename "$(readlink -f "$device/driver")")
    echo "gpu $driver $(cat "$device/features" 2>/dev/null)"
done
[ -e "/lib/modules/$(uname -r)" ] &&
    echo "module $(find "/lib/modules/$(uname -r)/" -name 'virtio-gpu.ko*' 2>/dev/null | head -n 1)"

# Whether memory can be mapped: only root may know.
for file in /sys/kernel/debug/dri/*/virtio-gpu-features; do
    grep -q 'host visible region' "$file" 2>/dev/null || continue
    echo "window $(sed -n 's/.*host visible region.*: *//p' "$file" | head -n 1)"
    break
done

for node in /dev/dri/renderD*; do
    [ -e "$node" ] || continue
    access=closed
    [ -r "$node" ] && [ -w "$node" ] && access=open
    echo "node $access $node $(stat -c %G "$node" 2>/dev/null)"
done

for folder in "${XDG_DATA_HOME:-$HOME/.local/share}" /etc /usr/local/etc /usr/local/share /usr/share; do
    for manifest in "$folder"/vulkan/icd.d/virtio_icd*.json; do
        [ -e "$manifest" ] && echo "venus $manifest"
    done
done

# What can keep the loader from a driver.
for name in VK_DRIVER_FILES VK_ICD_FILENAMES VK_LOADER_DRIVERS_SELECT VK_LOADER_DRIVERS_DISABLE \
    VN_DEBUG VTEST_SOCKET_NAME; do
    eval "value=\${$name:-}"
    # shellcheck disable=SC2154 # set by eval
    [ -z "$value" ] || echo "variable $name=$value"
done

if command -v vulkaninfo >/dev/null 2>&1; then
    echo "vulkaninfo there"
    vulkaninfo --summary 2>/dev/null | sed 's/^/all /'
    VK_LOADER_DRIVERS_SELECT='*virtio*' VN_DEBUG=init vulkaninfo --summary 2>&1 | sed 's/^/only /'
fi
echo "end"
