#!/bin/sh
# shellcheck shell=sh
# The root of a booted image, made in the initramfs: the image read-only, writable layers over it, volumes, persistent paths.
# Sourced by the dracut module, by the initramfs-tools script, or by an init of one's own:
#
#   cos_parse /proc/cmdline
#   cos_mountroot /sysroot || ...
#
# or, from an installation medium, where nobody else mounts its root (dmsquash-live of dracut does):
#
#   cos_wanted_live && cos_mount_live /sysroot
#
# POSIX shell with mount, umount, mkdir, losetup, findfs (or blkid), chroot, readlink, sleep, reboot. Tested with busybox and with dash.

COS_STATE_AT=/run/initramfs/cos-state
COS_RUN=/run/cos
COS_OVERLAY_AT=/run/overlay
# Of a live system: its medium, and its root as it is packed there. Where dmsquash-live has them.
COS_MEDIUM_AT=/run/initramfs/live
COS_PACKED_ROOT_AT=/run/rootfsbase
# Where the image is looked for after the partition that root= names.
COS_HOMES='LABEL=COS_STATE LABEL=COS_RECOVERY'
# Seconds: for the partition of the image (as the reference), for another volume, for a stage of hooks.
COS_STATE_WAIT=300
COS_VOLUME_WAIT=60
COS_STAGE_LIMIT=900

cos_say() {
  echo "slotwright: $*" >/dev/kmsg 2>/dev/null || echo "slotwright: $*" >&2
}

# Reads the kernel's command line from a file into variables cos_*.
cos_parse() {
  cos_words=$(cat "$1")
  cos_image='' cos_root='' cos_overlay=tmpfs:20% cos_mounts='' cos_oem='' cos_oem_timeout=120 cos_debugrw=no
  cos_disabled=no cos_live=no cos_medium='' cos_live_dir=LiveOS cos_live_image=squashfs.img cos_fsck=auto cos_repair=preen cos_panic='' cos_emergency='' cos_failed=no
  # The words of a command line are separated by blanks, and nothing in them is a pattern.
  set -f
  # shellcheck disable=SC2086
  set -- $cos_words
  set +f
  for cos_word; do
    cos_value=${cos_word#*=}
    case $cos_word in
      cos-img/filename=*) cos_image=$cos_value ;;
      root=live:CDLABEL=* | root=CDLABEL=*) cos_root='' cos_live=yes cos_medium=LABEL=${cos_value#*CDLABEL=} ;;
      rd.live.dir=*) cos_live_dir=$cos_value ;;
      rd.live.squashimg=*) cos_live_image=$cos_value ;;
      root=LABEL=* | root=UUID=* | root=PARTLABEL=* | root=PARTUUID=* | root=/dev/*) cos_root=$cos_value ;;
      root=*) cos_root= ;;
      rd.cos.overlay=*) cos_overlay=$cos_value ;;
      rd.cos.mount=*) cos_mounts="$cos_mounts $cos_value" ;;
      rd.cos.oemlabel=*) cos_oem=$cos_value ;;
      rd.cos.oemtimeout=*) cos_oem_timeout=$cos_value ;;
      rd.cos.debugrw) cos_debugrw=yes ;;
      rd.cos.debugrw=full) cos_debugrw=full ;;
      rd.cos.debugrw=*) case $cos_value in 0 | no | off | false) ;; *) cos_debugrw=yes ;; esac ;;
      rd.cos.disable | cdroot) cos_disabled=yes cos_live=yes ;;
      rd.cos.disable=*) case $cos_value in 0 | no | off | false) ;; *) cos_disabled=yes cos_live=yes ;; esac ;;
      fsck.mode=force | fsck.mode=skip) cos_fsck=$cos_value ;;
      fsck.repair=yes | fsck.repair=no | fsck.repair=preen) cos_repair=$cos_value ;;
      panic=*) cos_panic=$cos_value ;;
      rd.emergency=reboot | rd.shell=0) cos_emergency=reboot ;;
      upgrade_failure) cos_failed=yes ;;
    esac
  done
  case $cos_oem_timeout in
    '' | *[!0-9]*) cos_oem_timeout=120 ;;
  esac
  [ "$cos_oem_timeout" -ge 1 ] || cos_oem_timeout=1
  [ "$cos_oem_timeout" -le 1800 ] || cos_oem_timeout=1800
  case $cos_image in
    */recovery*) cos_slot=recovery ;;
    */active*) cos_slot=active ;;
    */passive*) cos_slot=passive ;;
    *) cos_slot=other ;;
  esac
  case $cos_emergency$cos_panic in
    reboot | reboot0) cos_panic=5 ;;
  esac
  # As in the reference: any other form of root= leaves the root to others, a live system's for instance.
  [ -n "$cos_root" ] || cos_image=
  if [ "$cos_slot" = recovery ] && [ "$cos_debugrw" != no ]; then
    cos_say 'rd.cos.debugrw is refused in recovery: the last way back stays as it is'
    cos_debugrw=no
  fi
}

