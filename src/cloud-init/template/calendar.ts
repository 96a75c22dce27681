import type { Instant } from './values.ts';

/** A moment on the calendar and the clock of its zone. */
export interface CivilTime {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nanosecond: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  /** 1 to 366. */
  readonly dayOfYear: number;
  /** Seconds east of UTC. */
  readonly offset: number;
  readonly abbreviation: string;
}

const perSecond = 1_000_000_000n;

/** The whole seconds since 1970 and the nanoseconds beyond. */
export function unixTime(nanoseconds: bigint): { readonly second: number; readonly rest: number } {
  const rest = ((nanoseconds % perSecond) + perSecond) % perSecond;
  return { second: Number((nanoseconds - rest) / perSecond), rest: Number(rest) };
}

/** What calendar and clock show at a moment. */
export function civilTime({ nanoseconds, zone }: Instant): CivilTime {
  const { second, rest } = unixTime(nanoseconds);
  const { offset, abbreviation } = zone.at(second);
  const local = second + offset;
  const days = Math.floor(local / 86_400);
  const clock = local - days * 86_400;
  const { year, month, day } = civilDate(days);
  return {
    year,
    month,
    day,
    hour: Math.floor(clock / 3600),
    minute: Math.floor((clock % 3600) / 60),
    second: clock % 60,
    nanosecond: rest,
    weekday: (((days + 4) % 7) + 7) % 7,
    dayOfYear: days - daysOf({ year, month: 1, day: 1 }) + 1,
    offset,
    abbreviation,
  };
}

interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** The day of a date since 1970; days beyond the month run on into the next. */
export function daysOf({ year, month, day }: CivilDate): number {
  // Years are counted from March, so that the day that leap years add is the last one.
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const ofEra = shifted - era * 400;
  const ofYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const daysOfEra = ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + ofYear;
  return era * 146_097 + daysOfEra - 719_468;
}

function civilDate(days: number): CivilDate {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const ofEra = shifted - era * 146_097;
  const year = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) /
      365,
  );
  const ofYear = ofEra - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
  const fromMarch = Math.floor((5 * ofYear + 2) / 153);
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  return {
    year: year + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: ofYear - Math.floor((153 * fromMarch + 2) / 5) + 1,
  };
}

/** The days of a month. */
export function monthLength(year: number, month: number): number {
  const next = month === 12 ? { year: year + 1, month: 1 } : { year, month: month + 1 };
  return daysOf({ ...next, day: 1 }) - daysOf({ year, month, day: 1 });
}
