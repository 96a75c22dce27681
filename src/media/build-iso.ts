/** Builds an installation medium from root trees, for BIOS and EFI, for discs and sticks: no root unless the trees need it, no mount. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { syncDirectory } from '../../state/durable-file.ts';
import { UsageError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { findBootLoader, makeBootLoader, type BootLoaderSource } from './boot-loader.ts';
import { copyBootFiles, copyEfiLoader } from './iso-boot-files.ts';
import { liveMenu, MEDIUM_STUB, type BuiltIso, type IsoRecipe } from './iso-recipe.ts';
import { requirePrograms, runProgram } from './host-program.ts';
import { stagingBeside } from './output-file.ts';
import { MIB } from './partition-layout.ts';
import { mustBeForPc } from './tree-machine.ts';

interface Site {
  readonly recipe: IsoRecipe;
  readonly staging: string;
  /** Root tree of the medium. */
  readonly tree: string;
  readonly loader: BootLoaderSource;
  readonly signal: AbortSignal;
  readonly note: (line: string) => void;
}

/** Builds it beside its place; the name changes hands when all of it is durable. */
export async function buildIso(
  recipe: IsoRecipe,
  work: { readonly signal: AbortSignal; readonly note: (line: string) => void },
): Promise<BuiltIso> {
  const output = resolve(recipe.output);
  refuseLabel(recipe.label);
  for (const tree of recipe.rootfs) await mustBeForPc(resolve(tree));
  await requirePrograms(['xorriso', 'mksquashfs', 'mkfs.vfat', 'mcopy', 'mmd', 'cp']);
  const loader = await findBootLoader();
  await mkdir(dirname(output), { recursive: true });
  const staging = await stagingBeside(output);
  try {
    const site: Site = { ...work, recipe, staging, loader, tree: join(staging, 'rootfs') };
    const tree = await rootTree(site);
    await makeMedium({ ...site, tree });
    await makeEfiImage({ ...site, tree });
    work.note(`writing ${output}`);
    const made = join(staging, 'medium.iso');
    await writeIso(site, made);
    const sha256 = await digestOf(made, work.signal);
    await writeFile(join(staging, 'sha256'), `${sha256}  ${basename(output)}\n`);
    await runProgram('sync', ['-f', staging], work);
    await rename(made, output);
    await rename(join(staging, 'sha256'), `${output}.sha256`);
    await syncDirectory(dirname(output));
    return { output, bytes: (await stat(output)).size, sha256 };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** One tree is read where it is; several are laid over each other in a copy. */
async function rootTree({ recipe, tree, signal }: Site): Promise<string> {
  const [only, ...more] = recipe.rootfs;
  if (only === undefined) throw noSource();
  if (more.length === 0) return resolve(only);
  await mkdir(tree);
  for (const source of recipe.rootfs) {
    await runProgram('cp', ['-a', '--', `${resolve(source)}/.`, tree], { signal });
  }
  return tree;
}

async function makeMedium({ recipe, staging, tree, loader, signal, note }: Site): Promise<void> {
  const iso = join(staging, 'iso');
  await mkdir(join(iso, 'boot/grub2'), { recursive: true });
  await copyBootFiles(tree, join(iso, 'boot'));
  await writeFile(join(iso, 'boot/grub2/grub.cfg'), liveMenu(recipe));
  note('packing the root file system');
  const { squashOptions } = recipe;
  const left = EMPTIED.flatMap((name) => [`${name}/*`, `${name}/.*`]);
  await runProgram(
    'mksquashfs',
    [
      ...[tree, join(iso, 'rootfs.squashfs'), '-noappend', '-no-progress', '-quiet'],
      ...['-b', '1024k', ...squashOptions, '-wildcards', '-e', ...left],
    ],
    { signal },
  );
  const core = join(iso, 'boot/grub2/eltorito.img');
  await makeBootLoader(
    loader,
    { firmware: 'bios', on: 'disc', menu: MEDIUM_STUB, path: core },
    signal,
  );
  await rm(`${core}.cfg`);
  await overlay(recipe.overlays.iso, iso, signal);
}

/** What a running system mounts over (spec 3.10). */
const EMPTIED = ['mnt', 'proc', 'sys', 'dev', 'tmp', 'host', 'run'];

async function makeEfiImage({ recipe, staging, tree, loader, signal, note }: Site): Promise<void> {
  note('boot loader: GRUB for BIOS and for EFI');
  const efi = join(staging, 'uefi');
  const boot = join(efi, 'EFI/BOOT');
  await mkdir(boot, { recursive: true });
  if (recipe.efiLoader === 'tree') await copyEfiLoader(tree, boot);
  else {
    const path = join(boot, 'BOOTX64.EFI');
    await makeBootLoader(loader, { firmware: 'efi', on: 'disc', menu: MEDIUM_STUB, path }, signal);
    await rm(`${path}.cfg`);
  }
  await writeFile(join(boot, 'grub.cfg'), MEDIUM_STUB);
  await overlay(recipe.overlays.uefi, efi, signal);
  const image = join(staging, 'uefi.img');
  const said = await runProgram('du', ['-sb', '--apparent-size', efi], { signal });
  const content = Number(said.split('\t')[0]);
  await writeFile(image, '');
  // Whole 4 MiB, as the reference makes them, and room for what FAT needs.
  await truncate(image, Math.ceil((content + MIB) / (4 * MIB)) * 4 * MIB);
  await runProgram('mkfs.vfat', ['-n', 'COS_GRUB', image], { signal });
  const env = { MTOOLSRC: '/dev/null' };
  await runProgram('mcopy', ['-s', '-i', image, join(efi, 'EFI'), '::/'], { signal, env });
}

/** A disc for both firmwares that starts from a stick as well: a GPT with the EFI partition, and boot code for a BIOS. */
async function writeIso({ recipe, staging, loader, signal }: Site, output: string): Promise<void> {
  const bios = '-c boot/boot.catalog -b boot/grub2/eltorito.img -no-emul-boot -boot-load-size 4';
  const efi = '-eltorito-alt-boot -e --interval:appended_partition_2:all:: -no-emul-boot';
  await runProgram(
    'xorriso',
    [
      ...['-as', 'mkisofs', '-quiet', '-o', output, '-V', recipe.label, '-iso-level', '3', '-R'],
      ...[...bios.split(' '), '-boot-info-table', '--grub2-boot-info'],
      ...['--grub2-mbr', join(loader.modules.bios, 'boot_hybrid.img')],
      ...['-append_partition', '2', '0xef', join(staging, 'uefi.img'), '-appended_part_as_gpt'],
      ...[...efi.split(' '), join(staging, 'iso')],
    ],
    { signal },
  );
}

async function overlay(
  sources: readonly string[],
  onto: string,
  signal: AbortSignal,
): Promise<void> {
  for (const source of sources) {
    await runProgram('cp', ['-a', '--', `${resolve(source)}/.`, onto], { signal });
  }
}

async function digestOf(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { signal }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
  }
  return hash.digest('hex');
}

/** The live system looks for it, in a word of its command line. */
function refuseLabel(label: string): void {
  if (/^[A-Za-z0-9_.-]{1,32}$/.test(label)) return;
  throw new UsageError({
    code: 'label-impossible',
    message: `${JSON.stringify(label)} cannot be the label of a medium`,
    reason: 'a disc keeps 32 bytes, and the kernel needs one plain word',
    hint: 'use up to 32 letters, digits and underscores',
    exit: EXIT.labelImage,
  });
}

function noSource(): UsageError {
  return new UsageError({
    code: 'no-source',
    message: 'there is no root file system for the medium',
    reason: 'neither the command line nor iso.rootfs of manifest.yaml names one',
    hint: 'name a root tree: build-iso dir:./root',
    exit: EXIT.noSource,
  });
}
