/** Capitals letter by letter, as Go does it: a letter whose capital is two letters stays. */
export function upper(text: string): string {
  return mapped(text, (letter) => letter.toUpperCase());
}

/** Small letters, letter by letter. */
export function lower(text: string): string {
  return mapped(text, (letter) => letter.toLowerCase());
}

/** One letter as the first one of a title. */
export function titleLetter(letter: string): string {
  return titles.get(letter) ?? upper(letter);
}

/** The letters that are two in one have a third form for titles. */
const titles: ReadonlyMap<string, string> = new Map(
  [
    ['\u01c4', '\u01c5', '\u01c6'],
    ['\u01c7', '\u01c8', '\u01c9'],
    ['\u01ca', '\u01cb', '\u01cc'],
    ['\u01f1', '\u01f2', '\u01f3'],
  ].flatMap(([large = '', title = '', small = '']) =>
    [large, title, small].map((letter) => [letter, title] as const),
  ),
);

export function isUpper(letter: string): boolean {
  return /^\p{Lu}$/u.test(letter);
}

export function isLower(letter: string): boolean {
  return /^\p{Ll}$/u.test(letter);
}

/** Go's `unicode.IsSpace`. */
export function isSpace(letter: string): boolean {
  return /^[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]$/.test(
    letter,
  );
}

function mapped(text: string, map: (letter: string) => string): string {
  const whole = map(text);
  // Lengths differ when a letter became two; the end of a Greek word is a case of its own.
  return /^[\0-\x7f]*$/.test(text)
    ? whole
    : Array.from(text, (letter) => {
        const other = map(letter);
        return Array.from(other).length === 1 ? other : (single(letter, other) ?? letter);
      }).join('');
}

/** Greek letters with an iota below have a capital of their own that is one letter. */
function single(letter: string, other: string): string | undefined {
  const point = letter.codePointAt(0) ?? 0;
  if (point === 0x130) {
    return 'i';
  }
  const isSmallIota = point >= 0x1f80 && point <= 0x1faf && point % 16 < 8;
  if (isSmallIota && other !== letter) {
    return String.fromCodePoint(point + 8);
  }
  return point === 0x1fb3 || point === 0x1fc3 || point === 0x1ff3
    ? String.fromCodePoint(point + 9)
    : undefined;
}
