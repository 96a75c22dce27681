import type { CivilTime } from './calendar.ts';
import { civilTime } from './calendar.ts';
import type { LayoutPart, LayoutPiece } from './time-layout.ts';
import { layoutPieces } from './time-layout.ts';
import type { Instant } from './values.ts';

/** The English names that Go's layouts use, January first. */
export const monthNames: readonly string[] = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** Sunday first. */
export const weekdayNames: readonly string[] = [
  'Sunday',
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
];

/** A moment by a Go layout such as `2006-01-02 15:04:05 MST`. */
export function formatTime(instant: Instant, layout: string): string {
  const time = civilTime(instant);
  return layoutPieces(layout)
    .map((piece) => formatPiece(piece, time))
    .join('');
}

/** A moment as Go prints it when nobody asks for a layout. */
export function instantText(instant: Instant): string {
  return formatTime(instant, '2006-01-02 15:04:05.999999999 -0700 MST');
}

function formatPiece(piece: LayoutPiece, time: CivilTime): string {
  switch (piece.kind) {
    case 'text':
      return piece.text;
    case 'part':
      return formatPart(piece.part, time);
    case 'fraction': {
      const digits = String(time.nanosecond).padStart(9, '0').slice(0, piece.digits);
      const shown =
        piece.zeros === 'kept' ? digits.padEnd(piece.digits, '0') : digits.replace(/0+$/, '');
      return shown === '' ? '' : piece.mark + shown;
    }
  }
}

function formatPart(part: LayoutPart, time: CivilTime): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const hour12 = time.hour % 12 === 0 ? 12 : time.hour % 12;
  switch (part) {
    case 'January':
      return monthNames[time.month - 1] ?? '';
    case 'Jan':
      return (monthNames[time.month - 1] ?? '').slice(0, 3);
    case 'Monday':
      return weekdayNames[time.weekday] ?? '';
    case 'Mon':
      return (weekdayNames[time.weekday] ?? '').slice(0, 3);
    case 'MST':
      return time.abbreviation === '' ? offsetText('-0700', time.offset) : time.abbreviation;
    case '2006':
      return time.year < 0
        ? `-${String(-time.year).padStart(4, '0')}`
        : String(time.year).padStart(4, '0');
    case '06':
      return two(((time.year % 100) + 100) % 100);
    case '1':
      return String(time.month);
    case '01':
      return two(time.month);
    case '2':
      return String(time.day);
    case '_2':
      return String(time.day).padStart(2);
    case '02':
      return two(time.day);
    case '__2':
      return String(time.dayOfYear).padStart(3);
    case '002':
      return String(time.dayOfYear).padStart(3, '0');
    case '15':
      return two(time.hour);
    case '3':
      return String(hour12);
    case '03':
      return two(hour12);
    case '4':
      return String(time.minute);
    case '04':
      return two(time.minute);
    case '5':
      return String(time.second);
    case '05':
      return two(time.second);
    case 'PM':
      return time.hour >= 12 ? 'PM' : 'AM';
    case 'pm':
      return time.hour >= 12 ? 'pm' : 'am';
    case 'Z07':
    case 'Z0700':
    case 'Z07:00':
    case 'Z070000':
    case 'Z07:00:00':
      return time.offset === 0 ? 'Z' : offsetText(part, time.offset);
    case '-07':
    case '-0700':
    case '-07:00':
    case '-070000':
    case '-07:00:00':
      return offsetText(part, time.offset);
  }
}

function offsetText(part: LayoutPart, offset: number): string {
  const size = Math.abs(offset);
  const numbers = [Math.floor(size / 3600), Math.floor((size % 3600) / 60), size % 60];
  const shown = numbers
    .slice(0, Math.floor(part.replaceAll(':', '').length / 2))
    .map((value) => String(value).padStart(2, '0'));
  return (offset < 0 ? '-' : '+') + shown.join(part.includes(':') ? ':' : '');
}
