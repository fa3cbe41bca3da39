#!/bin/sh
# SPDX-License-Identifier: MIT
# customize.sh ROOT: makes the guest of a plain Debian that has the settings of files/: ssh keys, and
# a boot with nothing to wait for. Leaves in ROOT/hesper what the host needs beside the disk.
# A customize hook of mmdebstrap.
set -eu
root=$1

echo hesper-guest >"$root/etc/hostname"
printf '127.0.0.1 localhost hesper-guest\n' >"$root/etc/hosts"
rm -f "$root/etc/resolv.conf"
echo 'nameserver 10.0.2.3' >"$root/etc/resolv.conf"
# The kernel's command line names the disk; an entry here would make the boot wait for udev.
: >"$root/etc/fstab"

rm -rf "$root/hesper"
mkdir -m 755 "$root/hesper"
# shellcheck disable=SC2016 # for the shell in there
chroot "$root" sh -eu -c '
    passwd -q -d root

    rm -f /etc/ssh/ssh_host_*
    ssh-keygen -q -t ed25519 -N "" -C hesper-guest -f /etc/ssh/ssh_host_ed25519_key
    ssh-keygen -q -t ed25519 -N "" -C hesper -f /hesper/ssh_key
    mkdir -m 700 -p /root/.ssh
    cp /hesper/ssh_key.pub /root/.ssh/authorized_keys
    printf "hesper-guest %s\n" "$(cat /etc/ssh/ssh_host_ed25519_key.pub)" >/hesper/known_hosts

    systemctl -q enable systemd-networkd ssh hesper-share
    # Nothing to update, clean up or wait for in a disk that is thrown away after each run.
    systemctl -q mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
        e2scrub_all.timer e2scrub_reap.service fstrim.timer systemd-tmpfiles-clean.timer \
        systemd-networkd-wait-online.service systemd-timesyncd.service getty@tty1.service \
        systemd-pcrlock-make-policy.service systemd-rfkill.service systemd-rfkill.socket \
        systemd-journal-catalog-update.service systemd-hwdb-update.service ldconfig.service \
        systemd-update-done.service systemd-firstboot.service systemd-boot-random-seed.service \
        systemd-random-seed.service systemd-network-generator.service \
        dev-hugepages.mount dev-mqueue.mount run-lock.mount sys-kernel-tracing.mount \
        modprobe@configfs.service modprobe@dm_mod.service modprobe@efi_pstore.service \
        modprobe@fuse.service modprobe@loop.service

    # A set machine id, and stamps newer than /usr: no first boot, no update of caches.
    systemd-machine-id-setup >/dev/null 2>&1
    update-initramfs -u
    touch /etc/.updated /var/.updated'

cp "$root"/boot/vmlinuz-* "$root/hesper/vmlinuz"
cp "$root"/boot/initrd.img-* "$root/hesper/initrd.img"
