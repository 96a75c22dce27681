import { affordable } from './budget.ts';
import type { Flags } from './format-value.ts';
import { formatValue, misused } from './format-value.ts';
import { plainText } from './print-value.ts';
import { typeName } from './value-kinds.ts';
import type { Value } from './values.ts';
import { Integer } from './values.ts';

/** Go's `fmt.Sprintf`: what is wrong with the format shows in the text and is no error. */
export function formatText(format: string, values: readonly Value[]): string {
  return new Formatting(format, values).text();
}

/** Go refuses larger widths and precisions. */
const widest = 1_000_000n;

class Formatting {
  private readonly format: string;
  private readonly values: readonly Value[];
  private at = 0;
  private used = 0;
  private reordered = false;
  private goodIndex = true;

  constructor(format: string, values: readonly Value[]) {
    this.format = format;
    this.values = values;
  }

  text(): string {
    let text = '';
    while (this.at < this.format.length) {
      const mark = this.format.indexOf('%', this.at);
      const end = mark === -1 ? this.format.length : mark;
      text += this.format.slice(this.at, end);
      this.at = end + 1;
      if (mark !== -1) {
        text += this.directive();
        affordable(text.length);
      }
    }
    if (this.reordered || this.used >= this.values.length) {
      return text;
    }
    const extra = this.values
      .slice(this.used)
      .map((value) =>
        value === undefined || value === null ? '<nil>' : `${typeName(value)}=${plainText(value)}`,
      );
    return `${text}%!(EXTRA ${extra.join(', ')})`;
  }

  /** One `%...`, of which the `%` has been read. */
  private directive(): string {
    let isIndexed = false;
    this.goodIndex = true;
    this.reordered = false;
    const flags: Flags = { plus: false, minus: false, sharp: false, space: false, zero: false };
    this.readFlags(flags);
    isIndexed = this.index();
    let before = '';
    if (this.take('*')) {
      const width = this.argument();
      if (width === undefined) {
        before += '%!(BADWIDTH)';
      } else {
        flags.width = Math.abs(width);
        if (width < 0) {
          flags.minus = true;
          flags.zero = false;
        }
      }
      isIndexed = false;
    } else {
      const width = this.number();
      if (width !== undefined) {
        flags.width = width;
        // %[3]2d
        this.goodIndex &&= !isIndexed;
      }
    }
    if (this.take('.')) {
      // %[3].2d
      this.goodIndex &&= !isIndexed;
      isIndexed = this.index();
      if (this.take('*')) {
        const precision = this.argument();
        if (precision === undefined || precision < 0) {
          before += '%!(BADPREC)';
        } else {
          flags.precision = precision;
        }
        isIndexed = false;
      } else {
        flags.precision = this.number() ?? 0;
      }
    }
    if (!isIndexed) {
      this.index();
    }
    return before + this.verb(flags);
  }

  private verb(flags: Flags): string {
    const point = this.format.codePointAt(this.at);
    if (point === undefined) {
      return '%!(NOVERB)';
    }
    const verb = String.fromCodePoint(point);
    this.at += verb.length;
    if (verb === '%') {
      return '%';
    }
    if (!this.goodIndex) {
      return `%!${verb}(BADINDEX)`;
    }
    if (this.used >= this.values.length) {
      return `%!${verb}(MISSING)`;
    }
    const value = this.values[this.used];
    this.used += 1;
    if (verb === 'w') {
      return misused(verb, value);
    }
    return formatValue(verb, value, flags);
  }

  private readFlags(flags: Flags): void {
    for (;;) {
      switch (this.format.charAt(this.at)) {
        case '#':
          flags.sharp = true;
          break;
        case '0':
          flags.zero = !flags.minus;
          break;
        case '+':
          flags.plus = true;
          break;
        case '-':
          flags.minus = true;
          flags.zero = false;
          break;
        case ' ':
          flags.space = true;
          break;
        default:
          return;
      }
      this.at += 1;
    }
  }

  private take(letter: string): boolean {
    const found = this.format.charAt(this.at) === letter;
    this.at += found ? 1 : 0;
    return found;
  }

  /** `[n]`: goes on with the n-th value. */
  private index(): boolean {
    if (this.format.charAt(this.at) !== '[') {
      return false;
    }
    this.reordered = true;
    const end = this.format.indexOf(']', this.at);
    const inner = end === -1 ? '' : this.format.slice(this.at + 1, end);
    const wanted = /^\d{1,7}$/.test(inner) ? Number(inner) : 0;
    this.at = end === -1 ? this.at + 1 : end + 1;
    if (wanted >= 1 && wanted <= this.values.length) {
      this.used = wanted - 1;
      return true;
    }
    this.goodIndex = false;
    return end !== -1;
  }

  private number(): number | undefined {
    const [digits = ''] = /^\d*/.exec(this.format.slice(this.at, this.at + 20)) ?? [];
    this.at += digits.length;
    return digits === '' || BigInt(digits) > widest ? undefined : affordable(Number(digits));
  }

  /** A width or precision that comes from the values. */
  private argument(): number | undefined {
    const value = this.values[this.used];
    this.used += this.used < this.values.length ? 1 : 0;
    const isSound = value instanceof Integer && value.value <= widest && value.value >= -widest;
    return isSound ? affordable(Number(value.value)) : undefined;
  }
}
