# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154 # repo and cache are set by ./dev
# The guest: a folder with disk.img (ext4 on a bare disk), vmlinuz, initrd.img, ssh_key and
# known_hosts. Sourced by ./dev; needs tools/dev/debian.sh.

# Room for what programs write during a run; the file is sparse.
guest_disk_size=3G

make_guest() {
    local partial=$1 name
    local copy_out=()
    for name in vmlinuz initrd.img ssh_key known_hosts; do
        copy_out+=(--customize-hook="copy-out /hesper/$name $partial")
    done
    mkdir -p "$partial"
    pack_settings "$partial/files.tar" "$repo/guest/files"
    # shellcheck disable=SC2016 # $1 is for the shell that mmdebstrap starts
    bootstrap tar "$repo/guest/packages.txt" "$cache/debs-guest" "$partial/disk.tar" \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' \
        --customize-hook="$(<"$repo/tools/dev/old-mesa.sh")" \
        --setup-hook="tar-in $partial/files.tar /" \
        --customize-hook="$(<"$repo/guest/customize.sh")" \
        "${copy_out[@]}" \
        --customize-hook='rm -r "$1/hesper"'
    chmod 600 "$partial/ssh_key"
    in_root mke2fs -q -t ext4 -L hesper-guest -O ^has_journal -E root_owner=0:0 \
        -d "$partial/disk.tar" "$partial/disk.img" "$guest_disk_size"
    rm "$partial/disk.tar" "$partial/files.tar"
    chmod 444 "$partial/disk.img"
}

guest_files() {
    find "$repo/guest" -type f | sort
}

ensure_guest() {
    local hash files
    mapfile -t files < <(guest_files)
    hash=$(recipe_hash "$repo/tools/dev/old-mesa.sh" "${files[@]}")
    guest=$cache/guest-$hash
    if hold "$guest"; then
        step_ready "Guest disk"
    else
        step "Guest disk" make_once guest "$hash" make_guest
        hold "$guest" || die "the guest disk was removed as soon as it was made" \
            "Another ./dev did it; start again."
    fi
    # The name under which `hesper run` finds it.
    ln -sfn "guest-$hash" "$cache/guest"
}
