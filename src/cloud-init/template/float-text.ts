/** Digits of a float and where its point stands: 0.DIGITS times ten to the power of `point`. */
interface Digits {
  readonly digits: string;
  readonly point: number;
}

/** What of a float's text is wanted: as few digits as tell it from its neighbours, or a number of them. */
export type Precision = number | 'shortest';

/** A float as Go writes it with the verbs `e`, `f` and `g`; without sign, of a finite number. */
export function floatText(value: number, verb: 'e' | 'f' | 'g', precision: Precision): string {
  const size = Math.abs(value);
  switch (verb) {
    case 'e':
      return withExponent(
        precision === 'shortest' ? shortest(size) : rounded(size, { digits: precision + 1 }),
        precision === 'shortest' ? 0 : precision,
      );
    case 'f':
      return precision === 'shortest'
        ? withPoint(shortest(size), 0)
        : withPoint(rounded(size, { places: precision }), precision);
    case 'g':
      return general(size, precision);
  }
}

/** Go's `%v` of a float with its sign, also of those that are no numbers. */
export function plainFloatText(value: number): string {
  if (!Number.isFinite(value)) {
    return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  }
  return (isNegative(value) ? '-' : '') + floatText(value, 'g', 'shortest');
}

/** Also of the zero that has a sign. */
export function isNegative(value: number): boolean {
  return value < 0 || Object.is(value, -0);
}

/** Few digits, and an exponent where the point is far away. */
function general(size: number, precision: Precision): string {
  const wanted = precision === 'shortest' ? undefined : Math.max(1, precision);
  const found = wanted === undefined ? shortest(size) : rounded(size, { digits: wanted });
  const digits = found.digits.replace(/0+$/, '');
  const exponent = digits === '' ? 0 : found.point - 1;
  const most =
    wanted === undefined
      ? 6
      : wanted > digits.length && digits.length >= found.point
        ? digits.length
        : wanted;
  const trimmed = { digits, point: found.point };
  return exponent < -4 || exponent >= most ? withExponent(trimmed, 0) : withPoint(trimmed, 0);
}

function withExponent({ digits, point }: Digits, places: number): string {
  const [first = '0', ...more] = digits;
  const tail = more.join('').padEnd(places, '0');
  const exponent = /[1-9]/.test(digits) ? point - 1 : 0;
  const shown = String(Math.abs(exponent)).padStart(2, '0');
  return `${first}${tail === '' ? '' : `.${tail}`}e${exponent < 0 ? '-' : '+'}${shown}`;
}

function withPoint({ digits, point }: Digits, places: number): string {
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '0';
  const tail = (point > 0 ? digits.slice(point) : '0'.repeat(-point) + digits).padEnd(places, '0');
  const isWhole = tail === '' || (places === 0 && !/[^0]/.test(tail));
  return isWhole ? whole : `${whole}.${places === 0 ? tail : tail.slice(0, places)}`;
}

function shortest(size: number): Digits {
  const [mantissa = '', exponent = '0'] = size.toExponential().split('e');
  return { digits: mantissa.replace('.', ''), point: size === 0 ? 1 : Number(exponent) + 1 };
}

/** The exact value of the float, rounded half to even. */
function rounded(
  size: number,
  to: { readonly digits: number } | { readonly places: number },
): Digits {
  const { numerator, places } = exact(size);
  const all = numerator.toString();
  const point = size === 0 ? 1 : all.length - places;
  const kept = 'digits' in to ? to.digits : point + to.places;
  if (kept >= all.length) {
    return { digits: all.padEnd(kept, '0'), point };
  }
  if (kept < 0) {
    return { digits: '', point: -('places' in to ? to.places : 0) };
  }
  const unit = 10n ** BigInt(all.length - kept);
  const whole = numerator / unit;
  const twice = 2n * (numerator % unit);
  const up = twice > unit || (twice === unit && whole % 2n === 1n);
  const digits = (whole + (up ? 1n : 0n)).toString();
  if (kept === 0) {
    return up ? { digits: '1', point: point + 1 } : { digits: '', point };
  }
  return digits.length > kept
    ? { digits: 'digits' in to ? digits.slice(0, kept) : digits, point: point + 1 }
    : { digits, point };
}

/** A float as its whole mantissa and the power of two: the verb `b`. Without sign. */
export function binaryText(value: number): string {
  const { mantissa, shift } = parts(Math.abs(value));
  return `${mantissa.toString()}p${shift < 0 ? '-' : '+'}${String(Math.abs(shift))}`;
}

/** A float in hex digits with a power of two: the verb `x`. Without sign. */
export function hexText(value: number, precision: Precision): string {
  const { mantissa, shift } = parts(Math.abs(value));
  if (mantissa === 0n) {
    const zeros = precision === 'shortest' || precision === 0 ? '' : `.${'0'.repeat(precision)}`;
    return `0x0${zeros}p+00`;
  }
  // The first digit is 1, and 60 bits follow.
  const bits = mantissa.toString(2).length;
  let whole = mantissa << BigInt(61 - bits);
  let exponent = shift + bits - 1;
  if (precision !== 'shortest' && precision < 15) {
    const dropped = BigInt(60 - precision * 4);
    const unit = 1n << dropped;
    const twice = 2n * (whole % unit);
    const kept = whole / unit;
    const up = twice > unit || (twice === unit && kept % 2n === 1n);
    whole = (kept + (up ? 1n : 0n)) * unit;
    if (whole >> 61n > 0n) {
      whole >>= 1n;
      exponent += 1;
    }
  }
  const digits = (whole & ((1n << 60n) - 1n)).toString(16).padStart(15, '0');
  const tail =
    precision === 'shortest'
      ? digits.replace(/0+$/, '')
      : digits.padEnd(precision, '0').slice(0, precision);
  const power = String(Math.abs(exponent)).padStart(2, '0');
  return `0x1${tail === '' ? '' : `.${tail}`}p${exponent < 0 ? '-' : '+'}${power}`;
}

/** Every float is a whole number divided by a power of ten. */
function exact(size: number): { readonly numerator: bigint; readonly places: number } {
  const { mantissa, shift } = parts(size);
  return shift >= 0
    ? { numerator: mantissa << BigInt(shift), places: 0 }
    : reduced(mantissa, -shift);
}

/** A float is its mantissa times two to the power of `shift`. */
function parts(size: number): { readonly mantissa: bigint; readonly shift: number } {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, size);
  const raw = bits.getBigUint64(0);
  const exponent = Number(raw >> 52n);
  const fraction = raw & ((1n << 52n) - 1n);
  const mantissa = exponent === 0 ? fraction : fraction | (1n << 52n);
  return { mantissa, shift: Math.max(1, exponent) - 1075 };
}

/** Without the powers of two that cancel out. */
function reduced(
  mantissa: bigint,
  halvings: number,
): { readonly numerator: bigint; readonly places: number } {
  let [rest, left] = [mantissa, halvings];
  while (left > 0 && rest % 2n === 0n) {
    rest /= 2n;
    left -= 1;
  }
  return { numerator: rest * 5n ** BigInt(left), places: left };
}
