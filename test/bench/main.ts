/**
 * `npm run bench`: every figure as a ratio against something measured in the same run, because machines differ and are never
 * idle. Needs root and loop devices for the upgrade; the rest runs anywhere.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { foldOperation } from '../../src/engine/fold.ts';
import { createClock } from '../../src/system/linux/clock.ts';
import { bootDisk, type Booted } from '../../src/sandbox/boot.ts';
import { buildDisk } from '../../src/sandbox/disk.ts';
import { makeTinyTree } from '../../src/sandbox/tiny-tree.ts';
import { openJsonlStore } from '../../state/jsonl-store.ts';
import { started } from '../support/given.ts';
import { longHistory } from './long-history.ts';
import { planOf } from '../../machines/step.ts';
import { upgrade } from '../../machines/upgrade.ts';

const BUNDLE = path.resolve('dist/slotwright.cjs');
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 7);

async function main(): Promise<void> {
  const place = await mkdtemp(path.join(tmpdir(), 'slotwright-bench-'));
  try {
    say(`node ${process.versions.node}, ${ROUNDS} rounds each, medians\n`);
    coldStart();
    await logCosts(place);
    if (process.getuid?.() === 0) {
      await longHistoryOnDevice(place);
      await upgradeAgainstFloor(place);
    } else say('long history, upgrade: left out, need root');
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

function coldStart(): void {
  const node = median(ROUNDS * 3, () => timed(() => run(process.execPath, ['-e', '0'])));
  const tool = median(ROUNDS * 3, () => timed(() => run(process.execPath, [BUNDLE, 'version'])));
  row('cold start: elemental version', tool, 'node -e 0', node);
}

async function logCosts(place: string): Promise<void> {
  const store = await openJsonlStore({
    directory: path.join(place, 'state'),
    clock: createClock(),
    access: 'append',
  });
  const { segment } = await store.begin('bench', 'bench');
  await store.append(started(planOf(upgrade)));
  const probe = { type: 'resource.acquired', resource: 'probe', detail: null } as const;
  const before = performance.now();
  const appends = 9_990;
  for (let count = 0; count < appends; count += 1) await store.append(probe);
  const append = (performance.now() - before) / appends;
  const write = await plainSyncedWrites(place, appends);
  row(
    'log: one append (hash, write, fdatasync)',
    append,
    'write + fdatasync of the same bytes',
    write,
  );
  const read = await medianOf(3, async () => {
    const from = performance.now();
    foldOperation(await store.read(segment));
    return performance.now() - from;
  });
  const parse = await medianOf(3, async () => {
    const records = await store.read(segment);
    const text = JSON.stringify(records);
    const from = performance.now();
    JSON.parse(text);
    return performance.now() - from;
  });
  await store.release();
  row('log: read, verify and fold 10,000 records', read, 'JSON.parse of the same records', parse);
}

async function plainSyncedWrites(place: string, count: number): Promise<number> {
  const { open } = await import('node:fs/promises');
  const file = await open(path.join(place, 'plain'), 'a');
  const line = 'x'.repeat(300);
  const from = performance.now();
  for (let index = 0; index < count; index += 1) {
    await file.write(line);
    await file.datasync();
  }
  const cost = (performance.now() - from) / count;
  await file.close();
  return cost;
}

/** What looking at a long history costs beyond starting the program, on a booted disk that has it. */
async function longHistoryOnDevice(place: string): Promise<void> {
  const log = path.join(place, 'long');
  const { records } = await longHistory(log);
  const installed = path.join(place, 'small');
  await makeTinyTree({ path: installed, version: '1' });
  const disk = await buildDisk({
    path: path.join(place, 'long.img'),
    trees: { active: installed },
    mebibytes: { state: 512 },
  });
  const booted = await bootDisk(disk, {
    slot: 'active',
    userland: 'host',
    lend: {
      '/run/slotwright/bin/node': process.execPath,
      '/run/slotwright/bin/elemental': BUNDLE,
      '/run/long': log,
    },
  });
  try {
    await inside(booted, TAKE_LOG);
    const costs: Record<string, number[]> = {};
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const command of ['version', ...LOOKS]) {
        (costs[command] ??= []).push(await inside(booted, timing(command)));
      }
    }
    const start = middle(costs['version'] ?? []);
    for (const command of LOOKS) {
      const cost = middle(costs[command] ?? []);
      row(`${records} records, 300 operations: elemental ${command}`, cost, 'version', start);
    }
    const size = await booted.run(['stat', '--format', '%s', '/tmp/all.html']);
    say(`${''.padEnd(4)}the page of all of them has ${size.stdout.trim()} bytes`);
  } finally {
    await booted.shutdown();
  }
}

const LOOKS = [
  'history',
  'history last',
  'history bench0150',
  'why',
  'status',
  'inspect --html /tmp/all.html',
  'history --verify',
];

const TAKE_LOG = `
set -eu
at=/run/initramfs/cos-state
mount -o remount,rw $at
mkdir -p $at/slotwright
cp -a /run/long/. $at/slotwright/
sync -f $at
mount -o remount,ro $at
echo 0
`;

