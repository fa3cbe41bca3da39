#!/bin/sh
# SPDX-License-Identifier: MIT
# old-mesa.sh ROOT: puts the Vulkan drivers of Debian 13 itself (Mesa 25.0) beside the newer ones
# from backports, as /opt/mesa-25.0, so that tests can use either. Programs get them with
# VK_DRIVER_FILES=/opt/mesa-25.0/share/vulkan/icd.d/virtio_icd.json (or lvp_icd.json).
# A customize hook of mmdebstrap.
set -eu
root=$1

# shellcheck disable=SC2016 # for the shell in there
chroot "$root" sh -eu -c '
    rm -rf /tmp/old-mesa
    mkdir /tmp/old-mesa
    cd /tmp/old-mesa
    apt-get -o APT::Sandbox::User=root download mesa-vulkan-drivers/trixie
    dpkg -x mesa-vulkan-drivers_*.deb x
    mkdir -p /opt/mesa-25.0/lib /opt/mesa-25.0/share/vulkan/icd.d
    for driver in virtio lvp; do
        library=/opt/mesa-25.0/lib/libvulkan_$driver.so
        cp x/usr/lib/*/libvulkan_$driver.so "$library"
        sed "s|\"library_path\": *\"[^\"]*\"|\"library_path\": \"$library\"|" \
            x/usr/share/vulkan/icd.d/${driver}_icd*.json \
            >/opt/mesa-25.0/share/vulkan/icd.d/${driver}_icd.json
    done
    cd /
    rm -rf /tmp/old-mesa'