# What cannot be gone on after. With panic= the machine reboots, which uses up a try of an image on trial; else the caller gets to decide.
cos_die() {
  cos_say "$*"
  echo "slotwright: $*" >/dev/console 2>/dev/null
  case $cos_panic in
    -[0-9]*) cos_panic=0 ;;
    '' | 0 | *[!0-9]*) return 1 ;;
  esac
  echo "slotwright: rebooting in $cos_panic s" >/dev/console 2>/dev/null
  sleep "$cos_panic"
  reboot -f
  return 1
}

# The device of LABEL=, UUID= or a path; fails when there is none. Of several with the same label, one of the disk that we boot from.
cos_device() {
  case $1 in
    /dev/*) [ -b "$1" ] && echo "$1" ;;
    *) cos_device_of_our_disk "$1" || findfs "$1" 2>/dev/null || cos_device_by_blkid "$1" ;;
  esac
}

cos_device_of_our_disk() {
  [ -n "$cos_disk" ] && command -v blkid >/dev/null 2>&1 || return 1
  for cos_found in $(blkid -c /dev/null -o device -t "$1" 2>/dev/null); do
    [ "$(cos_disk_of "$cos_found")" = "$cos_disk" ] && echo "$cos_found" && return 0
  done
  return 1
}

cos_device_by_blkid() {
  command -v blkid >/dev/null 2>&1 || return 1
  cos_found=$(blkid -l -o device -t "$1" 2>/dev/null)
  [ -n "$cos_found" ] && echo "$cos_found"
}

cos_disk_of() (
  cd -P "/sys/class/block/${1##*/}/.." 2>/dev/null && pwd -P
)

# The same, waiting up to so many seconds.
cos_wait_device() {
  cos_left=$2
  until cos_device "$1"; do
    [ "$cos_left" -gt 0 ] || return 1
    cos_left=$((cos_left - 1))
    sleep 1
  done
}

# Checks an ext file system before it is mounted, as fsck.mode and fsck.repair say. What cannot be repaired is told, and mounted all the same.
cos_fsck() {
  [ "$cos_fsck" = skip ] && return 0
  command -v e2fsck >/dev/null 2>&1 || return 0
  cos_flags=-p
  case $cos_repair in
    yes) cos_flags=-y ;;
    no) cos_flags=-n ;;
  esac
  [ "$cos_fsck" = force ] && cos_flags="$cos_flags -f"
  # shellcheck disable=SC2086
  e2fsck $cos_flags "$1" >>/run/cos-fsck.log 2>&1 </dev/null
  cos_code=$?
  # 1: repaired. 8 and more: not an ext file system, or it could not be looked at.
  if [ "$cos_code" -ge 4 ] && [ "$cos_code" -lt 8 ]; then
    cos_say "e2fsck $1 left errors (exit code $cos_code)"
  fi
  return 0
}

# Mounts the partition that holds the image. Older menus pass the label inside the image as root=, newer ones that of the partition; so
# every likely place is looked at, and in the end every block device.
cos_mount_state() {
  mkdir -p "$COS_STATE_AT"
  cos_disk=
  cos_try=0
  while [ "$cos_try" -lt "$COS_STATE_WAIT" ]; do
    for cos_spec in $cos_root $COS_HOMES; do
      cos_dev=$(cos_device "$cos_spec") || continue
      cos_holds_image "$cos_dev" ro || cos_repaired "$cos_dev" || continue
      cos_take_state "$cos_dev" && return 0
    done
    case $cos_try in
      10) cos_say "waiting up to $COS_STATE_WAIT s for a partition that holds $cos_image" ;;
    esac
    if [ "$cos_try" -ge 10 ] && [ $((cos_try % 10)) = 0 ]; then cos_mount_any_state && return 0; fi
    cos_try=$((cos_try + 1))
    sleep 1
  done
  return 1
}

