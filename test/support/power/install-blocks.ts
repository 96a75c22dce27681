/** An installation below the file system: what a cut may leave of it starts whole or not at all, and the same command makes it whole. */
import { open, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chosen } from '../../../src/proof/blocks/generator.ts';
import { apply, nameOf, type BlockState } from '../../../src/proof/blocks/block-states.ts';
import {
  bytesAt,
  contentOf,
  layerOver,
  writeAll,
  type Content,
} from '../../../src/proof/blocks/content.ts';
import { contents, judgeStates, type Judged } from '../../../src/proof/blocks/judge-states.ts';
import type { BlockTally, Extent } from '../../../src/proof/blocks/prove-blocks.ts';
import { whileLooking } from '../../../src/proof/blocks/prove-blocks.ts';
import type { LoggedRequest } from '../../../src/proof/blocks/write-log.ts';
import { recordWhile } from '../../../src/proof/blocks/record.ts';
import { build } from '../../../src/proof/blocks/sights.ts';
import { partitionsOf, type ColdPartition } from '../../../src/proof/cold-partitions.ts';
import { expectedContent } from '../../../src/proof/cuts/rig.ts';
import { createDiskReader } from '../../../src/proof/disk-facts.ts';
import { OWN_HANDS } from '../../../src/proof/hands.ts';
import { judgeCut, judgeEnd, type Before } from '../../../src/proof/laws.ts';
import { copyDisk, type Disk } from '../../../src/sandbox/disk.ts';
import { tool } from '../cloud-init/loop-disk.ts';
import { OWN_LABELS, type Ended, type Installer } from '../install/installer.ts';

const MEBIBYTES = 2048;

/** A disk that is divided, formatted, filled and made to start by one command; every state of it, and some of them installed again. */
export async function proveInstall(
  installer: Installer,
  { seed, states, recoveries = Infinity }: Extent,
): Promise<BlockTally> {
  const begin = performance.now();
  const { folder } = installer;
  const base = { path: join(folder, 'blank.img') };
  await writeFile(base.path, '');
  await truncate(base.path, MEBIBYTES * 2 ** 20);
  const { log, outcome } = await recordWhile(base, async (disk) => {
    const { exit, stdout, stderr } = await installOn(installer, disk);
    return { code: exit, stdout, stderr };
  });
  if (outcome.code !== 0) throw new Error(outcome.stderr);

  const installed = await expectedContent(installer.tree, join(folder, 'expected'), {
    '/etc/from-hook': 'hook\n',
  });
  const whole = await copyDisk(base, join(folder, 'whole.img'));
  await apply(whole.path, log);
  const reader = createDiskReader(folder);
  const facts = await reader.read(whole, new Set([installed]));
  const partitions = await partitionsOf(whole.path);
  const before: Before = { facts, lastGood: installed, hookFiles: Object.keys(facts.userData) };
  const start = await startOf(whole, partitions);
  await rm(whole.path);
  const starts = (content: Content): boolean => bytesAt(content, 0, SECTOR).includes('GRUB');
  const pivot = log.findIndex(
    (request) => request.kind === 'write' && request.offset === 0 && request.data.includes('GRUB'),
  );

  const judged: Judged = await whileLooking(
    { folder, contents: { installed, next: installed, others: [] } },
    (lanes) =>
      judgeStates(
        // Before its last write but a few the disk does not start: there is nothing to be seen.
        {
          base,
          log,
          from: pivot,
          seed,
          partitions,
          ...(states === undefined ? {} : { count: states }),
        },
        {
          folder,
          lanes,
          judgement: (content) => {
            if (!starts(content)) return undefined;
            const isWhole = start.every(({ at, bytes }) =>
              bytesAt(content, at, bytes.length).equals(bytes),
            );
            const halfStart = { law: 1, sentence: 'it starts with half a boot loader' } as const;
            return (found) => [...judgeCut(found, before), ...(isWhole ? [] : [halfStart])];
          },
        },
      ),
  );
  const late = [...judged.nothing, ...[...judged.classes.values()].map(({ state }) => state)];
  const representatives = [
    ...early(log, pivot, recoveries, seed),
    ...chosen(late, recoveries, seed),
  ].sort((a, b) => a.durable - b.durable);
  const wrong: string[] = [];
  const file = await open(base.path, 'r');
  try {
    for (const { state, content } of contents(
      { below: contentOf(file.fd), log },
      representatives,
    )) {
      const path = join(folder, 'again.img');
      const disk = await build(content.written(), { base, path, run: OWN_HANDS.run });
      const { exit, stderr } = await installOn(installer, disk);
      const left =
        exit === 0 ? judgeEnd(await reader.read(disk, new Set([installed])), before) : [];
      wrong.push(
        ...(exit === 0
          ? []
          : [`${nameOf(state)}: installed again, it ends with ${String(exit)}: ${stderr}`]),
        ...left.map(({ sentence }) => `${nameOf(state)}: installed again: ${sentence}`),
      );
      await rm(path);
    }
  } finally {
    await file.close();
  }
  await rm(base.path);
  return {
    ...judged,
    requests: log.length,
    recoveries: representatives.length,
    violations: [...judged.violations, ...wrong],
    seconds: (performance.now() - begin) / 1000,
  };
}

const SECTOR = 512;

/** Cuts before the disk starts, all that was written until then being there: between any two flushes, chosen by the seed. */
function early(
  log: readonly LoggedRequest[],
  pivot: number,
  count: number,
  seed: number,
): readonly BlockState[] {
  const states = log.slice(0, pivot).map((_, at): BlockState => {
    const durable = log.slice(0, at).findLastIndex(({ kind }) => kind === 'flush') + 1;
    const pending = Array.from({ length: at - durable }, (_number, index) => durable + index);
    return { durable, made: pending.filter((one) => log[one]?.kind === 'write'), how: 'all' };
  });
  return chosen(states, count, seed);
}

/** What a BIOS needs before it finds a file: the first sector's code, and the core of GRUB. */
async function startOf(whole: Disk, partitions: readonly ColdPartition[]) {
  const file = await open(whole.path, 'r');
  try {
    const content = layerOver(contentOf(file.fd));
    writeAll(content, []);
    const core = partitions.find(({ name }) => name === 'bios');
    return [
      // Behind it come the disk's signature and the table.
      { at: 0, bytes: Buffer.from(bytesAt(content, 0, 440)) },
      ...(core === undefined
        ? []
        : [{ at: core.offset, bytes: Buffer.from(bytesAt(content, core.offset, core.bytes)) }]),
    ];
  } finally {
    await file.close();
  }
}

async function installOn(installer: Installer, disk: Disk): Promise<Ended> {
  const node = tool('losetup', ['--find', '--partscan', '--show', disk.path]).trim();
  try {
    const own = ['--config-dir', installer.config('own', OWN_LABELS), '--firmware', 'bios'];
    const line = ['install', node, '--force', '--system.uri', `dir:${installer.tree}`];
    return await installer.run(...line, '-c', 'oem.yaml', ...own);
  } finally {
    tool('partx', ['--delete', node]);
    tool('losetup', ['--detach', node]);
  }
}
