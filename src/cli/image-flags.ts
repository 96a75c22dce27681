/** Flags of the commands that install images, as the reference has them (spec 6.4). */
import type { Flag } from './command.ts';

const NO_EFFECT = 'it has no effect';

/** The source, by its key in the configuration; and the two ways it was written before. */
export function sourceFlags(says: string, key: string): readonly Flag[] {
  return [
    { name: 'system.uri', value: 'URI', says, key },
    {
      name: 'docker-image',
      short: 'd',
      value: 'IMAGE',
      says: 'container image',
      deprecated: 'use --system.uri oci:IMAGE',
    },
    {
      name: 'directory',
      value: 'DIR',
      completes: 'directory',
      says: 'directory',
      deprecated: 'use --system.uri dir:DIR',
    },
  ];
}

export const VERIFY: readonly Flag[] = [
  { name: 'verify', says: 'accepted; every image is verified anyway', key: 'verify' },
  { name: 'cosign', says: 'verify the signature (not built yet)', key: 'cosign' },
  {
    name: 'cosign-key',
    value: 'KEY',
    completes: 'file',
    says: 'public key for --cosign',
    key: 'cosign-key',
  },
];

export const SQUASH: readonly Flag[] = [
  {
    name: 'squash-compression',
    short: 'x',
    value: 'OPTIONS',
    repeatable: true,
    says: 'compression of a squashfs image',
    key: 'squash-compression',
  },
  {
    name: 'squash-no-compression',
    says: 'no compression of a squashfs image',
    key: 'squash-no-compression',
  },
];

/** Accepted for scripts written for the reference. */
export const IGNORED: readonly Flag[] = [
  { name: 'force-efi', says: 'ignored', deprecated: NO_EFFECT },
  { name: 'force-gpt', says: 'ignored', deprecated: NO_EFFECT },
  { name: 'tty', value: 'TTY', says: 'ignored', deprecated: NO_EFFECT },
  { name: 'partition-layout', short: 'p', value: 'FILE', says: 'ignored', deprecated: NO_EFFECT },
  { name: 'arch', value: 'ARCH', says: 'ignored', key: 'arch', deprecated: NO_EFFECT },
];
