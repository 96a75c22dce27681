/**
 * Text on its way into markup. Everything that is shown comes from a log, and hooks write there what they like: control characters go,
 * characters that turn the direction of text become visible, and every character of markup is escaped, for HTML and XML alike.
 */
import { printable } from '../width.ts';

/** Markup that was made here. */
export interface Html {
  readonly html: string;
}

type Part = string | number | Html | readonly Html[];

/** Markup from a template: what is put in is text, unless it is {@link Html}. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const shown = parts.map((part, index) => markup(part) + (texts[index + 1] ?? ''));
  return { html: (texts[0] ?? '') + shown.join('') };
}

export const NOTHING: Html = { html: '' };

/** Text as markup shows it, in content and in quoted attributes. */
export function escaped(text: string): string {
  return plain(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

/** Text without what it could do to its surroundings. */
export function plain(text: string): string {
  return printable(text)
    .replace(/[\u0080-\u009F\u2028\u2029]/g, ' ')
    .replace(TURNING, (character) => `[U+${codeOf(character)}]`)
    .replace(/[\p{Cs}\uFFFE\uFFFF]/gu, '\uFFFD');
}

/** Plain data inside a script element: no character of it ends the element. */
export function inScript(data: unknown): Html {
  const text = JSON.stringify(data).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${codeOf(character).toLowerCase()}`,
  );
  return { html: text };
}

/** Marks, embeddings, overrides and isolates of direction. */
const TURNING = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function codeOf(character: string): string {
  return character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
}

function markup(part: Part): string {
  if (typeof part === 'number') return String(part);
  if (typeof part === 'string') return escaped(part);
  return 'html' in part ? part.html : part.map((one) => one.html).join('');
}
