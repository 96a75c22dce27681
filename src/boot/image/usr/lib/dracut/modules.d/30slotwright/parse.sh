#!/bin/sh
# Takes the root over from dracut when an image is asked for: the device that root= names cannot hold it before it is looped.
# shellcheck disable=SC2034,SC2154,SC1091
. /usr/lib/slotwright/initramfs/root.sh
cos_parse /proc/cmdline
# A medium is left to dmsquash-live where that is there.
if cos_wanted || { cos_wanted_live && [ ! -e /sbin/dmsquash-live-root ]; }; then
  root=slotwright
  rootok=1
  # Nothing to wait for: the mount hook does its own waiting.
  mkdir -p "$hookdir/initqueue/finished"
  echo 'true' >"$hookdir/initqueue/finished/slotwright.sh"
fi
