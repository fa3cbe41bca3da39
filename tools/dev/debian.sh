# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154 # repo, cache and build_dir are set by ./dev
# Debian 13 systems made with mmdebstrap from the machine's own package mirror: the root that
# everything is built and tested in, and the guest's disk. Sourced by ./dev.
#
# The root is used on every machine, also where that is Debian 13 itself: one mechanism, the same
# versions for everybody, and the machine stays as it is (it gets mmdebstrap and bubblewrap only).
# Results are named by a hash of their recipe, are made under another name and renamed when whole,
# and are guarded by a lock, so that an interrupted or a parallel run leaves nothing half made.

suite=trixie

# have_host_tools: whether the machine can make and enter a root.
have_host_tools() {
    command -v mmdebstrap >/dev/null && command -v bwrap >/dev/null &&
        [ -e /usr/share/keyrings/debian-archive-keyring.gpg ]
}

install_host_tools() {
    export DEBIAN_FRONTEND=noninteractive
    apt-get update
    apt-get install -y --no-install-recommends mmdebstrap bubblewrap ca-certificates \
        debian-archive-keyring
}

ensure_host_tools() {
    command -v apt-get >/dev/null ||
        die "this machine has no apt" "./dev works on Debian 12 and newer."
    if have_host_tools; then
        return
    fi
    [ "$(id -u)" -eq 0 ] || die "mmdebstrap and bubblewrap are not installed" \
        "As root: apt-get install mmdebstrap bubblewrap uidmap"
    step_total=$((step_total + 1))
    step "Installing mmdebstrap and bubblewrap" install_host_tools
}

# The address of the machine's own Debian mirror, from whatever form its apt configuration has.
# Debian 12 and 13 share a mirror, so it has the suites of Debian 13 too.
find_mirror() {
    if [ -n "${HESPER_DEBIAN_MIRROR:-}" ]; then
        printf '%s\n' "$HESPER_DEBIAN_MIRROR"
        return
    fi
    local codename
    # shellcheck disable=SC1091 # the machine's own file
    codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
    # shellcheck disable=SC2016 # apt expands these
    apt-get indextargets --no-release-info --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' \
        'Created-By: Packages' |
        awk -v codename="$codename" '
            $3 == "main" && ($2 == codename || $2 ~ /^(stable|testing|bookworm|trixie)$/) {
                sub("/$", "", $1); print $1; exit
            }'
}

# How apt reaches the network (proxies, certificates), a line each: mmdebstrap does not read the
# machine's apt configuration.
list_apt_options() {
    apt-config dump | grep -E '^Acquire::(http|https|ftp|Retries|ForceIPv4|ForceIPv6)\b' |
        grep -v ' "";$' || true
}

# Package names of a list file, comments stripped, separated by commas.
list_packages() {
    sed 's/#.*//' "$1" | tr -s '[:space:]' '\n' | grep . | paste -sd,
}

# recipe_hash FILE...: names a result by everything that decides what is in it.
recipe_hash() {
    {
        printf '%s\n' "$suite" "$(dpkg --print-architecture)"
        declare -f bootstrap
        cat "$repo/tools/dev/apt/etc/apt/preferences.d/hesper" "$@"
    } | sha256sum | cut -c1-12
}

# pack_settings TAR FOLDER: files of the sources with the owner and the modes of system files, whatever
# the umask of the checkout was.
pack_settings() {
    tar -C "$2" --owner=0 --group=0 --mode='u=rwX,go=rX' -cf "$1" .
}

# bootstrap FORMAT PACKAGES_FILE DEBS_DIR TARGET [MMDEBSTRAP_OPTION...]: FORMAT as mmdebstrap has
# them. Downloaded packages are kept in DEBS_DIR for the next time. A plain user's mmdebstrap runs
# its hooks as somebody who cannot read this user's files: so settings go in with tar-in, scripts as
# text.
bootstrap() {
    local format=$1 packages=$2 debs=$3 target=$4
    shift 4
    local mirror mode=unshare line options=()
    mirror=$(find_mirror)
    [ -n "$mirror" ] || die "found no Debian mirror in this machine's apt configuration" \
        "Set HESPER_DEBIAN_MIRROR to the address of one (the folder that holds dists/)."
    [ "$(id -u)" -ne 0 ] || mode=root
    while IFS= read -r line; do
        options+=(--aptopt="$line")
    done < <(list_apt_options)
    mkdir -p "$debs"
    rm -rf "${debs:?}/partial" "$debs/lock"
    pack_settings "$debs/apt.tar" "$repo/tools/dev/apt"
    # The hooks are expanded by the shell that mmdebstrap starts: $1 is its target.
    # shellcheck disable=SC2016
    mmdebstrap --mode="$mode" --format="$format" --variant=minbase --components=main \
        --include="$(list_packages "$packages")" "${options[@]}" --skip=essential/unlink \
        --setup-hook='mkdir -p "$1"/var/cache/apt/archives' \
        --setup-hook="tar-in $debs/apt.tar /" \
        --setup-hook="sync-in $debs /var/cache/apt/archives" \
        --customize-hook='chroot "$1" apt-get autoclean' \
        --customize-hook="sync-out /var/cache/apt/archives $debs" \
        "$@" \
        "$suite" "$target" \
        "deb $mirror $suite main" \
        "deb $mirror $suite-updates main" \
        "deb $mirror $suite-backports main"
}

