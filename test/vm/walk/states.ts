import { rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { apply } from '../../../src/proof/blocks/block-states.ts';
import { readWriteLog, type LoggedRequest } from '../../../src/proof/blocks/write-log.ts';
import type { WalkArguments } from '../arguments.ts';
import type { WalkContext } from '../context.ts';
import { judgeAgainst } from '../judge.ts';
import { dangerousMoments, statePartition, type MomentState } from '../upgrade-log.ts';
import { comesBack } from './come-back.ts';
import { aboutToUpgrade } from './cuts.ts';

/**
 * Every write of an upgrade is recorded below the guest. The disks that a power cut leaves in its most dangerous moments are built from
 * that, and booted: each comes to a login by itself, keeps the laws, and finishes or undoes the upgrade.
 */
export async function states(context: WalkContext, { moments }: WalkArguments): Promise<void> {
  const { note, part } = context;
  const start = await aboutToUpgrade(context);
  const log = join(context.folder, 'writes');
  await writeFile(log, '');
  // Sparse, and read as empty: the end of the log is its first header of zeroes.
  await truncate(log, 16 * 2 ** 30);
  const { machine, disk, original } = await part('a machine whose disk is recorded', () =>
    context.booted(start, log),
  );
  try {
    await part('elemental upgrade', () => machine.sure(['elemental', 'upgrade'], 900_000));
  } finally {
    await machine.cutPower();
  }
  const requests = await readWriteLog(log);
  await rm(log);
  const partition = disk.built.partitions.find(({ name }) => name === 'state');
  const all = dangerousMoments(requests, await statePartition(original, partition?.offset ?? 0));
  note(`${String(requests.length)} requests, ${String(all.length)} moments`);
  const judge = await part('what the laws are judged against', () =>
    judgeAgainst(original, context.folder),
  );
  const drives = start.options?.drives;
  for (const [index, moment] of all.entries()) {
    if (moments.length > 0 && !moments.includes(index + 1)) {
      note(`left out: ${String(index + 1)}, ${moment.title}`);
      continue;
    }
    await part(`${String(index + 1)}: ${moment.title}`, async () => {
      const cut = await context.copyOf(original, disk.built);
      await build(cut.path, requests, moment);
      note(await comesBack(context, cut, { operation: 'upgrade', drives, judge }));
      await rm(cut.path);
    });
  }
  await rm(disk.path);
}

async function build(
  path: string,
  log: readonly LoggedRequest[],
  { durable, made }: MomentState,
): Promise<void> {
  await apply(path, log.slice(0, durable));
  await apply(
    path,
    made.flatMap((number) => log[number] ?? []),
  );
}
