/**
 * A value as Go's template engine knows it. A JavaScript number is a `float64`; every other number is an
 * {@link Integer}, because Go keeps them apart. `undefined` is what is not there at all, `null` a nil that stands
 * in a list or mapping; the difference shows when a field of it is asked for.
 *
 * A string is a sequence of bytes to Go: bytes that are no UTF-8 are kept as lone surrogates, see `bytes.ts`.
 */
export type Value =
  undefined | null | boolean | string | number | Integer | List | Mapping | Instant | Version;

/** A whole number of one of Go's types; it wraps around as there. */
export class Integer {
  readonly value: bigint;
  readonly type: IntegerType;

  constructor(value: bigint, type: IntegerType) {
    this.value = type === 'uint64' ? BigInt.asUintN(64, value) : BigInt.asIntN(64, value);
    this.type = type;
  }
}

export type IntegerType =
  'int' | 'int64' | 'uint8' | 'uint64' | 'time.Duration' | 'time.Month' | 'time.Weekday';

/** A Go `int`. */
export function int(value: bigint | number): Integer {
  return new Integer(BigInt(value), 'int');
}

/** A Go `int64`, what the arithmetic of sprig gives. */
export function int64(value: bigint | number): Integer {
  return new Integer(BigInt(value), 'int64');
}

/** A Go slice; nothing changes one. A nil slice is empty and differs in JSON and in comparisons only. */
export class List {
  readonly items: readonly Value[];
  readonly of: ItemType;
  readonly isNil: boolean;

  constructor(items: readonly Value[], of: ItemType = 'interface {}') {
    this.items = items;
    this.of = of;
    this.isNil = false;
  }

  /** A slice without an array behind it. */
  static nil(of: ItemType = 'interface {}'): List {
    return Object.assign(new List([], of), { isNil: true });
  }
}

export type ItemType = 'interface {}' | 'string' | 'int' | '[]interface {}';

/** A Go map with text keys; `set` and its like change it in place. */
export class Mapping {
  readonly entries: Map<string, Value>;
  readonly of: 'interface {}' | 'string';
  readonly isNil: boolean;

  constructor(
    entries: Iterable<readonly [string, Value]> = [],
    of: 'interface {}' | 'string' = 'interface {}',
  ) {
    this.entries = new Map(entries);
    this.of = of;
    this.isNil = false;
  }

  /** A map that nothing can be put into. */
  static nil(): Mapping {
    return Object.assign(new Mapping(), { isNil: true });
  }

  /** Its entries in the order in which Go prints and ranges. */
  sorted(): readonly (readonly [string, Value])[] {
    return [...this.entries].sort(([left], [right]) => compareTexts(left, right));
  }
}

/** The order of Go's strings: that of their bytes. */
export function compareTexts(left: string, right: string): number {
  if (left === right) {
    return 0;
  }
  return isPlain.test(left) && isPlain.test(right)
    ? left < right
      ? -1
      : 1
    : Buffer.compare(orderKey(left), orderKey(right));
}

/** Without surrogates, 16 bit units sort as bytes of UTF-8 do. */
const isPlain = /^[^\ud800-\udfff]*$/;

function orderKey(text: string): Buffer {
  return Buffer.concat(
    Array.from(text, (letter) =>
      /^[\udc80-\udcff]$/.test(letter)
        ? Buffer.of(letter.charCodeAt(0) - 0xdc00)
        : Buffer.from(letter),
    ),
  );
}

/** A moment as a `time.Time`: nanoseconds since 1970 UTC and the zone it is shown in. */
export class Instant {
  readonly nanoseconds: bigint;
  readonly zone: Zone;

  constructor(nanoseconds: bigint, zone: Zone) {
    this.nanoseconds = nanoseconds;
    this.zone = zone;
  }
}

/** Where a moment is shown. */
export interface Zone {
  readonly name: string;
  /** The offset from UTC in seconds and the short name that hold at a second since 1970. */
  at(second: number): { readonly offset: number; readonly abbreviation: string };
}

/** A semantic version, Go's `*semver.Version` of Masterminds. */
export class Version {
  readonly numbers: readonly [bigint, bigint, bigint];
  readonly prerelease: string;
  readonly metadata: string;
  readonly original: string;

  constructor(parts: {
    readonly numbers: readonly [bigint, bigint, bigint];
    readonly prerelease: string;
    readonly metadata: string;
    readonly original: string;
  }) {
    this.numbers = parts.numbers;
    this.prerelease = parts.prerelease;
    this.metadata = parts.metadata;
    this.original = parts.original;
  }

  toString(): string {
    const before = this.prerelease === '' ? '' : `-${this.prerelease}`;
    const after = this.metadata === '' ? '' : `+${this.metadata}`;
    return `${this.numbers.join('.')}${before}${after}`;
  }
}
