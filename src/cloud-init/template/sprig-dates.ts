import { durationText, readDuration } from './durations.ts';
import { unixTime } from './calendar.ts';
import { readTime } from './read-time.ts';
import type { TemplateFunction } from './signature.ts';
import { ANY, costing, takes, TEXT, TIME } from './signature.ts';
import { TemplateError } from './template-error.ts';
import { formatTime } from './time-text.ts';
import type { Value, Zone } from './values.ts';
import { Instant, Integer } from './values.ts';
import { namedZone, utc } from './zones.ts';

/** The time that templates see. */
export interface Clock {
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number;
  /** The machine's time zone, `Europe/Berlin` for example. */
  readonly timeZone: string;
}

/** Time zones are looked up, which takes its time. */
const calendarCost = { call: 5000, letter: 10 };

const day = '2006-01-02';
const second = 1_000_000_000n;

/** sprig's functions on dates. */
export function dateFunctions(clock: Clock): Readonly<Record<string, TemplateFunction>> {
  const zones = new Map<string, Zone>();
  const known = (name: string): Zone => {
    const zone = zones.get(name) ?? namedZone(name) ?? utc;
    zones.set(name, zone);
    return zone;
  };
  const local = (): Zone => known(clock.timeZone);
  const now = (): Instant => new Instant(BigInt(Math.trunc(clock.now())) * 1_000_000n, local());
  const since = (value: Instant): bigint => now().nanoseconds - value.nanoseconds;
  const zoneOf = (name: string): Zone => (name === 'Local' ? local() : known(name));
  /** A moment, or seconds since 1970; anything else means now. */
  const momentOf = (value: Value): Instant => {
    if (value instanceof Instant) {
      return value;
    }
    return value instanceof Integer && (value.type === 'int' || value.type === 'int64')
      ? new Instant(value.value * second, local())
      : now();
  };
  const shown = (layout: string, value: Value, zone: Zone): string =>
    formatTime(new Instant(momentOf(value).nanoseconds, zone), layout);
  const read = (layout: string, text: string): Instant | undefined =>
    readTime(layout, text, local());

  const dateInZone = takes([TEXT, ANY, TEXT], (layout, value, zone) =>
    shown(layout, value, zoneOf(zone)),
  );
  const dateModify = takes([TEXT, TIME], (span, date) => moved(date, span) ?? date);
  const mustDateModify = takes([TEXT, TIME], (span, date) => {
    const result = moved(date, span);
    if (result === undefined) {
      throw new TemplateError(`\`${span}\` is no span of time`);
    }
    return result;
  });
  return costing(calendarCost, {
    now: takes([], now),
    date: takes([TEXT, ANY], (layout, value) => shown(layout, value, local())),
    dateInZone,
    date_in_zone: dateInZone,
    dateModify,
    date_modify: dateModify,
    mustDateModify,
    must_date_modify: mustDateModify,
    htmlDate: takes([ANY], (value) => shown(day, value, local())),
    htmlDateInZone: takes([ANY, TEXT], (value, zone) => shown(day, value, zoneOf(zone))),
    ago: takes([ANY], (value) => durationText(toSeconds(since(momentOf(value))))),
    duration: takes([ANY], (value) => durationText(BigInt.asIntN(64, secondsOf(value) * second))),
    durationRound: takes([ANY], (value) =>
      roundedDuration(value instanceof Instant ? since(value) : spanOf(value)),
    ),
    toDate: takes([TEXT, TEXT], (layout, text) => read(layout, text) ?? beginning),
    mustToDate: takes([TEXT, TEXT], (layout, text) => {
      const date = read(layout, text);
      if (date === undefined) {
        throw new TemplateError(`\`${text}\` is no date like \`${layout}\``);
      }
      return date;
    }),
    unixEpoch: takes([TIME], ({ nanoseconds }) => String(unixTime(nanoseconds).second)),
  });
}

/** The year 1, Go's time that is none. */
const beginning = new Instant(-62_135_596_800n * second, utc);

function moved({ nanoseconds, zone }: Instant, span: string): Instant | undefined {
  const duration = readDuration(span);
  return duration === undefined ? undefined : new Instant(nanoseconds + duration, zone);
}

/** Half a second counts as a whole one. */
function toSeconds(nanoseconds: bigint): bigint {
  const half = nanoseconds < 0n ? -second / 2n : second / 2n;
  return ((nanoseconds + half) / second) * second;
}

function secondsOf(value: Value): bigint {
  if (typeof value === 'string') {
    const most = 2n ** 63n - 1n;
    const whole = /^[-+]?\d+$/.test(value) ? BigInt(value.replace(/^\+/, '')) : 0n;
    return whole > most ? most : whole < -most - 1n ? -most - 1n : whole;
  }
  return value instanceof Integer && value.type === 'int64' ? value.value : 0n;
}

function spanOf(value: Value): bigint {
  if (typeof value === 'string') {
    return readDuration(value) ?? 0n;
  }
  return value instanceof Integer && value.type === 'int64' ? value.value : 0n;
}

const hour = 3_600n * second;
const units: readonly (readonly [bigint, string])[] = [
  [hour * 24n * 365n, 'y'],
  [hour * 24n * 30n, 'mo'],
  [hour * 24n, 'd'],
  [hour, 'h'],
  [60n * second, 'm'],
  [second, 's'],
];

/** Only the largest unit, without a sign. */
function roundedDuration(span: bigint): string {
  const size = span < 0n ? -span : span;
  const [unit, name] = units.find(([length]) => size > length) ?? [1n, undefined];
  return name === undefined ? '0s' : (size / unit).toString() + name;
}
