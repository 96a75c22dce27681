/** Hook files of the proofs. */

export const PUT_FILE = `name: put a file
stages:
  after-upgrade-chroot: &put
    - name: put
      commands:
        - echo put > /etc/put-by-hook
  after-reset-chroot: *put
  after-deploy-chroot: *put
`;
export const PUT_BY_HOOK = { '/etc/put-by-hook': 'put\n' };

export const FAILING = `name: fail
stages:
  after-upgrade-chroot:
    - name: fail
      commands:
        - echo half > /etc/put-by-hook
        - exit 3
`;

/** Takes for ever, the first time. */
export const SLOW_ONCE = `name: slow once
stages:
  after-upgrade-chroot:
    - name: put
      commands:
        - "[ -e /oem/slow-once ] || { touch /oem/slow-once; sleep 100000; }"
        - echo put > /etc/put-by-hook
`;

/** As {@link PUT_FILE}, but for the text. */
export const PUT_OTHER = PUT_FILE.replace('echo put', 'echo other');
export const PUT_OTHER_BY_HOOK = { '/etc/put-by-hook': 'other\n' };

export const FAILING_AFTERWARDS = `name: fail afterwards
stages:
  post-upgrade:
    - name: fail
      commands:
        - exit 4
`;

export const NOT_YAML = 'stages: [\n';

/** Leaves no room on COS_STATE once the upgrade has found enough; ext4 finds some more after it has written what was promised. */
export const FILLING = `name: fill
stages:
  before-upgrade:
    - name: fill
      commands:
        - for again in 1 2 3; do head -c 1G /dev/zero >> /run/initramfs/cos-state/filler; sync; done; true
`;
