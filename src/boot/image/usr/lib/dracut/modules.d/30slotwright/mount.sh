#!/bin/sh
# shellcheck disable=SC2154,SC1091
. /usr/lib/slotwright/initramfs/root.sh
cos_parse /proc/cmdline
for module in loop overlay squashfs; do modprobe "$module" 2>/dev/null; done
cos_mountroot "$NEWROOT"
[ "$?" = 1 ] && die 'slotwright: the root cannot be mounted'
if cos_wanted_live && [ ! -e /sbin/dmsquash-live-root ]; then
  modprobe isofs 2>/dev/null
  cos_mount_live "$NEWROOT" || die 'slotwright: the root of the medium cannot be mounted'
fi
:
