import { bytesToText, holdsBytes, textToBytes } from '../byte-text.ts';

/** The length that Go's `len` gives: bytes, of which those that are no UTF-8 stand in a text as lone surrogates. */
export function byteLength(text: string): number {
  return isAscii(text) ? text.length : textToBytes(text).length;
}

/** Joins stray bytes that have come to stand beside each other and make a letter. */
export function mended(text: string): string {
  return holdsBytes(text) ? bytesToText(textToBytes(text)) : text;
}

/** Whether bytes and letters are the same thing. */
export function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}

/** A text of sound letters only, as Go reads JSON: what is none becomes the replacement letter. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}
