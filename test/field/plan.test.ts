/**
 * Plans on a real disk against what then happens there: the same steps, the blocks of each image within five per cent, no name changed
 * that the plan did not name; and planning itself leaves every byte of the disk as it is. Needs root and loop devices.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/exit-codes.ts';
import type { PlanReport } from '../../src/inspect/plan-report.ts';

import { STATE_AT } from '../../src/proof/cuts/live-machine.ts';
import {
  deployOf,
  missingForRig,
  NEXT,
  RESET,
  SMALL_IMAGES,
  UPGRADE,
  upgradeRecoveryTo,
  upgradeTo,
  type Rig,
} from '../../src/proof/cuts/rig.ts';
import { partitionsOf } from '../../src/proof/cold-partitions.ts';
import { whileMounted } from '../../src/proof/mounted-read-only.ts';
import type { Booted } from '../../src/sandbox/boot.ts';
import { cutPower } from '../../src/sandbox/power.ts';
import type { Disk } from '../../src/sandbox/disk.ts';
import type { Slot } from '../../src/system/port.ts';
import type { EventRecord } from '../../state/records.ts';
import { tool } from '../support/cloud-init/loop-disk.ts';
import { Installer, onPartition, OWN_LABELS } from '../support/install/installer.ts';
import { contentsOf } from '../support/power/disk-contents.ts';
import { createRig } from '../support/power/test-rig.ts';

const missing = await missingForRig();
if (missing !== undefined) process.stdout.write(`plans on a real disk: left out, ${missing}\n`);
const LONG = 300_000;

interface Planned {
  readonly slot: Slot;
  readonly command: readonly string[];
  /** Made so before. */
  readonly given?: 'empty slots';
  /** Made in the same boot before. */
  readonly first?: string;
  /** Images that it makes, each with the steps that allocate its blocks. */
  readonly makes: Readonly<Record<string, readonly string[]>>;
}

const BUILT = ['mount-target', 'deploy-image'];

const OPERATIONS: Readonly<Record<string, Planned>> = {
  upgrade: { slot: 'active', command: UPGRADE, makes: { 'state:/cOS/active.img': BUILT } },
  'upgrade from passive': {
    slot: 'passive',
    command: UPGRADE,
    makes: { 'state:/cOS/active.img': BUILT },
  },
  'upgrade from an image file': {
    slot: 'active',
    first: `mke2fs -q -F -t ext2 -b 4096 -d ${NEXT} /tmp/next.img 24M`,
    command: upgradeTo('file:/tmp/next.img'),
    makes: { 'state:/cOS/active.img': BUILT },
  },
  rollback: {
    slot: 'active',
    command: ['elemental', 'rollback'],
    makes: { 'state:/cOS/active.img': ['copy-passive'] },
  },
  reset: {
    slot: 'recovery',
    command: RESET,
    makes: { 'state:/cOS/active.img': BUILT, 'state:/cOS/passive.img': ['set-passive'] },
  },
  'reset from recovery, erasing everything': {
    slot: 'recovery',
    command: ['elemental', 'reset', '--reset-persistent', '--reset-oem'],
    makes: { 'state:/cOS/active.img': BUILT, 'state:/cOS/passive.img': ['set-passive'] },
  },
  deploy: {
    slot: 'recovery',
    command: deployOf(`dir:${NEXT}`),
    given: 'empty slots',
    makes: { 'state:/cOS/active.img': BUILT, 'state:/cOS/passive.img': ['set-passive'] },
  },
  'upgrade of recovery': {
    slot: 'active',
    command: upgradeRecoveryTo(`dir:${NEXT}`),
    makes: { 'recovery:/cOS/recovery.img': BUILT },
  },
};

describe.skipIf(missing !== undefined)('on a real disk, the plan of', () => {
  let rig: Rig;

  beforeAll(async () => {
    rig = await createRig({ ballastBytes: 6 * 2 ** 20, config: SMALL_IMAGES });
  }, LONG);
  afterAll(() => rig.destroy());

  it.each(Object.entries(OPERATIONS))('%s is what happens', { timeout: LONG }, async (_, asked) => {
    const disk = await rig.fresh();
    if (asked.given !== undefined) await emptySlots(rig, disk);
    const before = await contentsOf(disk);
    const booted = await rig.boot(disk, asked.slot);
    let plan: PlanReport;
    try {
      await booted.run(['sh', '-c', asked.first ?? 'true']);
      plan = await plannedHere(booted, disk, asked.command);
      const { code, stderr } = await booted.run(asked.command);
      expect(code, stderr).toBe(0);
    } finally {
      await booted.shutdown();
    }
    expect(plan.exit, plan.refusal?.message).toBe(0);
    expect(stepsIn(plan)).toEqual(stepsDone(await logOf(rig, disk)));
    const named = new Set(
      plan.steps.flatMap(({ changes }) =>
        changes.map(({ fileSystem, path }) => `${partitionOf(fileSystem)}:${path}`),
      ),
    );
    const after = await contentsOf(disk);
    const changed = Object.keys({ ...before, ...after }).filter((p) => before[p] !== after[p]);
    expect(changed).toEqual(expect.arrayContaining(Object.keys(asked.makes)));
    expect(changed.filter((path) => !named.has(path))).toEqual([]);
    const taken = await allocatedOn(disk, Object.keys(asked.makes));
    for (const [image, steps] of Object.entries(asked.makes)) {
      const [partition = ''] = image.split(':');
      const expected = plan.steps
        .filter(({ name }) => steps.includes(name))
        .flatMap(({ writes }) => writes)
        .filter(({ fileSystem }) => partitionOf(fileSystem) === partition)
        .reduce((sum, { bytes }) => sum + bytes, 0);
      const real = taken[image] ?? 0;
      expect(expected / real, `${image}: ${expected} planned, ${real} taken`).toBeGreaterThan(0.95);
      expect(expected / real, `${image}: ${expected} planned, ${real} taken`).toBeLessThan(1.05);
    }
  });
});

