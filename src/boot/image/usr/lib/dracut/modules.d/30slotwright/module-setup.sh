#!/bin/bash
# The root of a booted image for dracut. See /usr/lib/slotwright/initramfs/root.sh.
# shellcheck disable=SC2154

check() {
  require_binaries losetup findfs mount umount chroot || return 1
  return 0
}

depends() {
  echo bash
}

installkernel() {
  hostonly='' instmods loop overlay squashfs ext4 xfs vfat nls_cp437 nls_ascii nls_iso8859-1 nls_utf8 \
    virtio_pci virtio_blk virtio_scsi nvme sd_mod ahci isofs sr_mod cdrom usb_storage uas xhci_pci ehci_pci
}

install() {
  if dracut_module_included systemd; then
    derror 'slotwright: systemd in the initramfs would wait for ever for a root that root= does not name'
    derror 'slotwright: leave it out, as /usr/lib/dracut/dracut.conf.d/30-slotwright.conf does'
    return 1
  fi
  inst_multiple losetup findfs mount umount chroot mkdir sleep uname touch rm mv cp cat sync readlink reboot
  inst_multiple -o blkid e2fsck rsync timeout
  inst_simple /usr/lib/slotwright/initramfs/root.sh
  inst_hook cmdline 30 "$moddir/parse.sh"
  inst_hook mount 01 "$moddir/mount.sh"
}
