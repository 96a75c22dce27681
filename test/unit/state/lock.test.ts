import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';
import { expect, it, onTestFinished } from 'vitest';
import { LockedError } from '../../../src/errors.ts';
import { EXIT } from '../../../src/exit-codes.ts';
import { acquireLock, lockHolder } from '../../../state/lock.ts';
import { scratch } from './sample-log.ts';

const LOCK = path.resolve(import.meta.dirname, '../../../state/lock.ts');

/** A real process that takes the lock with our own code, says so, and sleeps. */
async function holder(directory: string): Promise<ChildProcess> {
  const program = path.join(await scratch(), 'holder.cjs');
  const contents = `
    import { acquireLock } from ${JSON.stringify(LOCK)};
    void acquireLock(process.argv[2] ?? '').then((lock) => {
      process.stdout.write('held');
      setInterval(() => lock, 1000);
    });
  `;
  await build({
    stdin: { contents, loader: 'ts', resolveDir: import.meta.dirname },
    bundle: true,
    platform: 'node',
    outfile: program,
  });
  const child = spawn(process.execPath, [program, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  expect(said.toString()).toBe('held');
  return child;
}

it('the lock is taken by one at a time, and free after its release', async () => {
  const directory = await scratch();
  const lock = await acquireLock(directory);
  await expect(acquireLock(directory)).rejects.toBeInstanceOf(LockedError);
  await lock.release();
  await lock.release();
  const again = await acquireLock(directory);
  await again.release();
  expect(await readdir(directory)).toEqual([]);
});

it('the lock is refused with the name of its holder and what to do', async () => {
  const directory = await scratch();
  const child = await holder(directory);
  await expect(acquireLock(directory)).rejects.toMatchObject({
    code: 'locked',
    exit: EXIT.locked,
    reason: expect.stringMatching(new RegExp(`process ${child.pid!} \\(.*node`)) as string,
    hint: expect.stringContaining('wait until it has finished') as string,
  });
});

it('the holder of a lock is told to whoever asks, as long as there is one', async () => {
  const directory = await scratch();
  expect(await lockHolder(directory)).toBeUndefined();
  const child = await holder(directory);
  expect(await lockHolder(directory)).toMatch(new RegExp(`^process ${child.pid!} \\(.*node`));
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await lockHolder(directory)).toBeUndefined();
});

it('the lock is free at once after its holder was killed', async () => {
  const directory = await scratch();
  const child = await holder(directory);
  await expect(acquireLock(directory)).rejects.toBeInstanceOf(LockedError);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const lock = await acquireLock(directory);
  await lock.release();
});

it('the lock is not carried away by a child that outlives its holder', async () => {
  const directory = await scratch();
  const lock = await acquireLock(directory);
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'spawn');
  await lock.release();
  const again = await acquireLock(directory);
  await again.release();
});
