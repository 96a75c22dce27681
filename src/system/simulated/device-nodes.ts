import type { Role } from '../port.ts';

/** Partitions of the one disk of a simulated machine, in their order. */
export const ROLE_ORDER: readonly Role[] = [
  'bios',
  'efi',
  'oem',
  'recovery',
  'state',
  'persistent',
];

/** Device node of a partition on the one disk of a simulated machine. */
export function deviceOf(role: Role): string {
  return `/dev/vda${ROLE_ORDER.indexOf(role) + 1}`;
}
