import { textToBytes } from '../byte-text.ts';
import { isPrintable } from './quoted-text.ts';

const entities: Readonly<Record<string, string>> = {
  '\0': '\ufffd',
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
};

/** A text that can stand in HTML. */
export function htmlEscaped(text: string): string {
  return text.replace(/[\0"'&<>]/g, (letter) => entities[letter] ?? letter);
}

/** A text that can stand in a string of JavaScript. */
export function jsEscaped(text: string): string {
  return Array.from(text, jsLetter).join('');
}

function jsLetter(letter: string): string {
  if (/^[\\'"]$/.test(letter)) {
    return `\\${letter}`;
  }
  const point = letter.codePointAt(0) ?? 0;
  if (point < 0x20 || /^[<>&=]$/.test(letter) || (point >= 0x80 && !isPrintable(letter))) {
    const shown = point >= 0xd800 && point <= 0xdfff ? 0xfffd : point;
    return `\\u${shown.toString(16).toUpperCase().padStart(4, '0')}`;
  }
  return letter;
}

/** A text that can stand in the query of an address. */
export function queryEscaped(text: string): string {
  return Array.from(textToBytes(text), (byte) => {
    const letter = String.fromCharCode(byte);
    if (/[\w.~-]/.test(letter)) {
      return letter;
    }
    return letter === ' ' ? '+' : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}
