/** Builds the disk of an installed system from a root tree: no root, no loop device, no mount. */
import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { stubMenu } from '../boot/loader.ts';
import {
  findBootLoader,
  installForBios,
  makeBootLoader,
  type BootLoaderSource,
} from './boot-loader.ts';
import { planDisk, type DiskPlan, type DiskRecipe } from './disk-plan.ts';
import { convertDisk, outputFor } from './disk-type.ts';
import { makeEfiPartition } from './efi-partition.ts';
import { copyImage, makeImage, makePartition } from './ext-file-system.ts';
import { requirePrograms } from './host-program.ts';
import { writeInstalledFiles } from './installed-files.ts';
import { giveName, refuseExisting, stagingBeside } from './output-file.ts';
import { MIB, PARTITIONS, type PartitionName } from './partition-layout.ts';
import { writePartitionTable } from './partition-table.ts';

/** A disk as it was built. */
export interface BuiltDisk {
  readonly output: string;
  readonly bytes: number;
  readonly imageBytes: number;
  readonly partitions: readonly {
    readonly name: PartitionName;
    readonly label?: string;
    readonly offset: number;
    readonly bytes: number;
  }[];
}

/**
 * Builds it beside its place and gives it its name when all of it is durable: there is a whole disk under that name, or
 * none. `note` gets one line for each part; an aborted signal ends it.
 */
export async function buildDisk(
  recipe: DiskRecipe,
  work: { readonly signal: AbortSignal; readonly note: (line: string) => void },
): Promise<BuiltDisk> {
  const { type = 'raw', date } = recipe;
  const output = outputFor(resolve(recipe.output), type);
  await refuseExisting(output);
  await requirePrograms(['sfdisk', 'mke2fs', 'tune2fs', 'mkfs.vfat', 'mcopy', 'mmd', 'cp', 'tar']);
  const loader = await findBootLoader();
  const plan = await planDisk(recipe);
  const staging = await stagingBeside(output);
  try {
    const disk = join(staging, 'disk.raw');
    const site: Site = { ...work, plan, loader, staging, disk };
    await makeImages(site);
    await writeInstalledFiles(plan, staging);
    await writePartitionTable(disk, plan.layout, work.signal);
    await makeFileSystems(site);
    await makeBootable(site);
    work.note(`making ${output} durable`);
    await giveName(await convertDisk(disk, { type, date }, work.signal), output);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  return builtDisk(output, plan);
}

interface Site {
  readonly plan: DiskPlan;
  readonly loader: BootLoaderSource;
  readonly staging: string;
  readonly disk: string;
  readonly signal: AbortSignal;
  readonly note: (line: string) => void;
}

async function makeImages({ staging, plan, signal, note }: Site): Promise<void> {
  const at = (name: string): string => join(staging, name);
  for (const name of [
    'state/cOS',
    'state/grub2',
    'recovery/cOS',
    'recovery/grub2',
    'oem',
    'persistent',
    'boot',
  ]) {
    await mkdir(at(name), { recursive: true });
  }
  const { tree, labels, imageBytes: bytes } = plan;
  note(`images of ${bytes / MIB} MiB: active, passive, recovery`);
  const active = at('state/cOS/active.img');
  await makeImage(active, { tree: tree.path, label: labels.active, bytes }, signal);
  await copyImage(active, at('state/cOS/passive.img'), labels.passive, signal);
  await copyImage(active, at('recovery/cOS/recovery.img'), labels.system, signal);
}

async function makeFileSystems({ plan, staging, disk, signal, note }: Site): Promise<void> {
  const { recipe, labels, layout } = plan;
  for (const name of ['oem', 'recovery', 'state', 'persistent'] as const) {
    const extent = layout.partitions[name];
    note(`partition ${name}: ${extent.bytes / MIB} MiB, ${labels[name]}`);
    const given = name === 'persistent' ? recipe.persistent : undefined;
    const content = given === undefined ? join(staging, name) : resolve(given);
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

function builtDisk(output: string, { layout, labels, imageBytes }: DiskPlan): BuiltDisk {
  const partitions = PARTITIONS.map((name) => ({
    name,
    ...(name === 'bios' ? {} : { label: labels[name] }),
    ...layout.partitions[name],
  }));
  return { output, bytes: layout.bytes, imageBytes, partitions };
}
