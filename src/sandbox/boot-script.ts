/**
 * The first process of a booted sandbox: does what an initramfs does, in a mount and process namespace of its own, then
 * waits. Everything it makes dies with it. Arguments: pairs of a host path and the place where the sandbox sees it,
 * read-only.
 *
 * The descriptor on the disk's loop device keeps it alive while it is already marked to free itself, so that no moment
 * of a SIGKILL leaves a loop device behind.
 */
export const BOOT_SCRIPT = `
set -eu
umask 022

# One boot of a disk at a time: two would be two kernels on one file system. A boot that was killed may still be going.
exec 8<"$SANDBOX_DISK"
flock --timeout 3 8 || { echo 'its disk is running already' >&2; exit 1; }
tries=0
while [ -n "$(losetup --associated "$SANDBOX_DISK")" ]; do
  [ "$tries" -lt 200 ] || { echo 'its disk is attached to a loop device already' >&2; exit 1; }
  tries=$((tries + 1))
  sleep 0.05
done

disk=$(losetup --find --show --partscan "$SANDBOX_DISK")
exec 9<"$disk"
losetup --detach "$disk"
partx --update "$disk"
for node in "$disk"p*; do
  label=$(blkid --probe --match-tag LABEL --output value "$node" || true)
  case "$label" in
    COS_STATE) state=$node ;;
    COS_RECOVERY) recovery=$node ;;
    COS_OEM) oem=$node ;;
    COS_PERSISTENT) persistent=$node ;;
  esac
done
case "$SANDBOX_SLOT" in recovery) images=$recovery ;; *) images=$state ;; esac

# Any directory that every host has will do: the mount is seen here only, and gone after pivot_root.
mount -t tmpfs -o mode=755 tmpfs /boot
run=/boot/run
root=/boot/root
mkdir "$run" "$root"
mount -t tmpfs -o mode=755 tmpfs "$run"
mkdir -p "$run/initramfs/cos-state" "$run/overlay" "$run/cos" "$run/lock" "$run/sandbox"
mount -o ro "$images" "$run/initramfs/cos-state"
mount -o loop,ro "$run/initramfs/cos-state/cOS/$SANDBOX_SLOT.img" "$root"
mount --move "$run" "$root/run"
run=$root/run
mount -t tmpfs -o mode=755 tmpfs "$run/overlay"
for path in etc root home opt srv var; do
  [ -d "$root/$path" ] || continue
  mkdir -p "$run/overlay/$path.overlay/upper" "$run/overlay/$path.overlay/work"
  mount -t overlay -o "lowerdir=$root/$path,upperdir=$run/overlay/$path.overlay/upper,workdir=$run/overlay/$path.overlay/work" overlay "$root/$path"
done
if [ "$SANDBOX_USERLAND" = host ]; then mount --bind -o ro /usr "$root/usr"; fi
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
if [ -n "\${oem:-}" ]; then mount "$oem" "$root/oem"; fi
if [ "$SANDBOX_SLOT" != recovery ] && [ -n "\${persistent:-}" ]; then mount "$persistent" "$root/usr/local"; fi
printf 1 > "$run/cos/\${SANDBOX_SLOT}_mode"

# Devices of its own: the disks of the host have no node here, so that no hook can reach them.
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for name in null zero full random urandom tty loop-control fuse; do
  [ ! -e "/dev/$name" ] || cp -a "/dev/$name" "$root/dev/"
done
cp -a "$disk" "$disk"p* "$root/dev/"
index=0
while [ "$index" -lt 64 ]; do
  [ -e "$root/dev/loop$index" ] || mknod -m 660 "$root/dev/loop$index" b 7 "$index"
  index=$((index + 1))
done
mkdir "$root/dev/pts" "$root/dev/shm" "$root/dev/disk" "$root/dev/disk/by-label"
mount -t devpts -o newinstance,ptmxmode=666,mode=620 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"
for node in "$disk"p*; do
  label=$(blkid --probe --match-tag LABEL --output value "$node" || true)
  [ -z "$label" ] || ln -s "../../\${node#/dev/}" "$root/dev/disk/by-label/$label"
done

mount -t proc proc "$root/proc"
printf '%s\\n' "$SANDBOX_COMMAND_LINE" > "$run/sandbox/cmdline"
mount --bind "$run/sandbox/cmdline" "$root/proc/cmdline"
printf '%s\\n' "$SANDBOX_BOOT_ID" > "$run/sandbox/boot-id"
mount --bind "$run/sandbox/boot-id" "$root/proc/sys/kernel/random/boot_id"
mount -t sysfs -o ro sysfs "$root/sys"
[ ! -d "$root/sys/firmware/efi" ] || mount -t tmpfs -o ro tmpfs "$root/sys/firmware"
printf cos > /proc/sys/kernel/hostname

while [ $# -gt 1 ]; do
  if [ -d "$1" ]; then mkdir -p "$root$2"; else mkdir -p "$(dirname "$root$2")"; : > "$root$2"; fi
  mount --bind -o ro "$1" "$root$2"
  shift 2
done

exec 9<&-
cd "$root"
pivot_root . .
umount -l .
printf 'booted %s\\n' "$disk"
exec </dev/null >/dev/null 2>&1
while :; do sleep 86400 & wait $!; done
`;