describe.skipIf(missing !== undefined)('on a real disk with little room', () => {
  let rig: Rig;

  beforeAll(async () => {
    rig = await createRig({ config: SMALL_IMAGES });
  }, LONG);
  afterAll(() => rig.destroy());

  // Around the image and what stays free beside it, with and without the room that the event log takes for itself: 16 + 32 (+ 4) + 1.
  it(
    'the plan of an upgrade is refused exactly where the upgrade is',
    { timeout: LONG },
    async () => {
      const ends = new Set<number>();
      for (const mebibytes of [47.5, 48.5, 49.25, 51, 52.75, 53.25, 54]) {
        const booted = await rig.boot(await rig.fresh(), 'active');
        try {
          const left = String(mebibytes * 2 ** 20);
          const filled = await booted.run(['sh', '-c', FILL_UP, 'fill', STATE_AT, left]);
          expect(filled.code, filled.stderr).toBe(0);
          const [program, ...rest] = UPGRADE;
          const plan = await booted.run([program, 'plan', ...rest]);
          const real = await booted.run(UPGRADE);
          expect(plan.code, `${mebibytes} MiB: ${plan.stderr}${real.stderr}`).toBe(real.code);
          ends.add(real.code);
        } finally {
          await booted.shutdown();
        }
      }
      expect(ends).toEqual(new Set([EXIT.ok, EXIT.noSpace]));
    },
  );
});

const FILL_UP = `
set -eu
mount -o remount,rw "$1"
sync
free=$(stat --file-system --format '%f * %S' "$1")
fallocate --length $(($free - $2)) "$1/filler"
sync
mount -o remount,ro "$1"
`;

describe.skipIf(missing !== undefined)('on a real disk whose power was cut', () => {
  let rig: Rig;

  beforeAll(async () => {
    rig = await createRig({ config: SMALL_IMAGES });
  }, LONG);
  afterAll(() => rig.destroy());

  it('a plan leaves even the journal of COS_RECOVERY as it is', { timeout: LONG }, async () => {
    const disk = await rig.fresh();
    const cut = await rig.boot(disk, 'active');
    const { code, stderr } = await cut.run(['sh', '-c', LEAVE_A_JOURNAL]);
    expect(code, stderr).toBe(0);
    await cutPower(cut);
    const booted = await rig.boot(disk, 'active');
    try {
      const recovery = '/dev/disk/by-label/COS_RECOVERY';
      const features = async () => (await booted.run(['dumpe2fs', '-h', recovery])).stdout;
      expect(await features()).toContain('needs_recovery');
      const plan = await plannedHere(booted, disk, upgradeRecoveryTo(`dir:${NEXT}`));
      expect(plan.exit, plan.refusal?.message).toBe(0);
      expect(await features()).toContain('needs_recovery');
    } finally {
      await booted.shutdown();
    }
  });
});