# Looks everywhere, without replaying journals: other disks are not ours to change.
cos_mount_any_state() {
  for cos_dev in /sys/class/block/*; do
    cos_dev=/dev/${cos_dev##*/}
    case $cos_dev in /dev/loop* | /dev/ram* | /dev/zram*) continue ;; esac
    cos_holds_image "$cos_dev" ro,norecovery && cos_take_state "$cos_dev" && return 0
  done
  return 1
}

# Looked at before it is checked: other disks are not ours to repair.
cos_holds_image() {
  [ -b "$1" ] || return 1
  mount -o "$2" "$1" "$COS_STATE_AT" 2>/dev/null || return 1
  cos_held=no
  [ -e "$COS_STATE_AT$cos_image" ] && cos_held=yes
  umount "$COS_STATE_AT"
  [ "$cos_held" = yes ]
}

# A partition of the right name that cannot even be looked at may come back by being checked.
cos_repaired() {
  mount -o ro "$1" "$COS_STATE_AT" 2>/dev/null && umount "$COS_STATE_AT" && return 1
  cos_fsck "$1"
  cos_holds_image "$1" ro
}

cos_take_state() {
  cos_fsck "$1"
  cos_mode=ro
  [ "$cos_debugrw" = no ] || cos_mode=rw
  mount -o "$cos_mode" "$1" "$COS_STATE_AT" || return 1
  cos_state_dev=$1
  cos_disk=$(cos_disk_of "$1")
}

# Gives the image a loop device, with these options. Another one may take the free device first: then the next is tried.
cos_attach() {
  for cos_try in 1 2 3 4 5; do
    cos_loop=$(losetup -f) || return 1
    losetup "$@" "$cos_loop" "$COS_STATE_AT$cos_image" && return 0
    cos_say "$cos_loop could not be taken (try $cos_try)"
  done
  return 1
}

# Mounts the image at $1.
cos_mount_image() {
  mkdir -p "$1"
  if [ "$cos_debugrw" = no ]; then
    cos_attach -r && mount -o ro "$cos_loop" "$1"
  else
    cos_attach || return 1
    mount -o rw "$cos_loop" "$1" 2>/dev/null || mount -o ro "$cos_loop" "$1" || return 1
    cos_is_mounted "$1" rw || cos_say "rd.cos.debugrw: $cos_image is of a kind that cannot be written to"
  fi
}

