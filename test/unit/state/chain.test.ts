import { describe, expect, it } from 'vitest';
import { SlotwrightError } from '../../../src/errors.ts';
import { EXIT } from '../../../src/exit-codes.ts';
import { verifyChain, type Chain } from '../../../state/chain.ts';
import { encodeRecord, GENESIS, type Link } from '../../../state/record.ts';
import type { LifecycleEvent } from '../../../state/records.ts';
import { completed, interrupted, started } from './sample-log.ts';

interface Segment {
  readonly segment: string;
  readonly bytes: Buffer;
}

/** Three segments: two finished, one that goes on. */
function sampleLog(): { readonly log: readonly Segment[]; readonly places: readonly Link[] } {
  const places: Link[] = [{ seq: 0, hash: GENESIS }];
  const segment = (name: string, op: string, events: readonly LifecycleEvent[]): Segment => {
    const lines = events.map((event) => {
      const last = places.at(-1)!;
      const envelope = { v: 1, seq: last.seq + 1, op, at: '2026-01-01T00:00:00.000Z', mono: 1 };
      const { line, record } = encodeRecord({ ...envelope, event, prev: last.hash });
      places.push({ seq: record.seq, hash: record.hash });
      return `${line}\n`;
    });
    return { segment: name, bytes: Buffer.from(lines.join('')) };
  };
  const log = [
    segment('000001-install-a', 'a', [
      { type: 'chain.started', reason: 'first' },
      started('install'),
      completed(),
    ]),
    segment('000002-reset-b', 'b', [started('reset'), completed()]),
    segment('000003-upgrade-c', 'c', [started('upgrade'), interrupted('one'), interrupted('two')]),
  ];
  return { log, places };
}

const { log, places } = sampleLog();
const head = places.at(-1)!;

function verdict(changed: readonly Segment[], anchor?: Link): Chain | SlotwrightError {
  try {
    return verifyChain(changed, anchor);
  } catch (error) {
    if (error instanceof SlotwrightError) return error;
    throw error;
  }
}

/** The log with one segment's bytes replaced. */
function withBytes(index: number, bytes: Buffer): readonly Segment[] {
  return log.map((held, at) => (at === index ? { ...held, bytes } : held));
}

function flipped(bytes: Buffer, at: number, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = copy[at]! ^ (1 << bit);
  return copy;
}

describe('a whole log', () => {
  it('is accepted, with and without an anchor', () => {
    expect(verifyChain(log)).toMatchObject({ head, leftovers: [] });
    for (const anchor of places) expect(verifyChain(log, anchor).tornTail).toBeUndefined();
  });

  it('is refused by the name of its format when a newer tool wrote the last line', () => {
    const last = log[2]!;
    for (const more of ['{"v":2,"something":"else"}\n', '{"v":12,"some']) {
      const found = verdict(withBytes(2, Buffer.concat([last.bytes, Buffer.from(more)])));
      expect(found).toMatchObject({ code: 'log-foreign', exit: EXIT.logForeign });
      expect(found).toHaveProperty('message', expect.stringContaining('000003-upgrade-c, line 4'));
    }
  });
});

describe.each([0, 1, 2])('every byte of segment %d flipped', (index) => {
  const { bytes, segment } = log[index]!;
  const lastLine = bytes.lastIndexOf(0x0a, bytes.length - 2) + 1;
  const cases = [...bytes.keys()].flatMap((at) => [0, 3, 5].map((bit) => ({ at, bit })));

  it('is refused by name, or cut off as a torn tail of one record', () => {
    for (const { at, bit } of cases) {
      const found = verdict(withBytes(index, flipped(bytes, at, bit)));
      if (found instanceof SlotwrightError) {
        expect(['log-damaged', 'log-foreign']).toContain(found.code);
        expect(found.message).toContain(segment);
        expect(found.reason).toBeTruthy();
        expect(found.hint).toBeTruthy();
      } else {
        expect(index).toBe(2);
        expect(at).toBeGreaterThanOrEqual(lastLine);
        expect(found.tornTail).toMatchObject({ segment, keep: lastLine });
        expect(found.head).toEqual(places.at(-2));
      }
    }
  });

  it('is refused wherever it is, once the last record is known to be acknowledged', () => {
    for (const { at, bit } of cases) {
      const found = verdict(withBytes(index, flipped(bytes, at, bit)), head);
      expect(found).toBeInstanceOf(SlotwrightError);
    }
  });
});

