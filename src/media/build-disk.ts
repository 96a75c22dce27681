/** Builds the disk of an installed system from a root tree: no loop device and no mount, and no root unless its hooks change the system. */
import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { stubMenu } from '../boot/loader.ts';
import type { StagesPort } from '../system/port.ts';
import {
  findBootLoader,
  installForBios,
  makeBootLoader,
  type BootLoaderSource,
} from './boot-loader.ts';
import { planDisk, type DiskPlan, type DiskRecipe } from './disk-plan.ts';
import {
  hasChrootHooks,
  mustBeRoot,
  runDiskStage,
  treeWithHooks,
  type HookSources,
} from './disk-hooks.ts';
import { convertDisk, outputFor, programsFor } from './disk-type.ts';
import { makeEfiPartition } from './efi-partition.ts';
import { copyImage, makeImage, makePartition } from './ext-file-system.ts';
import { requirePrograms } from './host-program.ts';
import { writeInstalledFiles, writeOemFiles } from './installed-files.ts';
import { giveName, refuseExisting, stagingBeside } from './output-file.ts';
import { MIB, placed, type PartitionName } from './partition-layout.ts';
import { writePartitionTable } from './partition-table.ts';

/** A disk as it was built. */
export interface BuiltDisk {
  readonly output: string;
  /** Of the disk; the file may be smaller. */
  readonly bytes: number;
  readonly imageBytes: number;
  readonly partitions: readonly {
    readonly name: PartitionName;
    readonly label?: string;
    readonly offset: number;
    readonly bytes: number;
  }[];
  /** Hooks that failed and stopped nothing, one sentence each. */
  readonly hookFailures: readonly string[];
}

/**
 * Builds it beside its place and gives it its name when all of it is durable: there is a whole disk under that name, or
 * none. `note` gets one line for each part and what hooks print; an aborted signal ends it. Without `stages` no hooks run.
 */
