/** As much of a text as a page can bear: its beginning and its end, which says most of what went wrong. */
import { plain } from './html.ts';
import { bytes } from '../quantity.ts';

export interface Excerpt {
  readonly head: string;
  /** Absent when nothing was left out. */
  readonly rest?: { readonly left: string; readonly tail: string };
}

/** `room`: bytes of markup that it may take. */
export function excerpt(text: string, room: number): Excerpt {
  const whole = plain(text);
  if (cost(whole) <= room) return { head: whole };
  let length = Math.min(whole.length, room);
  for (;;) {
    const head = whole.slice(0, Math.ceil((length * 2) / 3));
    const tail = whole.slice(whole.length - Math.floor(length / 3));
    if (length <= 1 || cost(head) + cost(tail) <= room) {
      const left = whole.slice(head.length, whole.length - tail.length);
      return { head, rest: { left: bytes(Buffer.byteLength(left)), tail } };
    }
    length = Math.floor(length * 0.7);
  }
}

/** In one line. */
export function shortened(text: string, room: number): string {
  const { head, rest } = excerpt(text, room);
  return rest === undefined ? head : `${head} … ${rest.tail}`;
}

/** Every character of markup takes up to six bytes. */
function cost(text: string): number {
  return Buffer.byteLength(text) + 5 * (text.match(/[&<>"']/g)?.length ?? 0);
}
