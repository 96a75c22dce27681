import { daysOf, monthLength } from './calendar.ts';
import type { LayoutPart, LayoutPiece } from './time-layout.ts';
import { layoutPieces } from './time-layout.ts';
import { monthNames, weekdayNames } from './time-text.ts';
import type { Zone } from './values.ts';
import { Instant } from './values.ts';
import { fixedZone, utc } from './zones.ts';

/** Reads a moment that is written by a Go layout; `undefined` when the text does not fit it. */
export function readTime(layout: string, text: string, local: Zone): Instant | undefined {
  const reading = new Reading(text);
  const pieces = layoutPieces(layout);
  const isRead = pieces.every((piece, index) => reading.piece(piece, pieces[index + 1]));
  return isRead ? reading.instant(local) : undefined;
}

interface Found {
  year: number;
  month?: number;
  day?: number;
  dayOfYear?: number;
  hour: number;
  minute: number;
  second: number;
  nanosecond: number;
  half?: 'am' | 'pm';
  offset?: number;
  isUtc?: true;
  zone?: string;
}

class Reading {
  private rest: string;
  private readonly found: Found = { year: 0, hour: 0, minute: 0, second: 0, nanosecond: 0 };

  constructor(text: string) {
    this.rest = text;
  }

  piece(piece: LayoutPiece, next: LayoutPiece | undefined): boolean {
    switch (piece.kind) {
      case 'text':
        return this.text(piece.text);
      case 'part':
        return this.part(piece.part) && (!/^0?5$/.test(piece.part) || this.hiddenFraction(next));
      case 'fraction':
        return this.fraction(piece);
    }
  }

  instant(local: Zone): Instant | undefined {
    const { found } = this;
    if (this.rest !== '') {
      return undefined;
    }
    const hour =
      found.half === undefined ? found.hour : (found.hour % 12) + (found.half === 'pm' ? 12 : 0);
    const days = this.days();
    if (days === undefined) {
      return undefined;
    }
    const second = days * 86_400 + hour * 3600 + found.minute * 60 + found.second;
    const { zone, offset } = this.zone(local, second);
    return new Instant(BigInt(second - offset) * 1_000_000_000n + BigInt(found.nanosecond), zone);
  }

  /** Days since 1970, from month and day or from the day of the year, which must not contradict each other. */
  private days(): number | undefined {
    const { year, dayOfYear, month, day } = this.found;
    if (dayOfYear !== undefined) {
      const days = daysOf({ year, month: 1, day: 1 }) + dayOfYear - 1;
      const isInYear = dayOfYear >= 1 && days < daysOf({ year: year + 1, month: 1, day: 1 });
      const fits =
        month === undefined ||
        (days >= daysOf({ year, month, day: 1 }) &&
          days < daysOf({ year, month, day: 1 }) + monthLength(year, month) &&
          (day === undefined || days === daysOf({ year, month, day })));
      return isInYear && fits ? days : undefined;
    }
    const date = { year, month: month ?? 1, day: day ?? 1 };
    return date.day >= 1 && date.day <= monthLength(date.year, date.month)
      ? daysOf(date)
      : undefined;
  }

  private zone(local: Zone, second: number): { readonly zone: Zone; readonly offset: number } {
    const { offset, zone = '', isUtc } = this.found;
    if (isUtc === true) {
      return { zone: utc, offset: 0 };
    }
    if (offset !== undefined) {
      const here = local.at(second - offset);
      const isLocal = here.offset === offset && (zone === '' || here.abbreviation === zone);
      return { zone: isLocal ? local : fixedZone(zone, offset), offset };
    }
    if (zone !== '') {
      const here = local.at(second - local.at(second).offset);
      if (here.abbreviation === zone) {
        return { zone: local, offset: here.offset };
      }
      const hours = /^GMT([-+]\d{1,2})$/.exec(zone)?.[1];
      const invented = hours === undefined ? 0 : Number(hours) * 3600;
      return { zone: fixedZone(zone, invented), offset: invented };
    }
    const guess = local.at(second).offset;
    return { zone: local, offset: local.at(second - guess).offset };
  }

  /** A run of blanks in the layout fits any run of blanks, also none. */
  private text(text: string): boolean {
    for (let at = 0; at < text.length; at += 1) {
      if (text.charAt(at) === ' ') {
        if (this.rest !== '' && !this.rest.startsWith(' ')) {
          return false;
        }
        while (text.charAt(at + 1) === ' ') {
          at += 1;
        }
        this.rest = this.rest.replace(/^ +/, '');
      } else if (this.rest.startsWith(text.charAt(at))) {
        this.rest = this.rest.slice(1);
      } else {
        return false;
      }
    }
    return true;
  }

  private take(pattern: RegExp): RegExpExecArray | undefined {
    const match = pattern.exec(this.rest) ?? undefined;
    this.rest = this.rest.slice(match?.[0].length ?? 0);
    return match;
  }

  private number(pattern: RegExp, from: number, to: number): number | undefined {
    const match = this.take(pattern);
    const value = match === undefined ? Number.NaN : Number(match[0]);
    return value >= from && value <= to ? value : undefined;
  }

