/**
 * What an adapter calls durable, one promise after the other: made on a real ext4, which is then shut down without being written out and
 * mounted again. The kernel's own writing back is put off, so that nothing is durable by luck.
 */
import { copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shutDown } from '../../src/sandbox/power.ts';
import { missingForRealMachine } from '../../src/sandbox/requirements.ts';
import type { System } from '../../src/system/port.ts';
import { makeDirectoryDurably } from '../../state/durable-file.ts';
import { openJsonlStore, type JsonlEventStore } from '../../state/jsonl-store.ts';
import { createLinuxSystem } from '../../src/system/linux/index.ts';
import { tool } from '../contract/support/loop-machine.ts';
import { noStages } from '../support/no-stages.ts';
import { countingClock, started } from '../unit/state/sample-log.ts';

const missing = await missingForRealMachine();
if (missing !== undefined) process.stdout.write(`durable promises: left out, ${missing}\n`);

/** Done, and then found again by whoever looks after the cut. */
interface Promised {
  readonly name: string;
  readonly act: (at: string, system: System) => Promise<void>;
  readonly found: (at: string, system: System) => Promise<unknown>;
  readonly is: unknown;
}

const note = (at: string): string => path.join(at, 'note');
const readNote = (at: string, { files }: System) => files.readText(note(at));

const openLog = (at: string, access: 'append' | 'read'): Promise<JsonlEventStore> =>
  openJsonlStore({ directory: path.join(at, 'log'), clock: countingClock(), access });
const eventsIn = async (at: string): Promise<readonly string[]> => {
  const store = await openLog(at, 'read');
  const types: string[] = [];
  for (const { segment } of await store.segments()) {
    types.push(...(await store.read(segment)).map(({ event }) => event.type));
  }
  return types;
};
async function logWith(at: string, operations: readonly string[], records: number): Promise<void> {
  const store = await openLog(at, 'append');
  for (const operation of operations) {
    await store.begin(operation, operation);
    for (let count = 0; count < records; count += 1) await store.append(started(operation));
  }
  await store.release();
}

const promises: readonly Promised[] = [
  {
    name: 'a new file',
    act: (at, { files }) => files.writeText(note(at), 'new', 0o600),
    found: readNote,
    is: 'new',
  },
  {
    name: 'a replaced file',
    act: async (at, { files, settle }) => {
      await files.writeText(note(at), 'old', 0o600);
      await settle.sync([at]);
      await files.writeText(note(at), 'new', 0o600);
    },
    found: readNote,
    is: 'new',
  },
  {
    name: 'a fetched file',
    act: async (at, { files, images, settle }) => {
      const from = path.join(at, 'from');
      await files.writeText(from, 'text', 0o600);
      await settle.sync([at]);
      await images.fetch(from, note(at), 0o600, { signal: new AbortController().signal });
    },
    found: readNote,
    is: 'text',
  },
  {
    name: 'a directory in a directory',
    act: (at) => makeDirectoryDurably(path.join(at, 'a/b'), 0o700),
    found: async (at, { files }) => (await files.stat(path.join(at, 'a/b')))?.kind,
    is: 'directory',
  },
  {
    name: 'the beginning of a log',
    act: (at) => logWith(at, ['upgrade'], 0),
    found: eventsIn,
    is: ['chain.started'],
  },
  {
    name: 'a record of a log',
    act: (at) => logWith(at, ['upgrade'], 1),
    found: eventsIn,
    is: ['chain.started', 'operation.started'],
  },
  {
    name: 'records in further segments',
    act: (at) => logWith(at, ['upgrade', 'reset', 'deploy'], 1),
    found: eventsIn,
    is: ['chain.started', 'operation.started', 'operation.started', 'operation.started'],
  },
  {
    name: 'a new environment block',
    act: (at, { boot }) => boot.writeEnvironment(note(at), { tries: '3' }),
    found: (at, { boot }) => boot.readEnvironment(note(at)),
    is: { tries: '3' },
  },
  {
    name: 'a change of an environment block',
    act: async (at, { boot }) => {
      await boot.writeEnvironment(note(at), { tries: '3' });
      await boot.writeEnvironment(note(at), { tries: '2' });
    },
    found: (at, { boot }) => boot.readEnvironment(note(at)),
    is: { tries: '2' },
  },
  {
    name: 'whatever was written before a sync',
    act: async (at, { settle }) => {
      await writeAsidePlainly(at);
      await settle.sync([at]);
    },
    found: readNote,
    is: 'plain',
  },
  {
    name: 'whatever was written before a checkpoint',
    act: async (at, { settle }) => {
      await writeAsidePlainly(at);
      await settle.checkpoint(at);
    },
    found: readNote,
    is: 'plain',
  },
];

describe.skipIf(missing !== undefined)('after a power cut', () => {
  const system = createLinuxSystem({ stages: noStages });
  let folder: string;
  let cuts = 0;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'slotwright-durable-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(promises)('there is $name', async ({ act, found, is }) => {
    expect(await afterCut(act, found)).toEqual(is);
  });

  it('there is nothing of what nobody settled', async () => {
    expect(await afterCut(writeAsidePlainly, readNote)).toBeUndefined();
  });

  /** Each on a disk of its own; looked at is a copy, whoever else may still hold the one that was cut. */
  async function afterCut(act: Promised['act'], found: Promised['found']): Promise<unknown> {
    const disk = path.join(folder, `${++cuts}.img`);
    await tool('mke2fs', '-q', '-t', 'ext4', disk, '64M');
    // ext4 writes its journal every five seconds on its own: not here.
    await whileMounted(disk, 'loop,commit=3600', async (at) => {
      await act(at, system);
      await shutDown([at]);
    });
    await copyFile(disk, `${disk}.copy`);
    return whileMounted(`${disk}.copy`, 'loop', (at) => found(at, system));
  }

  async function whileMounted<T>(
    disk: string,
    options: string,
    work: (at: string) => Promise<T>,
  ): Promise<T> {
    const at = `${disk}.mounted`;
    await mkdir(at);
    await tool('mount', '-o', options, disk, at);
    try {
      return await work(at);
    } finally {
      await tool('umount', at);
    }
  }
});

async function writeAsidePlainly(at: string): Promise<void> {
  await writeFile(path.join(at, 'aside'), 'plain');
  await rename(path.join(at, 'aside'), note(at));
}
