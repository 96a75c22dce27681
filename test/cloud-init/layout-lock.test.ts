import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Target } from '../../src/cloud-init/target.ts';
import { withLayoutLock } from '../../src/cloud-init/parts/layout-lock.ts';
import type { PartContext } from '../../src/cloud-init/parts/part.ts';
import { ConfinedFiles } from '../../src/system/linux/confined-files.ts';
import { hookEnvironment, runningSystem } from '../../src/system/linux/stages.ts';
import { LoopDisk } from '../support/cloud-init/loop-disk.ts';
import { hasPrograms } from '../support/cloud-init/media.ts';
import { oneStep, runHere } from '../support/cloud-init/on-this-machine.ts';

const ready = process.getuid?.() === 0 && hasPrograms('flock', 'losetup', 'sfdisk', 'partx');
const lockFile = '/run/cos/layout.lock';

describe.skipIf(!ready)('the lock of layouts (needs root)', () => {
  let files: ConfinedFiles;
  let target: Target;

  beforeEach(async () => {
    files = await ConfinedFiles.open('/');
    target = runningSystem(files, hookEnvironment({}, {}));
  });
  afterEach(() => files.close());

  const contextWith = (signal: AbortSignal): PartContext => {
    const never = () => Promise.reject(new Error('not asked for'));
    const rest = { render: never, renderWith: never, fail: never, warn: never };
    return { target, signal, ...rest, exec: never, attempt: never };
  };
  const locked = (work: () => Promise<void>, signal = new AbortController().signal) =>
    withLayoutLock(work, contextWith(signal));
  const waiting = (): number => {
    const { ino } = statSync(lockFile);
    return readFileSync('/proc/locks', 'utf8')
      .split('\n')
      .filter((line) => line.includes('->') && line.includes(`:${String(ino)} `)).length;
  };

  it('lets one after the other do its work, and is free again when one has failed', async () => {
    const told: string[] = [];
    let end = (): void => undefined;
    const first = locked(async () => {
      told.push('first begins');
      await new Promise<void>((resolve) => {
        end = resolve;
      });
      told.push('first ends');
      throw new Error('first failed');
    });
    await vi.waitFor(() => {
      expect(told).toEqual(['first begins']);
    });
    const second = locked(async () => {
      told.push('second');
    });
    await vi.waitFor(() => {
      expect(waiting()).toBe(1);
    });
    end();
    await expect(first).rejects.toThrow('first failed');
    await second;
    expect(told).toEqual(['first begins', 'first ends', 'second']);
  });

  it('is waited for when another process has it, and an interruption ends the wait', async () => {
    await locked(() => Promise.resolve());
    const other = spawn('flock', ['-x', lockFile, 'sh', '-c', 'echo held; cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    try {
      await once(other.stdout, 'data');
      const interrupted = new AbortController();
      const work = vi.fn(() => Promise.resolve());
      const wait = locked(work, interrupted.signal);
      const outcome = expect(wait).rejects.toMatchObject({ code: 'interrupted' });
      await vi.waitFor(() => {
        expect(waiting()).toBe(1);
      });
      interrupted.abort();
      await outcome;
      expect(work).not.toHaveBeenCalled();
      expect(waiting()).toBe(0);
    } finally {
      other.stdin.end();
      await once(other, 'exit');
    }
  });

  it('is asked for by name where the program for it is not there', async () => {
    const disk = new LoopDisk(10, { script: 'label: gpt\nsize=5MiB\n' });
    try {
      const layout = { device: { path: disk.node }, expand_partition: { size: 0 } };
      const without = (around: Target): Target => ({
        ...around,
        exec: (request) => around.exec({ ...request, environment: { PATH: disk.folder } }),
      });
      const told = await runHere(oneStep({ layout }), without);
      expect(told.failures).toEqual([expect.stringContaining('are not there: flock')]);
    } finally {
      disk.discard();
    }
  });

  it('stays with work that is interrupted until it has ended', async () => {
    const interrupted = new AbortController();
    let isFree: number | null = 0;
    await locked(async () => {
      interrupted.abort();
      const [code] = (await once(spawn('flock', ['-x', '-n', lockFile, 'true']), 'exit')) as [
        number | null,
      ];
      isFree = code;
    }, interrupted.signal);
    expect(isFree).toBe(1);
  });

  it('can be taken by nobody who is not root', async () => {
    await locked(() => Promise.resolve());
    expect(existsSync(lockFile)).toBe(true);
    expect(statSync(lockFile)).toMatchObject({ uid: 0, mode: 0o100600 });
  });
});