# remove_tree DIR: also where a folder in it is read-only.
remove_tree() {
    chmod -R u+w "$1" 2>/dev/null || true
    rm -rf --one-file-system "$1"
}

# remove_superseded KIND CURRENT: removes results of this kind with another recipe, and half made
# ones of killed runs, unless somebody is using them (whoever does holds the lock shared).
remove_superseded() {
    local kind=$1 current=$2 path
    for path in "$cache/$kind"-*; do
        case $path in
        "$cache/$kind-$current" | *.lock) continue ;;
        esac
        [ -e "$path" ] || continue
        (
            flock -n 9 || exit 0
            remove_tree "$path"
        ) 9>"${path%.partial}.lock"
    done
}

# make_once KIND HASH MAKER: $cache/KIND-HASH, made by `MAKER PARTIAL_DIR` if it is not there.
make_once() {
    local kind=$1 hash=$2 maker=$3 result=$cache/$1-$2
    (
        if ! flock -n 9; then
            echo "waiting for another ./dev that makes $kind-$hash"
            flock 9
        fi
        [ ! -e "$result" ] || exit 0
        trap 'remove_tree "$result.partial"' EXIT
        remove_tree "$result.partial"
        # mmdebstrap gives the numbers of its descriptors to a shell that knows one digit only, so
        # what our caller has left open must not take those.
        "$maker" "$result.partial" 3>&- 4>&- 5>&- 6>&- 7>&- 8>&-
        mv "$result.partial" "$result"
    ) 9>"$result.lock"
    remove_superseded "$kind" "$hash"
}

make_root() {
    local partial=$1
    mkdir -p "$partial"
    if [ "$(id -u)" -eq 0 ]; then
        bootstrap directory "$repo/tools/dev/packages.txt" "$cache/debs-debian" "$partial" \
            --customize-hook="$(<"$repo/tools/dev/old-mesa.sh")"
    else
        # A plain user cannot keep the owners of the files and needs none of them.
        bootstrap tar "$repo/tools/dev/packages.txt" "$cache/debs-debian" - \
            --customize-hook="$(<"$repo/tools/dev/old-mesa.sh")" |
            tar -C "$partial" --exclude='./dev/*' -x
    fi
}

# hold RESULT: keeps a result from being removed until this ./dev and what it starts have ended.
# False when it is not there.
hold() {
    local fd
    exec {fd}>"$1.lock"
    flock -s "$fd"
    if [ ! -e "$1" ]; then
        exec {fd}>&-
        return 1
    fi
}

ensure_root() {
    local hash
    ensure_host_tools
    hash=$(recipe_hash "$repo/tools/dev/packages.txt" "$repo/tools/dev/old-mesa.sh")
    root=$cache/debian-$hash
    if hold "$root"; then
        step_ready "Debian 13 root"
        return
    fi
    step "Debian 13 root" make_once debian "$hash" make_root
    hold "$root" || die "the Debian 13 root was removed as soon as it was made" \
        "Another ./dev did it; start again."
}

# in_root CMD...: runs CMD in the root. The repository, /tmp and the cache are the same in and out;
# devices and network are the machine's; the rest of the root is read-only. Processes that CMD
# leaves behind end with it.
in_root() {
    local args=(
        --bind "$root" /
        --dev-bind /dev /dev --proc /proc --ro-bind /sys /sys
        --tmpfs /run --bind /tmp /tmp --bind /var/tmp /var/tmp
        --bind "$repo" "$repo" --bind "$cache" "$cache"
        --unshare-pid --die-with-parent
        --clearenv --setenv HOME "$cache/home" --setenv CCACHE_DIR "$cache/ccache"
        --setenv LANG C.UTF-8 --setenv USER "$(id -un)"
        --setenv PATH "$build_dir/src/cli:/usr/sbin:/usr/bin:/sbin:/bin"
        --setenv HESPER_GUEST "${guest:-$cache/guest}"
    )
    local name path
    for name in TERM CI DISPLAY WAYLAND_DISPLAY XAUTHORITY http_proxy https_proxy no_proxy \
        "${!HESPER_@}" "${!VK_@}" "${!VN_@}" "${!MESA_@}" "${!LP_@}"; do
        [ -z "${!name:-}" ] || args+=(--setenv "$name" "${!name}")
    done
    # Where the machine's screens are. hesper's own sockets are there too.
    path=${XDG_RUNTIME_DIR:-}
    if [ -n "$path" ] && [ -d "$path" ]; then
        args+=(--bind "$path" "$path" --setenv XDG_RUNTIME_DIR "$path")
    fi
    path=${XAUTHORITY:-}
    if [ -n "$path" ] && [ -e "$path" ]; then
        args+=(--ro-bind "$path" "$path")
    fi
    path=$(readlink -f /etc/resolv.conf || true)
    if [ -e "$path" ]; then
        args+=(--ro-bind "$path" /etc/resolv.conf)
    fi
    mkdir -p "$cache/home" "$cache/ccache"
    bwrap "${args[@]}" --remount-ro / --chdir "${work_dir:-$repo}" -- "$@"
}