describe('every truncation', () => {
  it('of the last segment leaves whole records and a torn tail', () => {
    const { bytes } = log[2]!;
    const ends = [...bytes.keys()].filter((at) => at === 0 || bytes[at - 1] === 0x0a);
    for (let length = 0; length < bytes.length; length += 1) {
      const found = verdict(withBytes(2, bytes.subarray(0, length)));
      const keep = Math.max(...ends.filter((end) => end <= length));
      expect(found).not.toBeInstanceOf(SlotwrightError);
      expect(found).toHaveProperty('head', places[5 + ends.indexOf(keep)]);
      if (keep !== length || length === 0) {
        expect(found).toMatchObject({ tornTail: { keep, bytes: length - keep } });
      }
    }
  });

  it('of the last segment is refused when it takes acknowledged records', () => {
    const { bytes } = log[2]!;
    for (let length = 0; length < bytes.length; length += 1) {
      const found = verdict(withBytes(2, bytes.subarray(0, length)), head);
      expect(found).toMatchObject({
        code: 'log-damaged',
        reason: expect.stringContaining('acknowledged') as string,
      });
    }
  });

  it.each([0, 1])('of segment %d is refused', (index) => {
    const { bytes, segment } = log[index]!;
    for (let length = 0; length < bytes.length; length += 1) {
      const found = verdict(withBytes(index, bytes.subarray(0, length)));
      expect(found).toMatchObject({ code: 'log-damaged', exit: EXIT.logDamaged });
      const next = log[index + 1]!.segment;
      expect(found).toHaveProperty('message', expect.stringMatching(`${segment}|${next}`));
    }
  });
});

describe('another history', () => {
  it.each([0, 1])('without segment %d is refused', (index) => {
    expect(verdict(log.filter((_, at) => at !== index))).toMatchObject({ code: 'log-damaged' });
  });

  it('without the last segment is refused once its records are known to be acknowledged', () => {
    expect(verdict(log.slice(0, 2), head)).toMatchObject({ code: 'log-damaged' });
    expect(verdict([], head)).toMatchObject({ files: [] });
  });

  it('of the same length is refused by the hash of the acknowledged record', () => {
    const found = verdict(log, { seq: head.seq, hash: 'e'.repeat(64) });
    expect(found).toHaveProperty('reason', expect.stringContaining('is not the one'));
  });

  it('under another name is refused', () => {
    const renamed = log.map((held) =>
      held.segment === '000002-reset-b' ? { ...held, segment: '000002-reset-x' } : held,
    );
    expect(verdict(renamed)).toMatchObject({ reason: 'it belongs to operation b' });
  });

  it('with a record left out, repeated or moved is refused', () => {
    const lines = log[2]!.bytes.toString().split(/(?<=\n)/);
    const shuffles = [
      [0, 2],
      [0, 0, 1, 2],
      [0, 2, 1],
      [1, 2],
      [0, 1, 2, 2],
    ];
    for (const order of shuffles) {
      const bytes = Buffer.from(order.map((at) => lines[at]).join(''));
      expect(verdict(withBytes(2, bytes))).toMatchObject({ code: 'log-damaged' });
    }
  });

  it('with a line no writer would write is refused, even at the end', () => {
    const long = Buffer.concat([log[2]!.bytes, Buffer.alloc(1024 * 1024 + 2, 0x41)]);
    expect(verdict(withBytes(2, long))).toMatchObject({ code: 'log-damaged' });
  });
});
