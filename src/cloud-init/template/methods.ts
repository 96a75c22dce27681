import { civilTime, unixTime } from './calendar.ts';
import { duration, durationText } from './durations.ts';
import { ownText } from './print-value.ts';
import type { Argument, Kind, TemplateFunction } from './signature.ts';
import { takes, TEXT, TIME } from './signature.ts';
import { TemplateError } from './template-error.ts';
import { formatTime } from './time-text.ts';
import { typeName } from './value-kinds.ts';
import type { Value } from './values.ts';
import { Instant, int, int64, Integer, Version } from './values.ts';
import { compareVersions } from './versions.ts';
import { utc } from './zones.ts';

/** Calls a method of a moment, a span or a version: `now.Year`. Anything else has no fields, which is an error. */
export function callMethod(holder: Value, name: string, args: readonly Argument[]): Value {
  const method = methodsOf(holder)[name];
  if (method === undefined) {
    throw new TemplateError(`a ${typeName(holder)} has no field \`${name}\``);
  }
  return method.call(args);
}

type Methods = Readonly<Record<string, TemplateFunction>>;

function methodsOf(holder: Value): Methods {
  if (holder instanceof Instant) {
    return instantMethods(holder);
  }
  if (holder instanceof Version) {
    return versionMethods(holder);
  }
  if (holder instanceof Integer && holder.type === 'time.Duration') {
    return durationMethods(holder.value);
  }
  const text = holder instanceof Integer ? ownText(holder) : undefined;
  return text === undefined ? {} : { String: takes([], () => text) };
}

const VERSION: Kind<Version> = {
  name: '*semver.Version',
  read(argument) {
    if (argument instanceof Version) {
      return argument;
    }
    throw new TemplateError('a *semver.Version is wanted');
  },
};

const DURATION: Kind<bigint> = {
  name: 'time.Duration',
  read(argument) {
    if (argument instanceof Integer && argument.type === 'time.Duration') {
      return argument.value;
    }
    throw new TemplateError('a time.Duration is wanted');
  },
};

function instantMethods(instant: Instant): Methods {
  const { nanoseconds, zone } = instant;
  const { second } = unixTime(nanoseconds);
  const number = (field: 'year' | 'day' | 'hour' | 'minute' | 'second' | 'nanosecond') =>
    takes([], () => int(civilTime(instant)[field]));
  const shown = (text: () => Value): TemplateFunction => takes([], text);
  return {
    Year: number('year'),
    Month: shown(() => new Integer(BigInt(civilTime(instant).month), 'time.Month')),
    Day: number('day'),
    YearDay: shown(() => int(civilTime(instant).dayOfYear)),
    Weekday: shown(() => new Integer(BigInt(civilTime(instant).weekday), 'time.Weekday')),
    Hour: number('hour'),
    Minute: number('minute'),
    Second: number('second'),
    Nanosecond: number('nanosecond'),
    Unix: shown(() => int64(second)),
    UnixMilli: shown(() => int64(floorDivided(nanoseconds, 1_000_000n))),
    UnixMicro: shown(() => int64(floorDivided(nanoseconds, 1_000n))),
    UnixNano: shown(() => int64(nanoseconds)),
    UTC: shown(() => new Instant(nanoseconds, utc)),
    IsZero: shown(() => second === -62_135_596_800 && nanoseconds % 1_000_000_000n === 0n),
    String: shown(() => ownText(instant)),
    Format: takes([TEXT], (layout) => formatTime(instant, layout)),
    Add: takes([DURATION], (span) => new Instant(nanoseconds + span, zone)),
    Sub: takes([TIME], (other) => duration(nanoseconds - other.nanoseconds)),
    Before: takes([TIME], (other) => nanoseconds < other.nanoseconds),
    After: takes([TIME], (other) => nanoseconds > other.nanoseconds),
    Equal: takes([TIME], (other) => nanoseconds === other.nanoseconds),
  };
}

function floorDivided(value: bigint, by: bigint): bigint {
  const rest = ((value % by) + by) % by;
  return (value - rest) / by;
}

function durationMethods(span: bigint): Methods {
  const whole = (unit: bigint) => takes([], () => int64(span / unit));
  const parts = (unit: number) => takes([], () => Number(span) / unit);
  return {
    String: takes([], () => durationText(span)),
    Nanoseconds: whole(1n),
    Microseconds: whole(1_000n),
    Milliseconds: whole(1_000_000n),
    Seconds: parts(1e9),
    Minutes: parts(6e10),
    Hours: parts(3.6e12),
  };
}

function versionMethods(version: Version): Methods {
  const [major, minor, patch] = version.numbers;
  const number = (value: bigint) => takes([], () => new Integer(value, 'uint64'));
  return {
    Major: number(major),
    Minor: number(minor),
    Patch: number(patch),
    Prerelease: takes([], () => version.prerelease),
    Metadata: takes([], () => version.metadata),
    Original: takes([], () => version.original),
    String: takes([], () => version.toString()),
    Compare: takes([VERSION], (other) => int(compareVersions(version, other))),
    LessThan: takes([VERSION], (other) => compareVersions(version, other) < 0),
    GreaterThan: takes([VERSION], (other) => compareVersions(version, other) > 0),
    Equal: takes([VERSION], (other) => compareVersions(version, other) === 0),
  };
}
