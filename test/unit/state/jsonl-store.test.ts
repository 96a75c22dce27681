import { execFile } from 'node:child_process';
import { appendFile, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ensureBallast, freeBallast } from '../../../state/ballast.ts';
import { fileOps, type FileOps } from '../../../state/file-ops.ts';
import {
  JsonlEventStore,
  openJsonlStore,
  type JsonlStoreOptions,
} from '../../../state/jsonl-store.ts';
import { completed, countingClock, interrupted, scratch, started } from './sample-log.ts';

const run = promisify(execFile);
const root = process.getuid?.() === 0;

async function opened(directory: string, options: Partial<JsonlStoreOptions> = {}) {
  const store = await openJsonlStore({
    directory,
    clock: countingClock(),
    access: 'append',
    ...options,
  });
  onTestFinished(() => store.release());
  return store;
}

/** One finished operation and one that goes on. */
async function sample(directory: string) {
  const store = await opened(directory);
  const install = await store.begin('install', 'aaaa');
  await store.append(started('install'));
  await store.append(completed());
  const upgrade = await store.begin('upgrade', 'bbbb');
  await store.append(started('upgrade'));
  await store.append(interrupted('one'));
  await store.release();
  return {
    store,
    install,
    upgrade,
    file: path.join(directory, 'events', `${upgrade.segment}.jsonl`),
  };
}

/** Every file with its content, to show that nothing was changed. */
async function contents(directory: string): Promise<Record<string, string>> {
  const events = path.join(directory, 'events');
  const names = await readdir(events);
  const texts = names.map(async (name) => [name, await readFile(path.join(events, name), 'utf8')]);
  return Object.fromEntries((await Promise.all(texts)) as [string, string][]);
}

describe('the log on disk', () => {
  it('is one private directory with one private file per operation', async () => {
    const directory = path.join(await scratch(), 'deep', 'state');
    const { file } = await sample(directory);
    expect((await stat(path.join(directory, 'events'))).mode & 0o777).toBe(0o700);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(path.join(directory, 'events'))).toEqual([
      '000001-install-aaaa.jsonl',
      '000002-upgrade-bbbb.jsonl',
    ]);
  });

  it('is readable with less and grep: one line of JSON a record, the hash last', async () => {
    const { file } = await sample(await scratch());
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    for (const line of lines) {
      expect(Object.keys(JSON.parse(line) as object)).toEqual([
        'v',
        'seq',
        'op',
        'at',
        'mono',
        'event',
        'prev',
        'hash',
      ]);
    }
  });

  it('is not created by reading, and takes nothing when opened for reading', async () => {
    const directory = await scratch();
    const reader = await opened(directory, { access: 'read' });
    expect(await reader.segments()).toEqual([]);
    await expect(reader.begin('upgrade', 'x')).rejects.toMatchObject({ code: 'log-read-only' });
    expect(await readdir(directory)).toEqual([]);
  });

  it('shows a reader the records that were there when it opened', async () => {
    const directory = await scratch();
    const { upgrade } = await sample(directory);
    const reader = await opened(directory, { access: 'read' });
    const writer = await opened(directory);
    await writer.continue(upgrade.segment);
    await writer.append(interrupted('later'));
    expect(await reader.read(upgrade.segment)).toHaveLength(2);
  });

  it('is refused when a link stands where a segment should be', async () => {
    const directory = await scratch();
    const { file } = await sample(directory);
    await run('mv', [file, `${file}.real`]);
    await run('ln', ['-s', `${file}.real`, file]);
    await expect(opened(directory)).rejects.toMatchObject({ code: 'log-unreadable' });
  });
});

describe('a torn tail', () => {
  it('is cut off and recorded by the next writer', async () => {
    const directory = await scratch();
    const { upgrade, file } = await sample(directory);
    await appendFile(file, '{"v":1,"seq":6,"op":"bb');
    const store = await opened(directory);
    expect(store.tornTail).toMatchObject({ segment: upgrade.segment, line: 3, bytes: 23 });
    expect((await store.read(upgrade.segment)).at(-1)?.event).toEqual({
      type: 'log.repaired',
      segment: upgrade.segment,
      cutBytes: 23,
    });
    expect((await opened(directory)).tornTail).toBeUndefined();
  });

  it('is told to a reader and left as it is', async () => {
    const directory = await scratch();
    const { upgrade, file } = await sample(directory);
    await appendFile(file, '{"v":1');
    const before = await contents(directory);
    const reader = await opened(directory, { access: 'read' });
    expect(reader.tornTail).toMatchObject({ bytes: 6 });
    expect(await reader.read(upgrade.segment)).toHaveLength(2);
    expect(await contents(directory)).toEqual(before);
  });

  it('of a segment that holds nothing else takes the segment with it', async () => {
    const directory = await scratch();
    const { install, file } = await sample(directory);
    await truncate(file, 40);
    const store = await opened(directory);
    expect(await store.segments()).toEqual([install]);
    const { segment } = await store.begin('upgrade', 'cccc');
    expect(segment).toBe('000002-upgrade-cccc');
    const [first] = await store.read(segment);
    expect(first?.event).toMatchObject({ type: 'log.repaired', cutBytes: 40 });
  });

  it('that takes acknowledged records with it is damage, and nothing is changed', async () => {
    const directory = await scratch();
    const { store, file } = await sample(directory);
    await truncate(file, (await stat(file)).size - 1);
    const before = await contents(directory);
    await expect(opened(directory, { anchor: store.place() })).rejects.toMatchObject({
      code: 'log-damaged',
    });
    expect(await contents(directory)).toEqual(before);
  });

  it('that begins a record of a newer format is never cut', async () => {
    const directory = await scratch();
    const { file } = await sample(directory);
    await appendFile(file, '{"v":2,"se');
    const before = await contents(directory);
    await expect(opened(directory)).rejects.toMatchObject({ code: 'log-foreign' });
    expect(await contents(directory)).toEqual(before);
  });
});

describe('a flipped byte', () => {
  it('anywhere in the files is refused with nothing changed, or costs one record and says so', async () => {
    const directory = await scratch();
    const { upgrade, install, file } = await sample(directory);
    const history = await (async () => {
      const reader = await opened(directory, { access: 'read' });
      return [...(await reader.read(install.segment)), ...(await reader.read(upgrade.segment))];
    })();
    const whole = await contents(directory);
    for (const name of Object.keys(whole)) {
      const target = path.join(directory, 'events', name);
      const bytes = await readFile(target);
      for (let at = 0; at < bytes.length; at += 29) {
        const flipped = Buffer.from(bytes);
        flipped[at] = (flipped[at] ?? 0) ^ 4;
        await writeFile(target, flipped);
        const before = await contents(directory);
        const verdict = await opened(directory).catch((error: unknown) => error);
        if (verdict instanceof JsonlEventStore) {
          expect(target).toBe(file);
          const kept = [];
          for (const { segment } of await verdict.segments())
            kept.push(...(await verdict.read(segment)));
          expect(kept.slice(0, -1)).toEqual(history.slice(0, -1));
          expect(kept.at(-1)?.event.type).toBe('log.repaired');
          await verdict.release();
        } else {
          expect(verdict).toMatchObject({ code: expect.stringMatching(/^log-/) as string });
          expect(await contents(directory)).toEqual(before);
        }
        await writeFile(target, bytes);
      }
    }
  });
});

describe('a lost log', () => {
  it('starts a chain that names the one it cannot show', async () => {
    const directory = await scratch();
    const { store } = await sample(directory);
    const anchor = store.place();
    await rm(path.join(directory, 'events'), { recursive: true });
    const next = await opened(directory, { anchor });
    const { segment } = await next.begin('upgrade', 'cccc');
    expect((await next.read(segment))[0]?.event).toEqual({
      type: 'chain.started',
      reason: 'log-lost',
      previous: anchor.hash,
    });
    await next.release();
    await expect(opened(directory, { anchor })).resolves.toBeDefined();
  });

  it('is not mistaken for a new one when the files are there and empty', async () => {
    const directory = await scratch();
    const { store, file, install } = await sample(directory);
    await truncate(file, 0);
    await truncate(path.join(directory, 'events', `${install.segment}.jsonl`), 0);
    await expect(opened(directory, { anchor: store.place() })).rejects.toMatchObject({
      code: 'log-damaged',
    });
  });
});

describe('a failing disk', () => {
  const failing = (name: keyof FileOps, code: string): FileOps & { broken: boolean } => ({
    ...fileOps,
    broken: false,
    async [name](this: { broken: boolean }, ...args: never[]) {
      if (this.broken) throw Object.assign(new Error(`${code} injected`), { code });
      return (fileOps[name] as (...all: never[]) => Promise<never>)(...args);
    },
  });

  it.each(['write', 'datasync'] as const)(
    'that fails at %s poisons the store for ever',
    async (name) => {
      const directory = await scratch();
      const files = failing(name, 'EIO');
      const store = await opened(directory, { files });
      const { segment } = await store.begin('install', 'aaaa');
      const before = store.place();
      files.broken = true;
      const failed = store.append(started('install'));
      const queued = store.append(interrupted('queued behind it'));
      await expect(failed).rejects.toMatchObject({ code: 'log-write-failed' });
      await expect(queued).rejects.toMatchObject({ code: 'log-poisoned' });
      files.broken = false;
      await expect(store.append(started('install'))).rejects.toMatchObject({
        code: 'log-poisoned',
      });
      await expect(store.begin('upgrade', 'b')).rejects.toMatchObject({ code: 'log-poisoned' });
      await expect(store.continue(segment)).resolves.toBeUndefined();
      await expect(store.append(started('install'))).rejects.toMatchObject({
        code: 'log-poisoned',
      });
      expect(store.place()).toEqual(before);
      await expect(opened(directory, { anchor: before })).resolves.toBeDefined();
    },
  );

  it('that is full gets its ballast back once, and the append succeeds', async () => {
    const directory = await scratch();
    const calls: string[] = [];
    let full = true;
    const files: FileOps = {
      ...fileOps,
      async write(handle, bytes) {
        calls.push('write');
        return full ? fileOps.write(handle, bytes.subarray(0, 10)) : fileOps.write(handle, bytes);
      },
      async truncate(handle, length) {
        calls.push('truncate');
        await fileOps.truncate(handle, length);
      },
    };
    const onNoSpace = async () => {
      calls.push('free');
      full = false;
      return true;
    };
    const store = await opened(directory, { files, onNoSpace });
    const { segment } = await store.begin('install', 'aaaa');
    await store.append(started('install'));
    expect(calls).toEqual(['write', 'truncate', 'free', 'write']);
    expect((await (await opened(directory)).read(segment)).map(({ seq }) => seq)).toEqual([1, 2]);
  });

  it('that stays full leaves a clean tail and says so', async () => {
    const directory = await scratch();
    const files: FileOps = {
      ...fileOps,
      write: async (handle, bytes) => fileOps.write(handle, bytes.subarray(0, 10)),
    };
    const store = await opened(directory, { files, onNoSpace: async () => true });
    await store.begin('install', 'aaaa');
    await expect(store.append(started('install'))).rejects.toMatchObject({ code: 'log-no-space' });
    expect((await opened(directory)).tornTail).toBeUndefined();
  });

  it('whose sync finds no space is not tried again', async () => {
    const directory = await scratch();
    const files = failing('datasync', 'ENOSPC');
    let freed = 0;
    const onNoSpace = async () => (freed += 1) > 0;
    const store = await opened(directory, { files, onNoSpace });
    await store.begin('install', 'aaaa');
    files.broken = true;
    await expect(store.append(started('install'))).rejects.toMatchObject({
      code: 'log-write-failed',
    });
    expect(freed).toBe(0);
  });
});

describe.skipIf(!root)('on a file system of its own (needs root to mount)', () => {
  async function mounted(bytes: number): Promise<string> {
    const directory = await scratch();
    await run('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'slotwright-test', directory]);
    onTestFinished(async () => {
      await run('umount', ['--lazy', directory]);
    });
    return directory;
  }

  it('that others fill has room for what is still to be recorded, and gives it back', async () => {
    const directory = await mounted(8 * 2 ** 20);
    const store = await opened(directory);
    const { segment } = await store.begin('install', 'aaaa');
    await store.append(started('install'));
    const filler = path.join(directory, 'filler');
    await expect(writeFile(filler, Buffer.alloc(9 * 2 ** 20))).rejects.toMatchObject({
      code: 'ENOSPC',
    });
    for (let count = 0; count < 200; count += 1) {
      // Nothing of ours is open while the file system is checkpointed.
      await store.release();
      await store.append(interrupted('x'.repeat(500)));
    }
    await store.append(completed());
    expect(await (await opened(directory)).read(segment)).toHaveLength(203);
    const { blocks, size } = await stat(path.join(directory, 'events', `${segment}.jsonl`));
    expect(blocks * 512).toBeLessThan(size + 8192);
  });

  it('a full disk gives up its ballast, and the failure can still be recorded', async () => {
    const directory = await mounted(2 * 1024 * 1024);
    expect(await ensureBallast(directory, 256 * 1024)).toBe(true);
    const store = await opened(directory, { onNoSpace: () => freeBallast(directory) });
    const { segment } = await store.begin('upgrade', 'aaaa');
    await writeFile(path.join(directory, 'big'), Buffer.alloc(4 * 1024 * 1024)).catch(
      () => undefined,
    );
    const events = Array.from({ length: 20 }, (_, at) =>
      interrupted(`${String(at)}${'x'.repeat(4096)}`),
    );
    for (const event of events) await store.append(event);
    expect(await readdir(directory)).not.toContain('ballast');
    expect(await store.read(segment)).toHaveLength(21);
  });

  it('the file system can be made current between a release and the next append', async () => {
    const directory = await mounted(2 * 1024 * 1024);
    const store = await opened(directory);
    const { segment } = await store.begin('upgrade', 'aaaa');
    await store.append(started('upgrade'));
    await expect(run('mount', ['-o', 'remount,ro', directory])).rejects.toThrow(/busy/);
    await store.release();
    await run('mount', ['-o', 'remount,ro', directory]);
    expect(await store.read(segment)).toHaveLength(2);
    await run('mount', ['-o', 'remount,rw', directory]);
    await store.append(interrupted('after'));
    expect(await store.read(segment)).toHaveLength(3);
  });
});
