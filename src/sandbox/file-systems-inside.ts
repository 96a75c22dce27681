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

/** What finds a sandbox: its first process, and the loop device of its disk. */
export interface Inside {
  readonly pid: number;
  readonly device: string;
}

/**
 * Every mounted file system of the disk of a sandbox, once, in whatever namespace it is mounted: a lifecycle operation
 * mounts some in a namespace of its own. Only processes of the sandbox are looked at: those its own /proc shows.
 */
export async function mountedInside({ pid, device }: Inside): Promise<readonly MountedInside[]> {
  const partitions = await deviceNumbers(device);
  const found = new Map<string, MountedInside>();
  for (const process of await oneProcessPerNamespace(`/proc/${pid}/root/proc`)) {
    const table = await readFile(`${process}/mountinfo`, 'utf8').catch(() => '');
    for (const line of table.split('\n')) {
      const [, , number = '', , at = '', ...rest] = line.split(' ');
      const node = partitions.get(number);
      if (node === undefined || found.has(number)) continue;
      const fs = rest[rest.indexOf('-') + 1] ?? '';
      found.set(number, { device: node, fs, path: `${process}/root${unescaped(at)}` });
    }
  }
  return [...found.values()];
}

/** Undoes freezes, without which a killed sandbox would leave its loop device busy for ever. */
export async function thawAll(inside: Inside): Promise<void> {
  for (const { path } of await mountedInside(inside)) {
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

async function oneProcessPerNamespace(proc: string): Promise<readonly string[]> {
  const names = await readdir(proc).catch(() => []);
  const processes = new Map<string, string>();
  for (const name of names.filter((one) => /^\d+$/.test(one))) {
    const namespace = await readlink(`${proc}/${name}/ns/mnt`).catch(() => undefined);
    if (namespace !== undefined && !processes.has(namespace))
      processes.set(namespace, `${proc}/${name}`);
  }
  return [...processes.values()];
}

/** mountinfo writes blanks, tabs, line ends and backslashes as octal. */
function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
