#!/bin/sh
# Rehearses edge-node.yaml on a throw-away machine: docs/examples/rehearse.sh ROOT-TREE SANDBOX
# The tree is unpacked from any image that has systemd; it is copied, not changed. Needs root.
set -eu
slotwright=${SLOTWRIGHT:-slotwright}
hook=$(dirname "$0")/edge-node.yaml

$slotwright lint "$hook"
$slotwright sandbox create "$2" --system "$1" --hooks "$hook" > /dev/null 2>&1
$slotwright sandbox run "$2" -- sh -c '
  exec 2>&1
  echo 5ec0de00000000000000000000000000 > /etc/machine-id
  for stage in initramfs boot network network; do
    echo "# slotwright run-stage $stage"
    slotwright run-stage $stage
  done
  cd /
  for file in etc/hostname etc/motd etc/environment home/ada/.ssh/authorized_keys; do
    echo "# cat /$file"
    cat $file
  done
  echo "# id ada"
  id ada
  echo "# what was made"
  stat --format="%A %U %n" home/ada/.ssh home/ada/.ssh/authorized_keys etc/rancher/k3s etc/rancher/k3s/config.yaml \
    etc/sysctl.d/80-k3s.conf etc/systemd/system/systemd-networkd.service.d/10-restart.conf usr/local/bin/k3s
  readlink etc/systemd/system/apt-daily.timer etc/systemd/system/multi-user.target.wants/systemd-networkd.service
'
