import { truncate, writeFile } from 'node:fs/promises';
import { runProgram } from './host-program.ts';
import { placed, type DiskLayout, type PartitionName } from './partition-layout.ts';

/** Makes a sparse disk file with a GPT of this layout; an existing file of this name is an error. */
export async function writePartitionTable(
  path: string,
  layout: DiskLayout,
  signal: AbortSignal,
): Promise<void> {
  await writeFile(path, '', { flag: 'wx', mode: 0o600 });
  await truncate(path, layout.bytes);
  const lines = placed(layout).map(
    ({ name, offset, bytes }) =>
      `start=${offset / SECTOR}, size=${bytes / SECTOR}, type=${TYPES[name]}, name=${name}`,
  );
  const input = `label: gpt\nunit: sectors\n${lines.join('\n')}\n`;
  const flags = ['--quiet', '--no-reread', '--no-tell-kernel', '--wipe', 'never'];
  await runProgram('sfdisk', [...flags, path], { signal, input });
}

export const SECTOR = 512;

const LINUX = '0FC63DAF-8483-4772-8E79-3D69D8477DE4';
const TYPES: Readonly<Record<PartitionName, string>> = {
  bios: '21686148-6449-6E6F-744E-656564454649',
  efi: 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B',
  oem: LINUX,
  recovery: LINUX,
  state: LINUX,
  persistent: LINUX,
};
