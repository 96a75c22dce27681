import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { execa } from 'execa';
import { HOST_PATH } from './host-command.ts';

/** A file system of the sandbox's disk that some process has mounted. */
export interface MountedInside {
  readonly device: string;
  readonly fs: string;
  /** Path on the host that leads to it. */
  readonly path: string;
}

/**
 * Every mounted file system of a disk, once, in whatever namespace it is mounted: a lifecycle operation mounts some in a
 * namespace of its own.
 */
export async function mountedInside(device: string): Promise<readonly MountedInside[]> {
  const partitions = await deviceNumbers(device);
  const found = new Map<string, MountedInside>();
  for (const pid of await onePidPerNamespace()) {
    const table = await readFile(`/proc/${pid}/mountinfo`, 'utf8').catch(() => '');
    for (const line of table.split('\n')) {
      const [, , number = '', , at = '', ...rest] = line.split(' ');
      const node = partitions.get(number);
      if (node === undefined || found.has(number)) continue;
      const fs = rest[rest.indexOf('-') + 1] ?? '';
      found.set(number, { device: node, fs, path: `/proc/${pid}/root${unescaped(at)}` });
    }
  }
  return [...found.values()];
}

/** Undoes freezes, without which a killed sandbox would leave its loop device busy for ever. */
export async function thawAll(device: string): Promise<void> {
  for (const { path } of await mountedInside(device)) {
    // Fails where nothing is frozen, which is the rule.
    await execa('fsfreeze', ['--unfreeze', path], { env: { PATH: HOST_PATH }, reject: false });
  }
}

async function deviceNumbers(device: string): Promise<Map<string, string>> {
  const name = basename(device);
  const entries = await readdir(`/sys/class/block/${name}`).catch(() => []);
  const numbers = new Map<string, string>();
  for (const entry of entries.filter((candidate) => candidate.startsWith(`${name}p`))) {
    const number = await readFile(`/sys/class/block/${entry}/dev`, 'utf8').catch(() => '');
    numbers.set(number.trim(), `/dev/${entry}`);
  }
  return numbers;
}

async function onePidPerNamespace(): Promise<readonly string[]> {
  const pids = new Map<string, string>();
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const namespace = await readlink(`/proc/${pid}/ns/mnt`).catch(() => undefined);
    if (namespace !== undefined && !pids.has(namespace)) pids.set(namespace, pid);
  }
  return [...pids.values()];
}

/** mountinfo writes blanks, tabs, line ends and backslashes as octal. */
function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