/** Nanoseconds; a history in which a hook failed ends with its own code. */
const timing = (command: string): string => `
set -u
from=$(date +%s%N)
elemental ${command} >/tmp/said 2>&1 || { cat /tmp/said >&2; exit 1; }
to=$(date +%s%N)
echo $((to - from))
`;

/** A tree of 180 MB in 9,000 files, upgraded to by the real command on a booted disk, against the least that any tool must do. */
async function upgradeAgainstFloor(place: string): Promise<void> {
  const installed = path.join(place, 'installed');
  const next = path.join(place, 'next');
  await makeTinyTree({ path: installed, version: '1' });
  await makeTinyTree({ path: next, version: '2' });
  await fill(path.join(next, 'usr/share/bench'), 9_000, 180 * 2 ** 20);
  const disk = await buildDisk({
    path: path.join(place, 'disk.img'),
    trees: { active: installed },
    mebibytes: { state: 2048 },
  });
  const booted = await bootDisk(disk, {
    slot: 'active',
    userland: 'host',
    lend: {
      '/run/slotwright/bin/node': process.execPath,
      '/run/slotwright/bin/elemental': BUNDLE,
      '/run/next': next,
    },
  });
  try {
    await warmUp(booted);
    const floors: number[] = [];
    const upgrades: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      floors.push(await inside(booted, FLOOR));
      upgrades.push(await inside(booted, UPGRADE));
    }
    row(
      'upgrade: 180 MB in 9,000 files',
      middle(upgrades),
      'cp -a into a fresh loop image, sync',
      middle(floors),
    );
    if (process.env['BENCH_TIMELINE'] !== undefined) {
      say((await booted.run(['elemental', 'history', 'last', '--json'])).stdout);
    }
  } finally {
    await booted.shutdown();
  }
}

/** Prints the nanoseconds that the part between the two clocks took. */
const FLOOR = `
set -eu
at=/run/initramfs/cos-state
mount -o remount,rw $at
rm -f $at/floor.img; truncate -s 512M $at/floor.img
mke2fs -q -F -t ext2 $at/floor.img
mkdir -p /run/floor
mount -o loop $at/floor.img /run/floor
from=$(date +%s%N)
cp -a /run/next/. /run/floor/
sync -f /run/floor
to=$(date +%s%N)
umount /run/floor
rm -f $at/floor.img
sync -f $at
mount -o remount,ro $at
echo $((to - from))
`;

const UPGRADE = `
set -eu
from=$(date +%s%N)
elemental --quiet upgrade --force --system.uri dir:/run/next >&2
to=$(date +%s%N)
echo $((to - from))
`;

async function warmUp(booted: Booted): Promise<void> {
  await inside(booted, FLOOR);
  await inside(booted, UPGRADE);
}

async function inside(booted: Booted, script: string): Promise<number> {
  const { code, stdout, stderr } = await booted.run(['sh', '-c', script]);
  if (code !== 0) throw new Error(`the benchmark failed (${code}):\n${stdout}${stderr}`);
  return Number(stdout.trim()) / 1e6;
}

/** Sizes spread as in a system: many small files, few large ones; the same on every run. */
async function fill(at: string, files: number, bytes: number): Promise<void> {
  let state = 1;
  const random = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
  const sizes = Array.from({ length: files }, () => Math.exp(8.3 + 1.6 * gauss(random)));
  const scale = bytes / sizes.reduce((sum, size) => sum + size, 0);
  for (const [index, size] of sizes.entries()) {
    const folder = path.join(at, `d${index % 300}`);
    await mkdir(folder, { recursive: true });
    const content = Buffer.alloc(Math.max(1, Math.round(size * scale)));
    for (let at = 0; at + 4 < content.length; at += 4)
      content.writeUInt32LE((random() * 2 ** 32) >>> 0, at);
    await writeFile(path.join(folder, `f${index}`), content);
  }
}

function gauss(random: () => number): number {
  return Math.sqrt(-2 * Math.log(random() || 1e-9)) * Math.cos(2 * Math.PI * random());
}

function run(file: string, args: readonly string[]): void {
  const { status } = spawnSync(file, args, { stdio: 'ignore' });
  if (status !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${String(status)}`);
}

function timed(work: () => void): number {
  const from = performance.now();
  work();
  return performance.now() - from;
}

function median(rounds: number, measure: () => number): number {
  return middle(Array.from({ length: rounds }, measure));
}

async function medianOf(rounds: number, measure: () => Promise<number>): Promise<number> {
  const all: number[] = [];
  for (let round = 0; round < rounds; round += 1) all.push(await measure());
  return middle(all);
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

function row(what: string, value: number, against: string, floor: number): void {
  const ms = (milliseconds: number): string =>
    `${milliseconds.toFixed(milliseconds < 10 ? 3 : 0)} ms`;
  say(`${what}: ${ms(value)}, ${(value / floor).toFixed(2)} times ${against} (${ms(floor)})`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

await main();
