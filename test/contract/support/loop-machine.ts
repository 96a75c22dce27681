import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { createLinuxSystem } from '../../../src/system/linux/index.ts';
import { isAtOrBelow, readMounts } from '../../../src/system/linux/mountinfo.ts';
import type { StagesPort } from '../../../src/system/port.ts';
import type { Subject } from './subject.ts';

const execute = promisify(execFile);

export interface LoopMachine extends Subject {
  /** Everything of the machine lies below it. */
  readonly folder: string;
}

/** Runs a tool for a test, answers with what it printed. */
export async function tool(name: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await execute(name, [...args], { env: { ...process.env, LC_ALL: 'C' } });
  return stdout;
}

/** The real machine with a disk of its own: a file behind a loop device with a GPT and real file systems. Needs root. */
export async function loopMachine(): Promise<LoopMachine> {
  const folder = await mkdtemp(path.join(tmpdir(), 'slotwright-contract-'));
  const stateAt = path.join(folder, 'state');
  const undo: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const discard = async () => {
    for (const { at } of (await readMounts()).toReversed()) {
      if (isAtOrBelow(at, folder)) await execute('umount', ['--lazy', '--', at]);
    }
    for (const step of undo.splice(0).toReversed()) await step();
  };
  try {
    const disk = await attachDisk(folder, undo);
    await mkdir(stateAt);
    await execute('mount', [`${disk}p3`, stateAt]);
    return {
      system: createLinuxSystem({ stages: NO_STAGES }),
      folder,
      stateAt,
      disk,
      recoveryDevice: `${disk}p2`,
      mountPoints: path.join(folder, 'mnt'),
      source: await makeSource(path.join(folder, 'tree')),
      discard,
    };
  } catch (error) {
    await discard();
    throw error;
  }
}

const PARTITIONS = [
  { name: 'oem', label: 'COS_OEM', mib: 16 },
  { name: 'recovery', label: 'COS_RECOVERY', mib: 64 },
  { name: 'state', label: 'COS_STATE', mib: 256 },
  // No role by name, so by label; and the second of its role.
  { name: 'other', label: 'COS_PERSISTENT', mib: 16 },
  { name: 'persistent', label: 'NOT_OURS', mib: 16 },
  { name: 'foreign', label: 'FOREIGN', mib: 16 },
] as const;

const attachDisk = async (folder: string, undo: (() => Promise<unknown>)[]): Promise<string> => {
  const file = path.join(folder, 'disk.img');
  const layout = PARTITIONS.map(({ name, mib }) => `size=${mib}MiB, name=${name}`);
  await writeFile(`${file}.layout`, ['label: gpt', ...layout, ''].join('\n'));
  await writeFile(file, '');
  await truncate(file, 400 * 2 ** 20);
  // The one shell line: sfdisk takes its layout from standard input.
  await execute('sh', ['-c', 'sfdisk --quiet "$1" < "$1.layout"', 'sh', file]);
  const disk = (await tool('losetup', '--find', '--show', '--partscan', file)).trim();
  undo.push(() => execute('losetup', ['--detach', disk]));
  await execute('partx', ['--add', disk]).catch(() => undefined);
  // Whoever probes all devices just now keeps a partition busy; then it goes with its loop device.
  undo.push(() => execute('partx', ['--delete', disk]).catch(() => undefined));
  for (const [index, { label }] of PARTITIONS.entries()) {
    await execute('mke2fs', ['-q', '-t', 'ext4', '-L', label, `${disk}p${index + 1}`]);
  }
  return disk;
};

const makeSource = async (tree: string) => {
  await mkdir(path.join(tree, 'etc'), { recursive: true });
  await writeFile(path.join(tree, 'etc/os-release'), 'VERSION=2.0\nGRUB_ENTRY_NAME="System 2.0"\n');
  return { kind: 'dir' as const, path: tree, uri: `dir:${tree}` };
};

/** Stages are another port's promise. */
const NO_STAGES: StagesPort = {
  run: async () => ({ stepsRun: 0, stepsSkipped: 0, failures: [] }),
  files: async () => [],
};
