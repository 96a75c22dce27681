/**
 * Logs that nobody of ours wrote, or that were damaged on the way: whatever is in the file, every command that reads one answers, or says what
 * is wrong. 10,000 of them, each for one command; the same seed makes the same files.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/exit-codes.ts';
import { logServices } from '../../src/log-services.ts';
import { generator } from '../../src/proof/blocks/generator.ts';
import { newMachine } from '../../src/system/simulated/new-machine.ts';
import { readLogAt } from '../../state/source-log.ts';
import { encodeBundle } from '../../state/bundle.ts';
import { CHAIN_START, encodeRecord, type Link } from '../../state/record.ts';
import type { EventRecord } from '../../state/records.ts';
import type { SegmentRecords } from '../../state/segment.ts';
import { machineryOf } from '../support/simulated/commands.ts';
import { runCli } from './run-cli.ts';

const INPUTS = 10_000;
const SEED = Number(process.env['SLOTWRIGHT_SEED'] ?? '20261123');
const HISTORIES = path.resolve('test/histories/0.1.0');

const COMMANDS = [
  'history --from',
  'history --verify --from',
  'history last --from',
  'history 1 --from',
  'history diff 1 last --from',
  'history --at 20 --from',
  'history --last 3 --outcome completed --from',
  'why last --from',
  'replay --from',
  'replay last --until 30 --from',
  'inspect last --from',
  'inspect last --format svg --from',
  'inspect --from',
];
/** Answered; misused; a hook of it failed; no such file or log; damaged; followed elsewhere, or of a later version; cannot be done; breaks a law. */
const EXITS: readonly number[] = [
  EXIT.ok,
  EXIT.usage,
  EXIT.cloudInit,
  EXIT.statFile,
  EXIT.logDamaged,
  EXIT.logForeign,
  EXIT.unsupported,
  EXIT.lawBroken,
];

/** Each carries an operation out: one in fifty. */
const COSTLY = ['replay last --on simulated --from', 'replay last --what-if 20:kill --from'];

let place: string;
beforeAll(async () => {
  place = await mkdtemp(path.join(tmpdir(), 'foreign-'));
});
afterAll(() => rm(place, { recursive: true, force: true }));

describe('a log from somewhere', () => {
  it(
    'is read, or refused with a reason and a documented exit code, whatever is in it',
    { timeout: 600_000 },
    async () => {
      const random = generator(SEED);
      const bases = await Promise.all(
        (await readdir(HISTORIES))
          .filter((name) => name.endsWith('.bundle'))
          .map(async (name) => {
            const bytes = await readFile(path.join(HISTORIES, name));
            const { segments } = await readLogAt(path.join(HISTORIES, name));
            return { bytes, segments };
          }),
      );
      const services = logServices(machineryOf(newMachine({ slots: { active: 'x' } })));
      const pages = { write: async () => undefined, serve: unused };
      const strange: string[] = [];
      const tally = { answered: 0, refused: 0 };
      for (let input = 0; input < INPUTS; input += 1) {
        const base = bases[Math.floor(random() * bases.length)];
        if (base === undefined) throw new Error('there are no histories');
        const [how, made] = pick(random, Object.entries(FAULTS));
        const { ending, bytes } = made(random, base);
        const file = path.join(place, `log${ending}`);
        await writeFile(file, bytes);
        const command = pick(random, random() < 0.02 ? COSTLY : COMMANDS);
        const line = `${command} ${file} --json`;
        const { exit, stdout, stderr } = await runCli(line, { services: { ...services, pages } });
        const answer = JSON.parse(stdout) as { readonly error?: { readonly code: string } };
        if (answer.error === undefined) tally.answered += 1;
        else tally.refused += 1;
        const fine = stderr === '' && EXITS.includes(exit) && answer.error?.code !== 'unexpected';
        if (!fine)
          strange.push(`input ${input}, ${how}: ${command}: ${stdout.slice(0, 300)}${stderr}`);
      }
      expect(strange).toEqual([]);
      process.stdout.write(`foreign logs: ${JSON.stringify(tally)}\n`);
      expect(tally.answered).toBeGreaterThan(INPUTS / 20);
      expect(tally.refused).toBeGreaterThan(INPUTS / 5);
    },
  );
});

interface Base {
  readonly bytes: Buffer;
  readonly segments: readonly SegmentRecords[];
}
type Random = () => number;
interface Made {
  readonly ending: string;
  readonly bytes: Uint8Array | string;
}

