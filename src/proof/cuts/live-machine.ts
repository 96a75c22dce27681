/** What the tool holds in a machine that runs, seen from outside. */
import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Booted } from '../../sandbox/boot.ts';
import { hostCommand } from '../../sandbox/host-command.ts';

export const STATE_AT = '/run/initramfs/cos-state';

/** One clause for each mount, loop device, process, lock, freeze and temporary file of the machine. */
export async function heldBy(booted: Booted): Promise<readonly string[]> {
  return [
    ...(await processesOf(booted))
      .filter((process) => !isOfTheBoot(process, booted))
      .map(({ name }) => `the process ${name} runs`),
    ...(await mountsOf(booted)),
    ...(await loopsOf(booted)),
    ...(await temporaryFilesOf(booted)),
    ...(await locksOf(booted)),
  ];
}

/**
 * What is held beyond what a quiet machine holds, apart from what is `allowed`. Waits for what dies with a killed process: the kernel
 * takes a moment.
 */
export async function heldBeyond(
  quiet: readonly string[],
  booted: Booted,
  allowed: readonly string[] = [],
): Promise<readonly string[]> {
  for (let tries = 0; ; tries += 1) {
    const more = beyond([...quiet, ...allowed], await heldBy(booted));
    if (more.length > 0 && tries < TRIES) {
      await delay(LOOK_EVERY_MS);
      continue;
    }
    // Reported now; a frozen machine could not be switched off.
    if (more.includes(FROZEN)) await booted.run(['fsfreeze', '--unfreeze', STATE_AT]);
    return more;
  }
}

const TRIES = 100;
const LOOK_EVERY_MS = 20;

function beyond(quiet: readonly string[], now: readonly string[]): readonly string[] {
  const left = [...quiet];
  return now.filter((clause) => {
    const at = left.indexOf(clause);
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
}

/** The first process waits, by a child that sleeps. */
function isOfTheBoot({ pid, parent, name }: LiveProcess, booted: Booted): boolean {
  return pid === booted.pid || (parent === booted.pid && name === 'sleep');
}

export interface LiveProcess {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  /** Letter of /proc/<pid>/stat: `T` is stopped. */
  readonly state: string;
}

/** Every process of the machine, in whatever nested namespace. Processes that have ended and wait for their parent do not count. */
export async function processesOf(booted: Booted): Promise<readonly LiveProcess[]> {
  const own = await namespaceOf(booted.pid);
  const all: (LiveProcess & { readonly namespace: string | undefined })[] = [];
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const text = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => undefined);
    const parts = /^\d+ \((.*)\) (\S) (\d+)/s.exec(text ?? '');
    if (parts === null) continue;
    const [, name = '', state = '', parent] = parts;
    const pid = Number(entry);
    all.push({ pid, parent: Number(parent), name, state, namespace: await namespaceOf(pid) });
  }
  const inside = new Set(all.filter(({ namespace }) => namespace === own).map(({ pid }) => pid));
  for (let before = -1; before !== inside.size;) {
    before = inside.size;
    for (const { pid, parent } of all) if (inside.has(parent)) inside.add(pid);
  }
  return all.filter(({ pid, state }) => inside.has(pid) && state !== 'Z' && state !== 'X');
}

async function namespaceOf(pid: number): Promise<string | undefined> {
  return readlink(`/proc/${String(pid)}/ns/pid`).catch(() => undefined);
}

async function mountsOf(booted: Booted): Promise<readonly string[]> {
  const table = await readFile(`/proc/${String(booted.pid)}/mountinfo`, 'utf8');
  const mounts = table
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [, , , root = '', at = '', , ...rest] = line.split(' ');
      const [, source = '', options = ''] = rest.slice(rest.indexOf('-') + 1);
      return { root, at, source, writable: options.split(',').includes('rw') };
    });
  const clauses = mounts.map(({ root, at, source }) => `${source}${root} is mounted at ${at}`);
  const writable = mounts.some((mount) => mount.at === STATE_AT && mount.writable);
  const root = mounts.find(({ at }) => at === '/')?.source ?? '';
  return writable && !(await runsNameless(booted, root)) ? [...clauses, WRITABLE] : clauses;
}

/** The image that runs was replaced: until the next boot the kernel lets nobody make its file system read-only. */
async function runsNameless(booted: Booted, root: string): Promise<boolean> {
  const running = (
    await hostCommand('losetup', ['--noheadings', '--output', 'BACK-INO', root])
  ).trim();
  const folder = booted.path(`${STATE_AT}/cOS`);
  for (const name of await readdir(folder)) {
    if (String((await stat(`${folder}/${name}`)).ino) === running) return false;
  }
  return true;
}

const FROZEN = 'COS_STATE is frozen';

/** A dead tool may leave COS_STATE so; everything else dies with it. */
export const WRITABLE = 'COS_STATE is writable';

/** Loop devices whose file lies on a partition of the machine's disk. */
async function loopsOf({ device }: Booted): Promise<readonly string[]> {
  const name = basename(device);
  const numbers = new Set<string>();
  for (const entry of await readdir(`/sys/class/block/${name}`)) {
    if (!entry.startsWith(`${name}p`)) continue;
    numbers.add((await readFile(`/sys/class/block/${entry}/dev`, 'utf8')).trim());
  }
  const list = await hostCommand('losetup', [
    '--list',
    '--noheadings',
    '--output',
    'BACK-MAJ:MIN,BACK-INO',
  ]);
  return list.split('\n').flatMap((line) => {
    const [number = '', inode = ''] = line.trim().split(/\s+/);
    return numbers.has(number) ? [`a loop device holds the image with inode ${inode}`] : [];
  });
}

/** Files where the tool may put temporary ones. Empty directories are places to mount on; they are gone with the next boot. */
async function temporaryFilesOf(booted: Booted): Promise<readonly string[]> {
  const found: string[] = [];
  for (const folder of ['/tmp', '/run/cos', '/run/lock', '/var/tmp']) {
    const entries = await readdir(booted.path(folder), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => !entry.isDirectory());
    found.push(...files.map(({ name }) => `${folder} has a file ${name}`));
  }
  return found;
}

/** Asks for the lock without waiting, and for a freeze, which is refused where one is: a thaw would mend what it looks for. */
async function locksOf(booted: Booted): Promise<readonly string[]> {
  const { stdout } = await booted.run(['sh', '-c', ASK, 'ask', STATE_AT]);
  return stdout.split('\n').filter((line) => line !== '');
}

const ASK = `
flock --nonblock --exclusive "$1" true || echo 'COS_STATE is locked'
# The machine's own program, whatever a test has put before it.
PATH=/usr/sbin:/sbin:/usr/bin:/bin
if said=$(LC_ALL=C fsfreeze --freeze "$1" 2>&1); then
  fsfreeze --unfreeze "$1"
else
  case $said in *busy*) echo 'COS_STATE is frozen' ;; esac
fi
`;