export async function buildDisk(
  recipe: DiskRecipe,
  work: {
    readonly signal: AbortSignal;
    readonly note: (line: string) => void;
    readonly stages?: StagesPort;
  },
): Promise<BuiltDisk> {
  const { type = 'raw', date } = recipe;
  const { signal, note } = work;
  const output = outputFor(resolve(recipe.output), type);
  await refuseExisting(output);
  await requirePrograms([...PROGRAMS, ...programsFor(type)]);
  const loader = await findBootLoader();
  const asked = await planDisk(recipe);
  const hooks = await hooksOf(recipe, work);
  const staging = await stagingBeside(output);
  try {
    await hooks.host('before-disk');
    await makeFolders(asked, staging);
    await writeOemFiles(asked, staging);
    const { plan, persistent } = await hooks.inside(asked, staging);
    const disk = join(staging, 'disk.raw');
    const site: Site = { signal, note, plan, loader, staging, persistent, disk };
    await makeImages(site);
    await writeInstalledFiles(plan, staging);
    await writePartitionTable(disk, plan.layout, signal);
    await makeFileSystems(site);
    await makeBootable(site);
    await hooks.host('after-disk');
    note(`making ${output} durable`);
    await giveName(await convertDisk(disk, { type, date }, signal), output);
    await hooks.host('post-disk');
    return { ...builtDisk(output, plan), hookFailures: hooks.failures };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

const PROGRAMS = ['sfdisk', 'mke2fs', 'tune2fs', 'mkfs.vfat', 'mcopy', 'mmd', 'cp', 'tar'];

interface Site {
  readonly plan: DiskPlan;
  readonly loader: BootLoaderSource;
  readonly staging: string;
  /** What COS_PERSISTENT gets. */
  readonly persistent: string;
  readonly disk: string;
  readonly signal: AbortSignal;
  readonly note: (line: string) => void;
}

interface DiskHooks {
  /** So far. */
  readonly failures: readonly string[];
  host(stage: 'before-disk' | 'after-disk' | 'post-disk'): Promise<void>;
  /** Those that change the system of the disk; answers with what it is made of then. */
  inside(plan: DiskPlan, staging: string): Promise<Pick<Site, 'plan' | 'persistent'>>;
}

async function hooksOf(
  recipe: DiskRecipe,
  { stages, ...work }: Parameters<typeof buildDisk>[1],
): Promise<DiskHooks> {
  const { root, oem = [], persistent, strict = false } = recipe;
  const asGiven: DiskHooks['inside'] = async (plan, staging) => ({
    plan,
    persistent: persistent === undefined ? join(staging, 'persistent') : resolve(persistent),
  });
  if (stages === undefined) return { failures: [], host: async () => undefined, inside: asGiven };
  const given = persistent === undefined ? {} : { persistent: resolve(persistent) };
  const sources: HookSources = { root: resolve(root), oem, strict, ...given };
  const change = await hasChrootHooks(sources);
  if (change) mustBeRoot();
  const failures: string[] = [];
  return {
    failures,
    host: async (stage) => {
      failures.push(...(await runDiskStage(stage, sources, { ...work, stages })));
    },
    inside: async (plan, staging) => {
      if (!change) return asGiven(plan, staging);
      const made = await treeWithHooks(sources, staging, { ...work, stages });
      failures.push(...made.failures);
      return { plan: await planDisk(recipe, made.tree), persistent: join(staging, 'persistent') };
    },
  };
}

async function makeFolders({ layout }: DiskPlan, staging: string): Promise<void> {
  const images = ['state', 'recovery'].filter(
    (name) => name === 'recovery' || layout.partitions.state !== undefined,
  );
  const folders = images.flatMap((name) => [`${name}/cOS`, `${name}/grub2`]);
  for (const name of [...folders, 'oem', 'persistent', 'boot']) {
    await mkdir(join(staging, name), { recursive: true });
  }
}

async function makeImages({ staging, plan, signal, note }: Site): Promise<void> {
  const at = (name: string): string => join(staging, name);
  const { tree, labels, imageBytes: bytes } = plan;
  const recovery = at('recovery/cOS/recovery.img');
  if (plan.extent === 'expandable') {
    note(`image of ${bytes / MIB} MiB: recovery`);
    await makeImage(recovery, { tree: tree.path, label: labels.system, bytes }, signal);
    return;
  }
  note(`images of ${bytes / MIB} MiB: active, passive, recovery`);
  const active = at('state/cOS/active.img');
  await makeImage(active, { tree: tree.path, label: labels.active, bytes }, signal);
  await copyImage(active, at('state/cOS/passive.img'), labels.passive, signal);
  await copyImage(active, recovery, labels.system, signal);
}

async function makeFileSystems({
  plan,
  persistent,
  staging,
  disk,
  signal,
  note,
}: Site): Promise<void> {
  const { labels, layout } = plan;
  for (const name of ['oem', 'recovery', 'state', 'persistent'] as const) {
    const extent = layout.partitions[name];
    if (extent === undefined) continue;
    note(`partition ${name}: ${extent.bytes / MIB} MiB, ${labels[name]}`);
    const content = name === 'persistent' ? persistent : join(staging, name);
    await makePartition(disk, { extent, label: labels[name], content }, signal);
  }
}

async function makeBootable({ plan, loader, staging, disk, signal, note }: Site): Promise<void> {
  note('boot loader: GRUB for BIOS and for EFI');
  const menu = stubMenu([plan.labels.state, plan.labels.recovery]);
  const { bios, efi } = plan.layout.partitions;
  const core = join(staging, 'boot/core.img');
  const program = join(staging, 'boot/grub.efi');
  await makeBootLoader(loader, { firmware: 'bios', menu, path: core }, signal);
  await makeBootLoader(loader, { firmware: 'efi', menu, path: program }, signal);
  await installForBios(disk, loader, { path: core, extent: bios });
  await makeEfiPartition(
    disk,
    { extent: efi, label: plan.labels.efi, loader: program, menu },
    { staging: join(staging, 'boot'), signal },
  );
}

function builtDisk(
  output: string,
  { layout, labels, imageBytes }: DiskPlan,
): Omit<BuiltDisk, 'hookFailures'> {
  const partitions = placed(layout).map(({ name, offset, bytes }) => ({
    name,
    ...(name === 'bios' ? {} : { label: labels[name] }),
    offset,
    bytes,
  }));
  return { output, bytes: layout.bytes, imageBytes, partitions };
}
