/** Time and new names, from the machine. */
import { customAlphabet } from 'nanoid';
import type { Clock, Ids } from '../port.ts';

/** The wall clock, and the kernel's monotonic clock: comparable between processes of one boot. */
export function createClock(): Clock {
  return {
    now: () => new Date().toISOString(),
    monotonic: () => Number(process.hrtime.bigint() / 1000n) / 1000,
  };
}

/** Twelve letters and digits, 58 random bits: no leading `-` that a command line would take for a flag, nothing that looks alike. */
export function createIds(): Ids {
  const next = customAlphabet('23456789abcdefghjkmnpqrstvwxyz', 12);
  return { next: () => next() };
}