describe.skipIf(missing !== undefined)('on an empty disk, the plan of an installation', () => {
  let installer: Installer;
  beforeAll(async () => {
    installer = await Installer.make();
  });
  afterAll(() => installer.discard());

  it('is what happens, and writes nothing', { timeout: LONG }, async () => {
    const disk = installer.disk();
    try {
      const config = installer.config('labels', OWN_LABELS);
      const asked = [disk.node, '--system.uri', `dir:${installer.tree}`, '--firmware', 'bios'];
      const flags = [...asked, '--config-dir', config, '-c', 'oem.yaml'];
      const before = await digestOf(disk.image);
      const planned = await installer.run('plan', 'install', ...flags, '--json');
      expect(planned.stderr).toBe('');
      expect(await digestOf(disk.image), 'planning changed the disk').toBe(before);
      const plan = JSON.parse(planned.stdout) as PlanReport;
      expect(plan.exit, plan.refusal?.message).toBe(0);
      const { exit, stderr } = await installer.run('install', ...flags);
      expect(exit, stderr).toBe(0);
      const state = onPartition(disk.partition(4));
      const segments = [...state.keys()].filter((name) => name.endsWith('.jsonl')).toSorted();
      const records = segments.flatMap((name) => {
        const text = onPartition(disk.partition(4), [name]).get(`text:${name}`) ?? '';
        return text
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as EventRecord);
      });
      expect(stepsIn(plan)).toEqual(stepsDone(records));
      const places = { T_STATE: ['active', 'passive'], T_RECOVERY: ['recovery'] };
      for (const [name, images] of Object.entries(places)) {
        const node = disk.partition(name === 'T_STATE' ? 4 : 3);
        const real = blocksOf(
          node,
          images.map((image) => `cOS/${image}.img`),
        );
        const expected = plan.steps
          .flatMap(({ writes }) => writes)
          .filter(({ fileSystem }) => fileSystem === name)
          .reduce((sum, { bytes }) => sum + bytes, 0);
        const told = `${name}: ${expected} planned, ${real} taken`;
        expect(expected / real, told).toBeGreaterThan(0.95);
        expect(expected / real, told).toBeLessThan(1.05);
      }
    } finally {
      disk.discard();
    }
  });
});

/** Bytes that these files of a partition take. */
function blocksOf(node: string, files: readonly string[]): number {
  const script = 'mount -o ro "$1" /mnt; shift; cd /mnt; stat --format %b "$@"';
  const said = tool('unshare', ['--mount', 'sh', '-ec', script, 'sh', node, ...files]);
  return said
    .trim()
    .split('\n')
    .reduce((sum, blocks) => sum + Number(blocks) * 512, 0);
}

const LEAVE_A_JOURNAL = `
set -eu
mkdir -p /run/recovery
mount /dev/disk/by-label/COS_RECOVERY /run/recovery
echo new > /run/recovery/note
sync /run/recovery/note
`;

/** Plans while every file system of the disk is read-only, and compares the disk byte by byte. */
async function plannedHere(
  booted: Booted,
  disk: Disk,
  command: readonly string[],
): Promise<PlanReport> {
  const [program = '', ...rest] = command;
  const remount = (mode: string) =>
    booted.run([
      'sh',
      '-c',
      `for at in /oem /usr/local; do mountpoint -q $at && mount -o remount,${mode} $at; done; sync`,
    ]);
  await remount('ro');
  const before = await digestOf(disk.path);
  const { stdout, stderr } = await booted.run([program, 'plan', ...rest, '--json']);
  await booted.run(['sync']);
  expect(await digestOf(disk.path), 'planning changed the disk').toBe(before);
  await remount('rw');
  expect(stdout, stderr).not.toBe('');
  return JSON.parse(stdout) as PlanReport;
}

const EMPTY = `
set -eu
mkdir -p /run/state
mount /dev/disk/by-label/COS_STATE /run/state
rm /run/state/cOS/*.img
umount /run/state
`;

async function emptySlots(rig: Rig, disk: Disk): Promise<void> {
  const booted = await rig.boot(disk, 'recovery');
  try {
    const { code, stderr } = await booted.run(['sh', '-c', EMPTY]);
    expect(code, stderr).toBe(0);
  } finally {
    await booted.shutdown();
  }
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) {
    hash.update(chunk as Buffer);
  }
  return hash.digest('hex');
}

const partitionOf = (fileSystem: string): string => fileSystem.replace(/^COS_/, '').toLowerCase();

const stepsIn = ({ steps }: PlanReport) =>
  steps.map(({ name, does, reason }) => ({
    step: name,
    how: does === 'skip' ? 'skipped' : 'ran',
    reason,
  }));

async function logOf(rig: Rig, disk: Disk): Promise<readonly EventRecord[]> {
  const { log } = await rig.facts(disk);
  if ('damage' in log) throw new Error(log.damage);
  return log.at(-1) ?? [];
}

const stepsDone = (records: readonly EventRecord[]) =>
  records.flatMap(({ event }) =>
    event.type === 'step.completed'
      ? [{ step: event.step, how: event.how, reason: event.reason }]
      : [],
  );

/** Blocks of files, by partition and path. */
async function allocatedOn(
  disk: Disk,
  files: readonly string[],
): Promise<Readonly<Record<string, number>>> {
  const partitions = (await partitionsOf(disk.path)).filter(({ name }) => name !== 'bios');
  const fileSystems = partitions.map(({ offset, bytes }) => ({
    ...{ file: disk.path, offset, bytes },
    journal: 'ignore' as const,
  }));
  return whileMounted(fileSystems, async (roots) => {
    const found: Record<string, number> = {};
    for (const file of files) {
      const [partition, path = ''] = file.split(':');
      const root = roots[partitions.findIndex(({ name }) => name === partition)] ?? '';
      found[file] = (await stat(join(root, path))).blocks * 512;
    }
    return found;
  });
}
