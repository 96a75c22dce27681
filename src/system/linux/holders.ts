import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import type { Exec } from './exec.ts';
import { isAtOrBelow } from './mountinfo.ts';

/** Who keeps a mount busy: processes (`pid 12 (sleep)`) and loop devices. Compares paths only: a dead network mount cannot hang it. */
export async function findHolders(at: string): Promise<readonly string[]> {
  const pids = (await namesIn('/proc')).filter((name) => /^\d+$/.test(name));
  const processes = await Promise.all(pids.map((pid) => nameIfHolding(pid, at)));
  const loops = (await namesIn('/sys/block')).filter((name) => name.startsWith('loop'));
  const devices = await Promise.all(loops.map((loop) => nameIfBacked(loop, at)));
  return [...processes, ...devices].filter((holder) => holder !== undefined);
}

/** Who has a file open, or attached to a loop device: by its inode, for other mount namespaces have files of the same path. */
export async function findFileHolders(exec: Exec, file: string): Promise<readonly string[]> {
  const { dev, ino } = await stat(file);
  const { stdout } = await exec.read('losetup', [
    '--noheadings',
    '--output',
    'NAME',
    '--associated',
    file,
  ]);
  const devices = stdout.split('\n').flatMap((line) => line.trim() || []);
  const pids = (await namesIn('/proc')).filter((name) => /^\d+$/.test(name));
  const processes = await Promise.all(
    pids.map(async (pid) => {
      for (const fd of await namesIn(`/proc/${pid}/fd`)) {
        const link = `/proc/${pid}/fd/${fd}`;
        if ((await quietly(readlink(link))) !== file) continue;
        const open = await quietly(stat(link));
        if (open?.dev === dev && open.ino === ino) return processName(pid);
      }
      return undefined;
    }),
  );
  return [...processes.filter((holder) => holder !== undefined), ...devices];
}

const nameIfHolding = async (pid: string, at: string): Promise<string | undefined> => {
  const folder = `/proc/${pid}`;
  const descriptors = (await namesIn(`${folder}/fd`)).map((fd) => `${folder}/fd/${fd}`);
  const links = [`${folder}/cwd`, `${folder}/root`, `${folder}/exe`, ...descriptors];
  const targets = await Promise.all(links.map((link) => quietly(readlink(link))));
  const mapped = (await quietly(readFile(`${folder}/maps`, 'utf8'))) ?? '';
  const holds =
    targets.some((target) => target !== undefined && isAtOrBelow(target, at)) ||
    mapped.includes(` ${at}/`);
  if (!holds) return undefined;
  return processName(pid);
};

const processName = async (pid: string): Promise<string> => {
  const command = await quietly(readFile(`/proc/${pid}/comm`, 'utf8'));
  return `pid ${pid} (${command?.trim() ?? 'unknown'})`;
};

const nameIfBacked = async (loop: string, at: string): Promise<string | undefined> => {
  const file = await quietly(readFile(`/sys/block/${loop}/loop/backing_file`, 'utf8'));
  return file !== undefined && isAtOrBelow(file.trim(), at)
    ? `/dev/${loop} (${file.trim()})`
    : undefined;
};

const namesIn = async (folder: string): Promise<readonly string[]> =>
  (await quietly(readdir(folder))) ?? [];

/** Processes and devices come and go while we look: what is not there any more holds nothing. */
const quietly = <T>(reading: Promise<T>): Promise<T | undefined> => reading.catch(() => undefined);
