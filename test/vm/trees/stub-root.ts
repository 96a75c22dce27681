/** Mounts the root of an image as far as a walk needs it; gives way to `/usr/lib/slotwright/initramfs/root.sh` of the image. */
export const STUB_ROOT = `
vm_value() {
  for word in $(cat /proc/cmdline); do
    case $word in "$1="*) echo "\${word#*=}" ;; esac
  done
}
vm_mount_root() {
  target=$1
  image=$(vm_value cos-img/filename)
  device=
  for try in 1 2 3 4 5 6 7 8 9 10; do
    device=$(findfs "$(vm_value root)") && break
    sleep 1
  done
  [ -n "$device" ] || return 1
  mkdir -p /run/initramfs/cos-state /run/cos /run/overlay
  mount -o ro "$device" /run/initramfs/cos-state || return 1
  loop=$(losetup -f)
  losetup -r "$loop" "/run/initramfs/cos-state$image" || return 1
  mount -o ro "$loop" "$target" || return 1
  case $image in
    */active.img) echo -n 1 >/run/cos/active_mode ;;
    */passive.img) echo -n 1 >/run/cos/passive_mode ;;
    */recovery*) echo -n 1 >/run/cos/recovery_mode ;;
  esac
  mount -t tmpfs -o mode=755 tmpfs /run/overlay
  for path in etc root home opt srv var; do
    [ -d "$target/$path" ] || continue
    mkdir -p "/run/overlay/$path.overlay/upper" "/run/overlay/$path.overlay/work"
    mount -t overlay -o "lowerdir=$target/$path,upperdir=/run/overlay/$path.overlay/upper,workdir=/run/overlay/$path.overlay/work" overlay "$target/$path"
  done
  for mount in $(vm_value rd.cos.mount); do
    device=$(findfs "\${mount%:*}") && mount "$device" "$target\${mount#*:}"
  done
}
`;

/** The same as a root script of initramfs-tools. */
export const STUB_INITRAMFS_TOOLS = {
  'etc/initramfs-tools/conf.d/vm-root': 'BOOT=vm\n',
  'usr/share/initramfs-tools/scripts/vm': `${STUB_ROOT}
mountroot() {
  for module in loop overlay squashfs; do modprobe "$module"; done
  vm_mount_root "$rootmnt" || panic 'the root cannot be mounted'
}
mount_top() { :; }
mount_premount() { :; }
mount_bottom() { :; }
`,
  'usr/share/initramfs-tools/hooks/vm': {
    script: `#!/bin/sh
[ "$1" = prereqs ] && exit 0
. /usr/share/initramfs-tools/hook-functions
manual_add_modules loop overlay squashfs
`,
  },
};
