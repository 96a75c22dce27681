/** Which letters a quoted text may show as they are. */
export type Shown = 'printable' | 'ascii';

/** A text in double quotes as Go's `%q` writes it. */
export function quotedText(text: string, shown: Shown = 'printable'): string {
  return `"${Array.from(text, (letter) => quotedLetter(letter, '"', shown)).join('')}"`;
}

/** One letter in single quotes. */
export function quotedRune(letter: string, shown: Shown = 'printable'): string {
  return `'${quotedLetter(letter, "'", shown)}'`;
}

/** Whether Go takes a letter for one that can be seen; of the blanks only the plain one. */
export function isPrintable(letter: string): boolean {
  return /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(letter);
}

/** Whether a text can stand between backquotes. */
export function fitsBackquotes(text: string): boolean {
  return Array.from(text).every(
    (letter) => letter === '\t' || (letter >= ' ' && !/^[`\x7f\ufeff\ud800-\udfff]$/.test(letter)),
  );
}

const escapes: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
};

function quotedLetter(letter: string, quote: string, shown: Shown): string {
  const escape = escapes[letter];
  if (escape !== undefined) {
    return escape;
  }
  if (letter === quote) {
    return `\\${quote}`;
  }
  const point = letter.codePointAt(0) ?? 0;
  if (point >= 0xdc80 && point <= 0xdcff) {
    return `\\x${(point - 0xdc00).toString(16)}`;
  }
  if (shown === 'ascii' ? point >= 0x20 && point < 0x7f : isPrintable(letter)) {
    return letter;
  }
  if (point < 0x20 || point === 0x7f) {
    return `\\x${point.toString(16).padStart(2, '0')}`;
  }
  return point > 0xffff
    ? `\\U${point.toString(16).padStart(8, '0')}`
    : `\\u${point.toString(16).padStart(4, '0')}`;
}