# After a power cut around the switch GRUB may have loaded the kernel of one image while its name leads to the other by now. The journal has
# been replayed since: one more boot finds them together. A mark on COS_STATE, named by the kernel, makes it once and never twice.
cos_mixed_kernel() {
  cos_release=$(uname -r)
  cos_mark=$COS_STATE_AT/.slotwright-mixed-$cos_release
  cos_modules=$1/usr/lib/modules
  # A link /lib may be absolute, and lead to the modules of the initramfs.
  [ -d "$cos_modules" ] || [ -L "$1/lib" ] || cos_modules=$1/lib/modules
  cos_same=no cos_any=no
  [ -d "$cos_modules/$cos_release" ] && cos_same=yes
  for cos_one in "$cos_modules"/*; do
    [ -d "$cos_one" ] && cos_any=yes
  done
  if [ "$cos_same" = yes ] || [ "$cos_any" = no ]; then
    if [ -e "$cos_mark" ]; then cos_write_state rm -f "$cos_mark"; fi
    return 0
  fi
  if [ -e "$cos_mark" ]; then
    cos_say "the image has no modules for the running kernel $cos_release"
    return 0
  fi
  cos_say "kernel $cos_release was loaded from another image than $cos_image: rebooting once"
  cos_write_state touch "$cos_mark" || return 0
  [ -e "$cos_mark" ] || return 0
  umount "$1"
  losetup -d "$cos_loop"
  umount "$COS_STATE_AT"
  sync
  reboot -f
  return 1
}

cos_write_state() {
  mount -o remount,rw "$COS_STATE_AT" || return 1
  "$@"
  cos_code=$?
  sync
  [ "$cos_debugrw" = no ] && mount -o remount,ro "$COS_STATE_AT"
  return "$cos_code"
}

# Mounts OEM where the first stage reads its hooks from.
cos_mount_oem() {
  [ -n "$cos_oem" ] || return 0
  [ -d "$1/oem" ] || return 0
  cos_dev=$(cos_wait_device "LABEL=$cos_oem" "$cos_oem_timeout") || {
    cos_say "no $cos_oem within $cos_oem_timeout s: going on without /oem"
    return 0
  }
  cos_fsck "$cos_dev"
  mount -o rw "$cos_dev" "$1/oem" || cos_say "$cos_oem cannot be mounted: going on without /oem"
}

# Runs a stage of hooks inside the image. Its failure never stops a boot, nor does one that hangs: it is told by the tool, and kept in what
# it prints.
cos_stage() {
  [ -x "$1/usr/bin/elemental" ] || return 0
  cos_bound=
  for cos_one in proc sys dev run; do
    # With what is mounted below; apart from it, so that undoing it here undoes nothing there.
    mount --rbind "/$cos_one" "$1/$cos_one" && mount --make-rslave "$1/$cos_one" && cos_bound="$1/$cos_one $cos_bound"
  done
  mount -t tmpfs -o mode=1777 tmpfs "$1/tmp" && cos_bound="$1/tmp $cos_bound"
  mkdir -p "$COS_RUN"
  cos_limit=
  command -v timeout >/dev/null 2>&1 && cos_limit="timeout -k 10 $COS_STAGE_LIMIT"
  # shellcheck disable=SC2086
  PATH=/usr/sbin:/usr/bin:/sbin:/bin $cos_limit chroot "$1" /usr/bin/elemental run-stage "$2" \
    >"$COS_RUN/$2.log" 2>&1 </dev/null || cos_say "stage $2 had failures: $COS_RUN/$2.log"
  cos_end_processes "$1"
  for cos_one in $cos_bound; do
    umount -l "$cos_one"
  done
}

# Ends what a stage left running inside the image: it would hold what is mounted there.
cos_end_processes() {
  for cos_one in /proc/[0-9]*; do
    [ "$(readlink "$cos_one/root" 2>/dev/null)" = "$1" ] && kill -9 "${cos_one#/proc/}" 2>/dev/null
  done
  return 0
}

# Reads KEY=VALUE lines, quoted or not, of the names that a layout has. Nothing in them is run.
cos_read_layout() {
  VOLUMES='' MERGE=true OVERLAY=$cos_overlay RW_PATHS='/etc /root /home /opt /srv /usr/local /var'
  PERSISTENT_STATE_PATHS='' PERSISTENT_STATE_TARGET=/usr/local/.state PERSISTENT_STATE_BIND=false DEBUG_RW=''
  if [ -r "$1" ]; then
    while IFS= read -r cos_line || [ -n "$cos_line" ]; do
      cos_value=${cos_line#*=}
      case $cos_value in
        \"*\") cos_value=${cos_value#\"} cos_value=${cos_value%\"} ;;
        \'*\') cos_value=${cos_value#\'} cos_value=${cos_value%\'} ;;
      esac
      case $cos_line in
        VOLUMES=*) VOLUMES=$cos_value ;;
        MERGE=*) MERGE=$cos_value ;;
        OVERLAY=*) OVERLAY=${cos_value:-$OVERLAY} ;;
        RW_PATHS=*) RW_PATHS=$cos_value ;;
        PERSISTENT_STATE_PATHS=*) PERSISTENT_STATE_PATHS=$cos_value ;;
        PERSISTENT_STATE_TARGET=*) PERSISTENT_STATE_TARGET=$cos_value ;;
        PERSISTENT_STATE_BIND=*) PERSISTENT_STATE_BIND=$cos_value ;;
        DEBUG_RW=* | DEBUGRW=*) DEBUG_RW=$cos_value ;;
      esac
    done <"$1"
  fi
  [ "$cos_debugrw" = full ] && RW_PATHS=
  cos_volumes=$VOLUMES
  if [ "$MERGE" = true ]; then
    for cos_one in $cos_mounts; do
      case " $VOLUMES" in
        *":${cos_one##*:}" | *":${cos_one##*:} "*) ;;
        *) cos_volumes="$cos_volumes $cos_one" ;;
      esac
    done
  fi
}

# How deep a path is: parents are mounted before what lies in them.
cos_depth() {
  cos_rest=${1%/}
  cos_count=0
  while [ "$cos_rest" != "${cos_rest#*/}" ]; do
    cos_rest=${cos_rest#*/}
    cos_count=$((cos_count + 1))
  done
  echo "$cos_count"
}