  private name(names: readonly string[], letters?: number): number | undefined {
    const index = names.findIndex((name) =>
      this.rest.toLowerCase().startsWith(name.slice(0, letters).toLowerCase()),
    );
    this.rest = index === -1 ? this.rest : this.rest.slice(names[index]?.slice(0, letters).length);
    return index === -1 ? undefined : index;
  }

  private part(part: LayoutPart): boolean {
    const keep = <K extends keyof Found>(key: K, value: Found[K] | undefined): boolean => {
      if (value !== undefined) {
        this.found[key] = value;
      }
      return value !== undefined;
    };
    const plus = (value: number | undefined, more: number): number | undefined =>
      value === undefined ? undefined : value + more;
    switch (part) {
      case '2006':
        return keep('year', this.number(/^\d{4}/, 0, 9999));
      case '06': {
        const year = this.number(/^\d\d/, 0, 99);
        return keep('year', year === undefined ? undefined : year + (year >= 69 ? 1900 : 2000));
      }
      case 'Jan':
        return keep('month', plus(this.name(monthNames, 3), 1));
      case 'January':
        return keep('month', plus(this.name(monthNames), 1));
      case '01':
        return keep('month', this.number(/^\d\d/, 1, 12));
      case '1':
        return keep('month', this.number(/^\d\d?/, 1, 12));
      case 'Mon':
        return this.name(weekdayNames, 3) !== undefined;
      case 'Monday':
        return this.name(weekdayNames) !== undefined;
      case '02':
        return keep('day', this.number(/^\d\d/, 0, 99));
      case '_2':
        this.take(/^ /);
        return keep('day', this.number(/^\d\d?/, 0, 99));
      case '2':
        return keep('day', this.number(/^\d\d?/, 0, 99));
      case '__2':
        this.take(/^ {0,2}/);
        return keep('dayOfYear', this.number(/^\d{1,3}/, 0, 999));
      case '002':
        return keep('dayOfYear', this.number(/^\d{3}/, 0, 999));
      case '15':
        return keep('hour', this.number(/^\d\d?/, 0, 23));
      case '3':
        return keep('hour', this.number(/^\d\d?/, 0, 12));
      case '03':
        return keep('hour', this.number(/^\d\d/, 0, 12));
      case '4':
        return keep('minute', this.number(/^\d\d?/, 0, 59));
      case '04':
        return keep('minute', this.number(/^\d\d/, 0, 59));
      case '5':
        return keep('second', this.number(/^\d\d?/, 0, 59));
      case '05':
        return keep('second', this.number(/^\d\d/, 0, 59));
      case 'PM':
      case 'pm': {
        const half = this.take(part === 'PM' ? /^[AP]M/ : /^[ap]m/)?.[0].toLowerCase();
        return keep('half', half === 'am' || half === 'pm' ? half : undefined);
      }
      case 'MST':
        return this.abbreviation();
      case 'Z07':
      case 'Z0700':
      case 'Z07:00':
      case 'Z070000':
      case 'Z07:00:00':
        if (this.take(/^Z/) !== undefined) {
          this.found.isUtc = true;
          return true;
        }
        return this.offset(part);
      case '-07':
      case '-0700':
      case '-07:00':
      case '-070000':
      case '-07:00:00':
        return this.offset(part);
    }
  }

  private offset(part: LayoutPart): boolean {
    const colon = part.includes(':') ? ':' : '';
    const count = Math.floor(part.replaceAll(':', '').length / 2);
    const digits = Array.from({ length: count }, () => String.raw`(\d\d)`).join(colon);
    const match = this.take(new RegExp(`^([-+])${digits}`));
    const [, sign, hours = '0', minutes = '0', seconds = '0'] = match ?? [];
    if (sign === undefined || Number(hours) > 24 || Number(minutes) > 60 || Number(seconds) > 60) {
      return false;
    }
    const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
    this.found.offset = sign === '-' ? -size : size;
    return true;
  }

  private abbreviation(): boolean {
    if (this.take(/^UTC/) !== undefined) {
      this.found.isUtc = true;
      return true;
    }
    const match = this.take(
      /^(?:ChST|MeST|WITA|GMT(?:[-+]\d{1,2})?|[-+]\d\d|[A-Z]{3,4}(?![A-Z])T?|[A-Z]{4}T)/,
    );
    this.found.zone = match?.[0] ?? '';
    return match !== undefined;
  }

  /** Digits behind the seconds are read even where the layout has none. */
  private hiddenFraction(next: LayoutPiece | undefined): boolean {
    return next?.kind === 'fraction' || !/^[.,]\d/.test(this.rest)
      ? true
      : this.digits(/^[.,](\d+)/);
  }

  private fraction(piece: LayoutPiece & { kind: 'fraction' }): boolean {
    if (piece.zeros === 'kept') {
      return this.digits(new RegExp(`^[.,](\\d{${piece.digits}})`));
    }
    return /^[.,]\d/.test(this.rest) ? this.digits(/^[.,](\d{1,9})/) : true;
  }

  private digits(pattern: RegExp): boolean {
    const digits = this.take(pattern)?.[1];
    this.found.nanosecond = Number((digits ?? '').slice(0, 9).padEnd(9, '0'));
    return digits !== undefined;
  }
}
