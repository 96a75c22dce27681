import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesToText, holdsBytes, textToBytes } from '../../../src/cloud-init/byte-text.ts';

const pieces = fc.oneof(
  fc.uint8Array(),
  fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
  // Overlong, a surrogate, past the last letter, cut off, and the replacement letter itself.
  ...['c080', 'e0808a', 'eda080', 'f4908080', 'f09f98', 'efbfbd', 'efbfbdff', '80', 'ff'].map(
    (hex) => fc.constant(Buffer.from(hex, 'hex')),
  ),
);

describe('bytes as text', () => {
  it('come out as they went in', () => {
    fc.assert(
      fc.property(fc.array(pieces), (parts) => {
        const bytes = Buffer.concat(parts);
        expect(textToBytes(bytesToText(bytes)).equals(bytes)).toBe(true);
      }),
    );
  });

  it('are the text itself where they are UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(bytesToText(Buffer.from(text))).toBe(text);
        expect(holdsBytes(text)).toBe(false);
      }),
    );
  });

  it('keep their letters beside bytes that are none', () => {
    expect(bytesToText(Buffer.from('c3a9f09f9880ff', 'hex'))).toBe('é😀\udcff');
    expect(holdsBytes('é😀\udcff')).toBe(true);
  });
});