# Whether something is mounted at $1; with $2, whether what was mounted last is so: ro or rw.
cos_is_mounted() {
  cos_how=
  while read -r _ cos_where _ cos_options _; do
    [ "$cos_where" = "$1" ] && cos_how=$cos_options
  done </proc/mounts
  case $cos_how in
    '') return 1 ;;
    "${2:-}"*) return 0 ;;
    *) return 1 ;;
  esac
}

# Whether a link in the image leads a path out of it: mounting there would mount over the initramfs, or over another place of the image.
cos_leads_elsewhere() {
  cos_rest=${2#/}
  cos_walked=$1
  while [ -n "$cos_rest" ]; do
    cos_walked=$cos_walked/${cos_rest%%/*}
    if [ -L "$cos_walked" ] || [ "${cos_rest%%/*}" = .. ]; then
      cos_say "$2 is not mounted: a link, or .., is on the way"
      return 0
    fi
    case $cos_rest in
      */*) cos_rest=${cos_rest#*/} ;;
      *) cos_rest= ;;
    esac
  done
  return 1
}

# Mounts one volume, SPEC:PATH, below $1. A missing one is told; the others are mounted all the same.
cos_mount_volume() {
  cos_spec=${2%:*}
  cos_path=${2##*:}
  cos_is_mounted "$1$cos_path" && return 0
  cos_leads_elsewhere "$1" "$cos_path" && return 0
  cos_dev=$(cos_wait_device "$cos_spec" "$COS_VOLUME_WAIT") || {
    cos_say "no $cos_spec within $COS_VOLUME_WAIT s: $cos_path is not persistent in this boot"
    return 0
  }
  cos_fsck "$cos_dev"
  [ -d "$1$cos_path" ] || mkdir -p "$1$cos_path" 2>/dev/null
  mount -o rw "$cos_dev" "$1$cos_path" || cos_say "$cos_spec cannot be mounted at $cos_path"
}

# Puts a writable layer over a path of the image: what is written there is gone with this boot.
cos_mount_overlay() {
  cos_leads_elsewhere "$1" "$2" && return 0
  [ -d "$1$2" ] || return 0
  cos_is_mounted "$1$2" && return 0
  cos_overlay_over "$1$2" "$COS_OVERLAY_AT/$(cos_dashed "$2").overlay" || cos_say "$2 cannot be made writable"
}

cos_overlay_over() {
  mkdir -p "$2/upper" "$2/work" &&
    mount -t overlay -o "defaults,lowerdir=$1,upperdir=$2/upper,workdir=$2/work" overlay "$1"
}

cos_dashed() {
  cos_rest=${1#/}
  cos_name=
  while [ "$cos_rest" != "${cos_rest#*/}" ]; do
    cos_name=$cos_name${cos_rest%%/*}-
    cos_rest=${cos_rest#*/}
  done
  echo "$cos_name$cos_rest"
}

cos_mount_overlay_device() {
  mkdir -p "$COS_OVERLAY_AT"
  case $OVERLAY in
    tmpfs:*) mount -t tmpfs -o "mode=755,size=${OVERLAY#tmpfs:}" tmpfs "$COS_OVERLAY_AT" && return 0 ;;
    LABEL=* | UUID=*)
      if cos_dev=$(cos_wait_device "$OVERLAY" "$COS_VOLUME_WAIT"); then
        cos_fsck "$cos_dev"
        mount -o rw "$cos_dev" "$COS_OVERLAY_AT" && return 0
      fi
      ;;
  esac
  cos_say "rd.cos.overlay: $OVERLAY cannot be used, taking memory"
  OVERLAY=tmpfs:20%
  mount -t tmpfs -o mode=755,size=20% tmpfs "$COS_OVERLAY_AT"
}

# Makes a path keep its changes, in a directory of a volume. Where that cannot be, they last for this boot: a system that needs the path
# writable still comes up.
cos_mount_persistent() {
  cos_leads_elsewhere "$1" "$2" && return 0
  cos_leads_elsewhere "$1" "$PERSISTENT_STATE_TARGET" && return 0
  [ -d "$1$2" ] || mkdir -p "$1$2" 2>/dev/null || {
    cos_say "$2 is not in the image and cannot be made there"
    return 0
  }
  cos_base=$1$PERSISTENT_STATE_TARGET/$(cos_dashed "$2")
  if [ "$PERSISTENT_STATE_BIND" = true ]; then
    cos_mirror "$1$2" "$cos_base.bind" && mount --bind "$cos_base.bind" "$1$2" && return 0
  else
    cos_overlay_over "$1$2" "$cos_base.overlay" 2>/dev/null && return 0
  fi
  cos_say "$2 is not persistent in this boot"
  cos_mount_overlay "$1" "$2"
}

# Copies what the image has at $1 to $2. Later boots bring what is new or newer in the image; what was changed here since then stays.
cos_mirror() {
  if [ ! -d "$2" ]; then
    # Under another name until it is whole: a cut in between starts it anew.
    rm -rf "$2.new"
    mkdir -p "$2.new" || return 1
    if command -v rsync >/dev/null 2>&1; then
      rsync -aqAX "$1/" "$2.new/"
    else
      cp -a "$1/." "$2.new/"
    fi || cos_say "not everything of $1 could be copied"
    sync
    mv "$2.new" "$2"
    sync
  elif command -v rsync >/dev/null 2>&1; then
    rsync -aqAXu "$1/" "$2/" || cos_say "not everything that is new in $1 could be copied"
  fi
}

# Says in /etc/fstab what is mounted; goes with the writable layer over /etc, and is never written into an image.
cos_write_fstab() {
  cos_is_mounted "$1/etc" rw || {
    cos_say 'no /etc/fstab was written: no layer is over /etc'
    return 0
  }
  cos_mode=ro
  [ "$cos_debugrw" = no ] || cos_mode=rw
  [ "$DEBUG_RW" = true ] && cos_mode=rw
  {
    echo "# Made at each boot: the root of this system is $cos_image."
    echo "$cos_state_dev $COS_STATE_AT auto $cos_mode 0 0"
    echo "$cos_loop / auto $cos_mode 0 0"
    case $OVERLAY in
      tmpfs:*) echo "tmpfs $COS_OVERLAY_AT tmpfs defaults,mode=755,size=${OVERLAY#tmpfs:} 0 0" ;;
      *) echo "$OVERLAY $COS_OVERLAY_AT auto defaults 0 0" ;;
    esac
    [ -n "$cos_oem" ] && case "$cos_volumes " in
      *":/oem "*) ;;
      *) echo "LABEL=$cos_oem /oem auto defaults,nofail 0 0" ;;
    esac
    for cos_one in $cos_volumes; do
      echo "${cos_one%:*} ${cos_one##*:} auto defaults,nofail 0 0"
    done
    for cos_path in $RW_PATHS $PERSISTENT_STATE_PATHS; do
      cos_fstab_overlay "$1" "$cos_path" "$COS_OVERLAY_AT" ''
    done
    for cos_path in $PERSISTENT_STATE_PATHS; do
      cos_base=$PERSISTENT_STATE_TARGET/$(cos_dashed "$cos_path")
      cos_fstab_overlay "$1" "$cos_path" "$PERSISTENT_STATE_TARGET" "$1"
      [ "$PERSISTENT_STATE_BIND" = true ] && [ -d "$1$cos_base.bind" ] && echo "$cos_base.bind $cos_path none defaults,bind 0 0"
    done
  } >"$1/etc/fstab"
  cos_lazy_etc "$1"
}

