import type { Zone } from './values.ts';

/** UTC, which is also what a name that nobody knows stands for. */
export const utc: Zone = {
  name: 'UTC',
  at: () => ({ offset: 0, abbreviation: 'UTC' }),
};

/** A zone that is the same number of seconds off UTC all year round. */
export function fixedZone(abbreviation: string, offset: number): Zone {
  return { name: abbreviation, at: () => ({ offset, abbreviation }) };
}

/** The zone of a name like `Europe/Berlin`; `undefined` when there is none. Zones come with the runtime, not from files. */
export function namedZone(name: string): Zone | undefined {
  if (name === '' || name === 'UTC') {
    return utc;
  }
  if (!/^[A-Z][\w+-]*(?:\/[\w+-]+)*$/i.test(name)) {
    return undefined;
  }
  try {
    const offsets = new Intl.DateTimeFormat('en-GB', {
      timeZone: name,
      timeZoneName: 'longOffset',
    });
    const canonical = offsets.resolvedOptions().timeZone;
    const known = new Set([name.toLowerCase(), canonical.toLowerCase()]);
    // A name with other capitals is a zone to the runtime, but no file to Go.
    return known.size === 1 && name !== canonical ? undefined : zone(name, offsets);
  } catch {
    // A RangeError: there is no such zone.
    return undefined;
  }
}

/** British English has names for many zones, American for its own; all others are shown by their offset. */
const languages = ['en-GB', 'en-US', 'en-AU', 'en-IN', 'en-ZA', 'en-NZ', 'en-CA'];

function zone(name: string, offsets: Intl.DateTimeFormat): Zone {
  const names = languages.map(
    (language) => new Intl.DateTimeFormat(language, { timeZone: name, timeZoneName: 'short' }),
  );
  const offsetAt = (date: Date): number => readOffset(namePart(offsets, date));
  const wordAt = (date: Date): string | undefined => {
    const given = names.map((format) => namePart(format, date));
    return offsetAt(date) === 0 && given.includes('GMT')
      ? 'GMT'
      : given.find((text) => /^[A-Z]{3,5}$/.test(text) && text !== 'GMT');
  };
  return {
    name,
    at(second) {
      // The runtime knows no dates beyond these.
      const date = new Date(Math.min(8.64e15, Math.max(-8.64e15, second * 1000)));
      const offset = offsetAt(date);
      // For long ago it knows offsets but no names; those of today are most likely right.
      const alike = offset % 60 === 0 ? seasons.find((day) => offsetAt(day) === offset) : undefined;
      const word = wordAt(date) ?? (alike === undefined ? undefined : wordAt(alike));
      return { offset, abbreviation: word ?? offsetName(offset) };
    },
  };
}

/** A day in winter and one in summer. */
const seasons = [new Date(Date.UTC(2020, 0, 1)), new Date(Date.UTC(2020, 6, 1))];

function namePart(format: Intl.DateTimeFormat, date: Date): string {
  return format.formatToParts(date).find(({ type }) => type === 'timeZoneName')?.value ?? '';
}

function readOffset(text: string): number {
  const [, sign, hours = '0', minutes = '0', seconds = '0'] =
    /^GMT(?:([-+\u2212])(\d\d):?(\d\d)?:?(\d\d)?)?$/.exec(text) ?? [];
  const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return sign === '+' || sign === undefined ? size : -size;
}

/** Zones without letters are called by their offset: `+03`, `+0530`. */
function offsetName(offset: number): string {
  if (offset % 60 !== 0) {
    // Before there were zones, places had their own time.
    return 'LMT';
  }
  const size = Math.abs(offset);
  const hours = String(Math.floor(size / 3600)).padStart(2, '0');
  const minutes = Math.floor((size % 3600) / 60);
  const tail = minutes === 0 ? '' : String(minutes).padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${hours}${tail}`;
}
