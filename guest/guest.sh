# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154 # repo and cache are set by ./dev
# The guest: a folder with disk.img (ext4 on a bare disk), vmlinuz, initrd.img, ssh_key and
# known_hosts. Sourced by ./dev; needs tools/dev/debian.sh.
#
# There are two: the guest of Debian 13, and the same with the kernel of backports, which only the
# long tests need.

# Room for what programs write during a run; the file is sparse.
guest_disk_size=3G

# make_guest PARTIAL_DIR [KERNEL_SUITE]
make_guest() {
    local partial=$1 kernel=linux-image-amd64${2:+/$2} name
    local copy_out=()
    for name in vmlinuz initrd.img ssh_key known_hosts; do
        copy_out+=(--customize-hook="copy-out /hesper/$name $partial")
    done
    mkdir -p "$partial"
    pack_settings "$partial/files.tar" "$repo/guest/files"
    sed "s|^linux-image-amd64$|$kernel|" "$repo/guest/packages.txt" >"$partial/packages.txt"
    # shellcheck disable=SC2016 # $1 is for the shell that mmdebstrap starts
    bootstrap tar "$partial/packages.txt" "$cache/debs-guest" "$partial/disk.tar" \
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
    rm "$partial/disk.tar" "$partial/files.tar" "$partial/packages.txt"
    chmod 444 "$partial/disk.img"
}

make_newer_guest() {
    make_guest "$1" "$suite-backports"
}

guest_files() {
    find "$repo/guest" -type f | sort
}

# ensure_one_guest KIND LABEL MAKER: sets guest to the folder of that kind.
ensure_one_guest() {
    local kind=$1 label=$2 maker=$3 hash files
    mapfile -t files < <(guest_files)
    hash=$(recipe_hash "$repo/tools/dev/old-mesa.sh" "${files[@]}")
    guest=$cache/$kind-$hash
    if hold "$guest"; then
        step_ready "$label"
    else
        step "$label" make_once "$kind" "$hash" "$maker"
        hold "$guest" || die "the guest disk was removed as soon as it was made" \
            "Another ./dev did it; start again."
    fi
}

# For tests: sets HESPER_TEST_NEWER_GUEST.
ensure_newer_guest() {
    ensure_one_guest newer-guest "Guest disk, newer kernel" make_newer_guest
    # shellcheck disable=SC2034 # in_root passes it on
    HESPER_TEST_NEWER_GUEST=$guest
}

ensure_guest() {
    ensure_one_guest guest "Guest disk" make_guest
    # The name under which `hesper run` finds it.
    ln -sfn "${guest##*/}" "$cache/guest"
}
