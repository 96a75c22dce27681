import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Target } from '../../src/cloud-init/target.ts';
import { InterruptedError } from '../../src/errors.ts';
import { LoopDisk, partitionsIn, tool } from '../support/cloud-init/loop-disk.ts';
import { hasPrograms } from '../support/cloud-init/media.ts';
import { oneStep, runHere } from '../support/cloud-init/on-this-machine.ts';

const ready =
  process.getuid?.() === 0 &&
  hasPrograms('sfdisk', 'partx', 'losetup', 'mkfs.ext4', 'mkfs.vfat', 'resize2fs');

/** Lets so many programs run; before the next one this process is as good as dead. */
const dyingAfter =
  (programs: number, ran: { count: number }) =>
  (target: Target): Target => ({
    ...target,
    exec: (request) => {
      if (ran.count >= programs) {
        return Promise.reject(new InterruptedError({ code: 'cut', message: 'cut' }));
      }
      ran.count += 1;
      return target.exec(request);
    },
  });

describe.skipIf(!ready)('a layout that is interrupted (needs root, loop devices)', () => {
  let disk: LoopDisk;
  let label: string;

  beforeEach(() => {
    label = `L${randomBytes(3).toString('hex').toUpperCase()}`;
  });
  afterEach(() => {
    disk.discard();
  });

  const attach = (): void => {
    disk = new LoopDisk(40, { script: 'label: gpt\nsize=10MiB\nsize=20MiB, name="data"\n' });
    disk.makeExt(2, 'ext4', { kept: 'text' });
    disk.enlarge(100);
  };
  const document = (): string =>
    oneStep({
      layout: {
        device: { path: disk.node },
        expand_partition: { size: 40 },
        add_partitions: [
          { fsLabel: `${label}A`, pLabel: 'a', size: 10 },
          { fsLabel: `${label}B`, size: 10, filesystem: 'vfat' },
          { pLabel: 'raw', filesystem: 'none' },
        ],
      },
    });
  const finished = () =>
    disk.partitions().map(({ start, size, type, name = '' }) => ({ start, size, type, name }));
  const expectKept = (): void => {
    expect(disk.readExt(2, 'kept')).toBe('text');
  };

  it('before any of its programs is finished by the next run, and nothing is lost', async () => {
    attach();
    const whole = { count: 0 };
    expect((await runHere(document(), dyingAfter(Infinity, whole))).failures).toEqual([]);
    const wanted = finished();
    expect(wanted).toHaveLength(5);
    expect(whole.count).toBeGreaterThan(15);
    for (let programs = 0; programs < whole.count; programs += 1) {
      disk.discard();
      attach();
      const cut = runHere(document(), dyingAfter(programs, { count: 0 }));
      await expect(cut, `after ${String(programs)} programs`).rejects.toMatchObject({
        code: 'cut',
      });
      expect(disk.partitions().slice(0, 2)).toHaveLength(2);
      expectKept();

      const told = await runHere(document());

      expect(told.failures, `after ${String(programs)} programs`).toEqual([]);
      expect(finished(), `after ${String(programs)} programs`).toEqual(wanted);
      expect([disk.signature(3, 'LABEL'), disk.signature(4, 'LABEL')]).toEqual([
        `${label}A`,
        `${label}B`,
      ]);
      expectKept();
    }
  }, 300_000);

  it('while it was formatting formats again, but not what somebody has mounted since', async () => {
    attach();
    const ran = { count: 0 };
    const beforeItsType = (target: Target): Target => ({
      ...target,
      exec: (request) =>
        request.argv.includes('--part-type')
          ? Promise.reject(new InterruptedError({ code: 'cut', message: 'cut' }))
          : dyingAfter(Infinity, ran)(target).exec(request),
    });
    await expect(runHere(document(), beforeItsType)).rejects.toMatchObject({ code: 'cut' });
    const at = disk.mount(3);
    writeFileSync(path.join(at, 'new'), 'text');
    expect((await runHere(document())).failures).toEqual([]);
    expect(readFileSync(path.join(at, 'new'), 'utf8')).toBe('text');
    expect(finished()[2]?.type).toBe('0FC63DAF-8483-4772-8E79-3D69D8477DE4');
  });

  it.each([
    ['first', 2],
    ['second', 100 * 2048 - 33],
  ])('while it wrote the %s copy of the table has it mended by the next', async (_, sector) => {
    attach();
    expect((await runHere(document())).failures).toEqual([]);
    const sound = readFileSync(disk.image);
    const image = openSync(disk.node, 'r+');
    writeSync(image, randomBytes(512), 0, 512, sector * 512);
    closeSync(image);
    const told = await runHere(document());
    expect(told.failures).toEqual([]);
    expect(told.warnings[0]).toMatch(/one of the two copies .* is damaged/);
    tool('sync', [disk.node]);
    expect(readFileSync(disk.image).equals(sound)).toBe(true);
  });

  it('by a power cut between any two writes of the table leaves the old table or the new one', async () => {
    attach();
    const script = { pLabel: 'raw', size: 10, filesystem: 'none' };
    tool('sync', [disk.node]);
    const before = readFileSync(disk.image);
    const old = finished();
    const added = { device: { path: disk.node }, add_partitions: [script] };
    expect((await runHere(oneStep({ layout: added }))).failures).toEqual([]);
    tool('sync', [disk.node]);
    const after = readFileSync(disk.image);
    const made = finished();
    const sectors = after.length / 512;
    // In this order, each flushed: entries and header of the second copy, then of the first, then the protecting sector.
    const regions = [
      [sectors - 33, sectors - 1],
      [sectors - 1, sectors],
      [2, 34],
      [1, 2],
      [0, 1],
    ] as const;
    const state = Buffer.from(before);
    const seen: unknown[] = [];
    const cut = path.join(disk.folder, 'cut.raw');
    for (const [from, to] of regions) {
      for (let sector = from; sector < to; sector += 1) {
        after.copy(state, sector * 512, sector * 512, (sector + 1) * 512);
        if (sector === from || sector === to - 1) {
          writeFileSync(cut, state);
          seen.push(tableIn(cut));
        }
      }
    }
    expect(state.equals(after)).toBe(true);
    for (const table of seen) {
      expect([old, made]).toContainEqual(table);
    }
    expect(seen[0]).toEqual(old);
    expect(seen.at(-1)).toEqual(made);
  });
});

function tableIn(image: string): unknown {
  const listed: unknown = JSON.parse(tool('sfdisk', ['--json', image]));
  return partitionsIn(listed).map(({ start, size, type, name = '' }) => ({
    start,
    size,
    type,
    name,
  }));
}
