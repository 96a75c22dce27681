import { bytesToText, textToBytes } from '../byte-text.ts';
import { isAscii } from './bytes.ts';
import { TemplateError } from './template-error.ts';

/** Does something to a text byte by byte, as Go's strings are: a letter of the text that it is given is one byte. */
function bytewise(text: string, change: (bytes: string) => string): string {
  if (isAscii(text)) {
    return change(text);
  }
  return bytesToText(Buffer.from(change(textToBytes(text).toString('latin1')), 'latin1'));
}

/** The first bytes, or with a negative count the last ones. */
export function truncated(text: string, count: number): string {
  return bytewise(text, (bytes) => {
    if (count >= 0) {
      return bytes.slice(0, count);
    }
    return bytes.length + count > 0 ? bytes.slice(count) : bytes;
  });
}

/** From a byte up to another; bounds that the text does not have are an error, but for an end that lies behind it. */
export function substring(text: string, start: number, end: number): string {
  return bytewise(text, (bytes) => {
    const from = start < 0 ? 0 : start;
    const to = start >= 0 && (end < 0 || end > bytes.length) ? bytes.length : end;
    if (to < 0 || to > bytes.length || from > to) {
      throw new TemplateError(`a text of ${bytes.length} bytes has no part ${start} to ${end}`);
    }
    return bytes.slice(from, to);
  });
}

/** Cuts a text to a width and marks with dots where something is missing. */
export function abbreviated(
  text: string,
  { offset, width }: { readonly offset: number; readonly width: number },
): string {
  return bytewise(text, (bytes) => abbreviate(bytes, offset, width));
}

function abbreviate(bytes: string, wanted: number, width: number): string {
  if (width < 4 || bytes.length <= width) {
    return width < 4 ? '' : bytes;
  }
  const offset = Math.min(wanted, bytes.length, Math.max(0, bytes.length - (width - 3)));
  if (offset <= 4) {
    return `${bytes.slice(0, width - 3)}...`;
  }
  if (width < 7) {
    return '';
  }
  return offset + width - 3 < bytes.length
    ? `...${abbreviate(bytes.slice(offset), 0, width - 3)}`
    : `...${bytes.slice(bytes.length - (width - 3))}`;
}

/** How long lines are broken. */
export interface Wrapping {
  readonly width: number;
  readonly lineBreak: string;
  readonly longWords: 'kept' | 'broken';
}

/** Breaks a text at blanks into lines of a width at most. */
export function wrapped(text: string, { width, lineBreak, longWords }: Wrapping): string {
  const most = Math.max(1, width);
  const between = textToBytes(lineBreak === '' ? '\n' : lineBreak).toString('latin1');
  const wrap = (bytes: string): string => {
    const lines: string[] = [];
    let at = 0;
    while (bytes.length - at > most) {
      if (bytes.charAt(at) === ' ') {
        at += 1;
        continue;
      }
      const blank = bytes.slice(at, at + most + 1).lastIndexOf(' ');
      let end = at + blank;
      if (blank === -1) {
        end = longWords === 'broken' ? at + most : bytes.indexOf(' ', at + most);
      }
      if (end === -1) {
        break;
      }
      lines.push(bytes.slice(at, end));
      at = bytes.charAt(end) === ' ' && (blank !== -1 || longWords === 'kept') ? end + 1 : end;
    }
    return [...lines, bytes.slice(at)].join(between);
  };
  return isAscii(lineBreak)
    ? bytewise(text, wrap)
    : bytesToText(Buffer.from(wrap(textToBytes(text).toString('latin1')), 'latin1'));
}
