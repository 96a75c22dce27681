import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildDisk } from '../../../src/media/build-disk.ts';
import { IMAGE_MEBIBYTES } from '../trees/vendor-files.ts';
import type { WalkContext, WorkingDisk } from '../context.ts';
import { createLinuxStages } from '../../../src/system/linux/stages.ts';
import { MARKS } from './lifecycle.ts';

/** A disk that ends with recovery, written onto a larger one, becomes a whole machine by itself; also when the power goes meanwhile. */
export async function expandable(context: WalkContext): Promise<void> {
  const { part, copyOf, note, folder } = context;
  const built = await part('an expandable disk', async () => {
    const hook = join(folder, 'marks.yaml');
    await writeFile(hook, MARKS);
    return buildDisk(
      {
        root: await context.tree('busybox'),
        output: join(folder, 'expandable.raw'),
        oem: [hook],
        extent: 'expandable',
        mebibytes: { image: IMAGE_MEBIBYTES, state: 1800, recovery: 1200 },
        date: '2026-01-01T00:00:00Z',
      },
      {
        signal: new AbortController().signal,
        note,
        stages: createLinuxStages({ callerEnvironment: process.env }),
      },
    );
  });
  await truncate(built.output, 6 * 2 ** 30);

  const first = await copyOf(built.output, built);
  await part('power on, and left alone', () => becomesWhole(context, first));

  const second = await copyOf(built.output, built);
  await part('power on, and cut while it deploys', async () => {
    const machine = await second.start();
    try {
      await machine.seen(/deploy-image/, LONG_MS);
    } finally {
      await machine.cutPower();
    }
  });
  await part('power on once more, and left alone', () => becomesWhole(context, second));
}

async function becomesWhole({ check, note }: WalkContext, disk: WorkingDisk): Promise<void> {
  const machine = await disk.start();
  try {
    const { mode, version } = await machine.ready(LONG_MS);
    check(mode === 'active' && version === '1.0', 'the active image runs');
    const mark = await machine.sure(['cat', '/etc/mark']);
    check(mark.trim() === 'deploy', 'after-deploy-chroot ran in it');
    const mount = await machine.sure(['findmnt', '-no', 'SOURCE,SIZE', '/usr/local']);
    note(`/usr/local: ${mount.trim()}`);
    const rest = await machine.run(['test', '-e', '/oem/90_first_boot.yaml']);
    check(rest.code !== 0, 'what made it so is gone');
    note((await machine.sure(['elemental', 'status'])).trimEnd().split('\n').join('\n   '));
    note((await machine.sure(['elemental', 'history'])).trimEnd().split('\n').join('\n   '));
    await machine.shutdown();
  } finally {
    await machine.cutPower();
  }
}

const LONG_MS = 900_000;
