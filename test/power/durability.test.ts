/**
 * What an adapter calls durable, one promise after the other: made on a real ext4, which is then shut down without being written out and
 * mounted again. The kernel's own writing back is put off, so that nothing is durable by luck.
 */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shutDown } from '../../src/sandbox/power.ts';
import { missingForRealMachine } from '../../src/sandbox/requirements.ts';
import type { System } from '../../src/system/port.ts';
import { makeDirectoryDurably } from '../../state/durable-file.ts';
import { openJsonlStore, type JsonlEventStore } from '../../state/jsonl-store.ts';
import { loopMachine, tool, type LoopMachine } from '../contract/support/loop-machine.ts';
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
];

describe.skipIf(missing !== undefined)('after a power cut', () => {
  let machine: LoopMachine;
  let folders = 0;

  beforeAll(async () => {
    machine = await loopMachine();
    await putOffWriting();
  });
  afterAll(() => machine.discard());

  it.each(promises)('there is $name', async ({ act, found, is }) => {
    const at = await folder();
    await act(at, machine.system);
    await cut();
    expect(await found(at, machine.system)).toEqual(is);
  });

  it('there is whatever was written before a checkpoint', async () => {
    const at = await folder();
    await writeAsidePlainly(at);
    await machine.system.settle.checkpoint(machine.stateAt);
    await cut();
    expect(await readNote(at, machine.system)).toBe('plain');
  });

  it('there is nothing of what nobody settled', async () => {
    const at = await folder();
    await writeAsidePlainly(at);
    await cut();
    expect(await readNote(at, machine.system)).toBeUndefined();
  });

  async function folder(): Promise<string> {
    const at = path.join(machine.stateAt, `cut-${++folders}`);
    await mkdir(at);
    await tool('sync', '--file-system', at);
    return at;
  }

  async function cut(): Promise<void> {
    await shutDown([machine.stateAt]);
    await tool('umount', machine.stateAt);
    await tool('mount', `${machine.disk}p3`, machine.stateAt);
    await putOffWriting();
  }

  /** ext4 writes its journal every five seconds on its own. */
  const putOffWriting = () => tool('mount', '-o', 'remount,commit=3600', machine.stateAt);
});

async function writeAsidePlainly(at: string): Promise<void> {
  await writeFile(path.join(at, 'aside'), 'plain');
  await rename(path.join(at, 'aside'), note(at));
}