const FAULTS: Readonly<Record<string, (random: Random, base: Base) => Made>> = {
  'bits of it flipped': (random, { bytes }) => {
    const changed = Buffer.from(bytes);
    for (let times = 1 + random() * 4; times > 0; times -= 1) {
      const at = Math.floor(random() * changed.length);
      changed[at] = (changed[at] ?? 0) ^ (1 << Math.floor(random() * 8));
    }
    return { ending: '.bundle', bytes: changed };
  },
  'cut short': (random, { bytes }) => ({
    ending: pick(random, ['.bundle', '.jsonl']),
    bytes: bytes.subarray(0, Math.floor(random() * bytes.length)),
  }),
  noise: (random) => ({
    ending: pick(random, ['.bundle', '.jsonl', '.img']),
    bytes: Buffer.from(Array.from({ length: random() * 4000 }, () => random() * 256)),
  }),
  'a huge line': (random, { bytes }) => ({
    ending: pick(random, ['.bundle', '.jsonl']),
    bytes: Buffer.concat([bytes.subarray(0, random() * bytes.length), Buffer.alloc(1_200_000, 97)]),
  }),
  'something else': (random) => ({
    ending: pick(random, ['.bundle', '.jsonl']),
    bytes: pick(random, ['', '\n\n', '{}\n', '[]', 'null\n', '{"bundle":1}\n', '{"v":1}\n', '﻿{}']),
  }),
  'of a later format': (random, { segments }) => ({
    ending: '.jsonl',
    bytes: sealed(pick(random, segments).records, (one) => ({ ...one, v: 2 + random() * 9 })),
  }),
  'lines in another order': (random, { segments }) => {
    const lines = sealed(pick(random, segments).records).split('\n');
    const [a, b] = [Math.floor(random() * lines.length), Math.floor(random() * lines.length)];
    [lines[a], lines[b]] = [lines[b] ?? '', lines[a] ?? ''];
    return { ending: '.jsonl', bytes: lines.join('\n') };
  },
  'records left out, and sealed again': (random, { segments }) => ({
    ending: '.jsonl',
    bytes: sealed(pick(random, segments).records.filter(() => random() > 0.1)),
  }),
  'records forged, and sealed again': forged,
  'records forged twice, and sealed again': forged,
  'a bundle of forged records': (random, { segments }) => {
    const { segment, records } = pick(random, segments);
    const lines = sealed(records, forgery(random, records.length)).trimEnd().split('\n');
    const read = lines.map((line) => JSON.parse(line) as EventRecord);
    return {
      ending: '.bundle',
      bytes: encodeBundle(
        [{ segment, records: read }],
        { tool: 'forger', madeAt: '2026-01-01T00:00:00Z' },
        (record) => ({ record, parts: [] }),
      ),
    };
  },
};

function forged(random: Random, { segments }: Base): Made {
  const { records } = pick(random, segments);
  return { ending: '.jsonl', bytes: sealed(records, forgery(random, records.length)) };
}

/** Changes one value somewhere in the event of one record, or in a few. */
function forgery(random: Random, count: number): (record: EventRecord) => EventRecord {
  const chosen = new Set(
    Array.from({ length: 1 + random() * 3 }, () => Math.floor(random() * count)),
  );
  let at = -1;
  return (record) => {
    at += 1;
    return chosen.has(at) ? { ...record, event: forge(random, record.event) as never } : record;
  };
}

const STRANGE: readonly unknown[] = [
  null,
  0,
  -1,
  1e308,
  '',
  'x',
  '../../etc/passwd',
  '\u001b[2J',
  '__proto__',
  [],
  {},
  [null],
  true,
  [[[]]],
];

function forge(random: Random, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || random() < 0.05) return pick(random, STRANGE);
  if (Array.isArray(value)) {
    const at = Math.floor(random() * value.length);
    return value.map((one: unknown, index) => (index === at ? forge(random, one) : one));
  }
  const keys = Object.keys(value);
  const key = pick(random, keys.length === 0 ? ['new'] : keys);
  const { [key]: old, ...rest } = value as Record<string, unknown>;
  if (random() < 0.2) return rest;
  // The type stays mostly what it is: an unknown one is passed over.
  if (key === 'type' && random() < 0.9) return forge(random, { ...rest, type: old });
  return { ...rest, [key]: forge(random, old) };
}

/** The lines of a segment whose chain is whole, whatever its records say. */
function sealed(
  records: readonly EventRecord[],
  change: (record: EventRecord) => EventRecord = (record) => record,
): string {
  let place: Link = { ...CHAIN_START, seq: (records[0]?.seq ?? 1) - 1 };
  const lines: string[] = [];
  for (const record of records) {
    try {
      const next = encodeRecord({ ...change(record), seq: place.seq + 1, prev: place.hash });
      place = { seq: next.record.seq, hash: next.record.hash };
      lines.push(next.line);
    } catch {
      // What has no form as a record cannot be in a log.
    }
  }
  return `${lines.join('\n')}\n`;
}

function pick<T>(random: Random, from: readonly T[]): T {
  const one = from[Math.floor(random() * from.length)];
  if (one === undefined) throw new Error('nothing to pick from');
  return one;
}

async function unused(): Promise<never> {
  throw new Error('nothing is served');
}
