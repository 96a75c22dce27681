import { expect } from 'vitest';

/** Matches any text with this in it. */
export function containing(text: string): unknown {
  return expect.stringContaining(text);
}
