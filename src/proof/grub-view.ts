import { rm } from 'node:fs/promises';
import { execa } from 'execa';
import { HOST_PATH } from '../sandbox/host-command.ts';
import type { Run } from './errands.ts';
import { OWN_HANDS } from './hands.ts';

/** A file as GRUB reads it: its bytes in `copy`, or why there are none. */
export type GrubSight = { readonly copy: string } | 'garbage' | 'absent';

/**
 * Reads a file of a powered-off disk with GRUB's own drivers, which never replay a journal. The copy belongs to the caller.
 * `garbage`: the name is there, and what it leads to cannot be read.
 */
export async function readAsGrub(
  disk: string,
  place: { readonly partition: number; readonly path: string; readonly copy: string },
  run: Run = OWN_HANDS.run,
): Promise<GrubSight> {
  const { partition, path, copy } = place;
  const file = `(loop0,gpt${String(partition)})${path}`;
  const { code, stderr } = await run('grub-fstest', disk, 'cp', file, copy);
  // Some failures in the middle of a file are told, and the exit code is 0.
  if (code === 0 && !stderr.includes('error:')) return { copy };
  await rm(copy, { force: true });
  return /not found/.test(stderr) ? 'absent' : 'garbage';
}

/** Why the view of GRUB cannot be had here; `undefined` when it can. */
export async function missingForGrubView(): Promise<string | undefined> {
  const { failed } = await execa('grub-fstest', ['--version'], {
    env: { PATH: HOST_PATH },
    reject: false,
  });
  return failed ? 'grub-fstest is missing: apt-get install grub-common' : undefined;
}