# The line of a layer that was made in this boot.
cos_fstab_overlay() {
  cos_is_mounted "$1$2" || return 0
  cos_layer=$3/$(cos_dashed "$2").overlay
  [ -d "$4$cos_layer" ] || return 0
  echo "overlay $2 overlay defaults,lowerdir=$2,upperdir=$cos_layer/upper,workdir=$cos_layer/work,x-systemd.requires-mounts-for=$3 0 0"
}

# At shutdown something always has files open below /etc.
cos_lazy_etc() {
  cos_lazy=$1/etc/systemd/system/etc.mount.d
  [ -d "$1/usr/lib/systemd" ] && [ ! -e "$cos_lazy/override.conf" ] || return 0
  mkdir -p "$cos_lazy" && printf '[Mount]\nLazyUnmount=true\n' >"$cos_lazy/override.conf"
}

cos_write_sentinels() {
  mkdir -p "$COS_RUN"
  case $cos_slot in
    active | passive | recovery) cos_wanted && printf 1 >"$COS_RUN/${cos_slot}_mode" ;;
  esac
  [ "$cos_live" = no ] || printf 1 >"$COS_RUN/live_mode"
  [ "$cos_failed" = no ] || printf 1 >"$COS_RUN/upgrade_failure"
}

# Everything between the root of the image at $1 and a system that can be switched to.
cos_layout() {
  cos_mount_oem "$1"
  cos_stage "$1" rootfs
  cos_read_layout "$COS_RUN/cos-layout.env"
  cos_mount_overlay_device
  for cos_level in 1 2 3 4 5 6 7 8; do
    for cos_item in $cos_volumes; do
      [ "$(cos_depth "${cos_item##*:}")" = "$cos_level" ] && cos_mount_volume "$1" "$cos_item"
    done
    for cos_item in $RW_PATHS; do
      [ "$(cos_depth "$cos_item")" = "$cos_level" ] && cos_mount_overlay "$1" "$cos_item"
    done
  done
  for cos_item in $PERSISTENT_STATE_PATHS; do
    cos_mount_persistent "$1" "$cos_item"
  done
  cos_write_fstab "$1"
  cos_stage "$1" initramfs
}

# Whether the root is ours to make: an image is asked for, by a root= that can be followed, and nobody switched us off.
cos_wanted() {
  [ "$cos_disabled" = no ] && [ -n "$cos_image" ]
}

# Whether the root is that of a medium.
cos_wanted_live() {
  [ -n "$cos_medium" ]
}

# Mounts the root of a medium at $1: packed, read-only, under a layer in memory.
cos_mount_live() {
  mkdir -p "$COS_MEDIUM_AT" "$COS_PACKED_ROOT_AT"
  cos_try=0
  until cos_take_medium; do
    case $cos_try in
      10) cos_say "waiting up to $COS_STATE_WAIT s for a medium with $cos_medium" ;;
      "$COS_STATE_WAIT") cos_die "no medium with $cos_medium holds $cos_live_dir/$cos_live_image" || return 1 ;;
    esac
    cos_try=$((cos_try + 1))
    sleep 1
  done
  COS_STATE_AT=$COS_MEDIUM_AT cos_image=/$cos_live_dir/$cos_live_image
  if ! cos_attach -r || ! mount -o ro "$cos_loop" "$COS_PACKED_ROOT_AT"; then
    cos_die "$cos_image of the medium cannot be mounted" || return 1
  fi
  mkdir -p "$COS_OVERLAY_AT"
  cos_layer=$COS_OVERLAY_AT/live
  if ! mount -t tmpfs -o mode=755,size=50% tmpfs "$COS_OVERLAY_AT" || ! mkdir -p "$cos_layer/upper" "$cos_layer/work" ||
    ! mount -t overlay -o "lowerdir=$COS_PACKED_ROOT_AT,upperdir=$cos_layer/upper,workdir=$cos_layer/work" overlay "$1"; then
    cos_die 'no layer in memory can be put over the root of the medium' || return 1
  fi
}

cos_take_medium() {
  cos_dev=$(cos_device "$cos_medium") || return 1
  mount -o ro "$cos_dev" "$COS_MEDIUM_AT" 2>/dev/null || return 1
  [ -f "$COS_MEDIUM_AT/$cos_live_dir/$cos_live_image" ] && return 0
  umount "$COS_MEDIUM_AT"
  return 1
}

# Mounts the root at $1. Without an image on the command line, or switched off there, nothing is mounted and the answer is 2.
cos_mountroot() {
  cos_write_sentinels
  cos_wanted || return 2
  cos_mount_state || { cos_die "no partition holds $cos_image" || return 1; }
  cos_mount_image "$1" || { cos_die "$cos_image cannot be mounted" || return 1; }
  cos_mixed_kernel "$1" || return 1
  cos_layout "$1"
  return 0
}
