import { Integer } from './values.ts';

/** Nanoseconds of each unit. */
const units: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  '\u00b5s': 1_000n,
  '\u03bcs': 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/** A Go `time.Duration` of nanoseconds. */
export function duration(nanoseconds: bigint): Integer {
  return new Integer(nanoseconds, 'time.Duration');
}

/** A span of nanoseconds as Go writes it: `1h2m3.5s`. */
export function durationText(nanoseconds: bigint): string {
  if (nanoseconds === 0n) {
    return '0s';
  }
  const sign = nanoseconds < 0n ? '-' : '';
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  if (size < 1_000n) {
    return `${sign}${size.toString()}ns`;
  }
  if (size < 1_000_000n) {
    return `${sign}${decimal(size, 3)}\u00b5s`;
  }
  if (size < 1_000_000_000n) {
    return `${sign}${decimal(size, 6)}ms`;
  }
  const minutes = size / 60_000_000_000n;
  const seconds = decimal(size % 60_000_000_000n, 9);
  const hours = minutes / 60n;
  const shownHours = hours > 0n ? `${hours.toString()}h` : '';
  const shownMinutes = minutes > 0n ? `${(minutes % 60n).toString()}m` : '';
  return `${sign}${shownHours}${shownMinutes}${seconds}s`;
}

function decimal(value: bigint, places: number): string {
  const digits = value.toString().padStart(places + 1, '0');
  const fraction = digits.slice(-places).replace(/0+$/, '');
  return digits.slice(0, -places) + (fraction === '' ? '' : `.${fraction}`);
}

/** Nanoseconds of a text like `1h30m` or `-1.5s`; `undefined` when it is none. */
export function readDuration(text: string): bigint | undefined {
  const [, sign = '', body = ''] = /^([-+]?)(.*)$/s.exec(text) ?? [];
  if (body === '0') {
    return 0n;
  }
  if (!/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h))+$/.test(body)) {
    return undefined;
  }
  let sum = 0n;
  for (const [, whole = '', fraction = '', unit = ''] of body.matchAll(/(\d*)\.?(\d*)([^\d.]+)/g)) {
    const size = units[unit] ?? 0n;
    sum += BigInt(whole === '' ? 0 : whole) * size;
    sum += (BigInt(fraction === '' ? 0 : fraction) * size) / 10n ** BigInt(fraction.length);
  }
  const limit = 1n << 63n;
  const fits = sign === '-' ? sum <= limit : sum < limit;
  return fits ? (sign === '-' ? -sum : sum) : undefined;
}
