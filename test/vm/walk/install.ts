import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildIso } from '../../../src/media/build-iso.ts';
import { partitionsOf } from '../../../src/proof/cold-partitions.ts';
import type { WalkArguments } from '../arguments.ts';
import { mountNext, type StartableDisk, type WalkContext } from '../context.ts';
import { diskFiles } from '../disk-files.ts';
import { VmError } from '../failure.ts';
import { startMachine, type Machine } from '../machine.ts';
import type { Firmware } from '../qemu.ts';
import { bootEntry, fromRecoveryToDeploy, MARKS, teller, text } from './lifecycle.ts';

/** A way to install. */
interface Way {
  readonly firmware: Firmware;
  readonly table: 'gpt' | 'msdos';
  readonly more: readonly string[];
}

const WAYS: readonly Way[] = [
  { firmware: 'bios', table: 'gpt', more: [] },
  { firmware: 'efi', table: 'gpt', more: [] },
  { firmware: 'bios', table: 'msdos', more: ['--part-table', 'msdos'] },
];

/**
 * An empty disk: a medium is booted and installs itself, by each firmware and with each table. What is installed boots by itself; the first one
 * goes on through upgrade, recovery, reset, deploy.
 */
export async function install(context: WalkContext, { ways }: WalkArguments): Promise<void> {
  const medium = await installationMedium(context);
  const wanted = WAYS.filter(
    ({ firmware, table }) => ways.length === 0 || ways.includes(`${firmware}-${table}`),
  );
  if (wanted.length === 0) throw new VmError(`no such way to install: ${ways.join(', ')}`);
  for (const way of wanted) {
    const { path } = await context.disk('empty');
    await installFromMedium(context, { path, medium, way });
    if (way === WAYS[0]) await livesOn(context, path);
    else await bootInstalled(context, path, way);
    await rm(path);
  }
}

/** A medium with 1.0 on it, and beside it the hooks that leave marks. Answers with its path. */
export async function installationMedium(context: WalkContext): Promise<string> {
  const tree = await context.part('root tree: 1.0', () => context.tree('busybox'));
  const output = join(context.folder, 'medium.iso');
  const beside = join(context.folder, 'beside');
  await mkdir(beside);
  await writeFile(join(beside, 'marks.yaml'), MARKS);
  await context.part('elemental build-iso', async () => {
    const built = await buildIso(
      {
        rootfs: [tree],
        overlays: { uefi: [], iso: [beside] },
        output,
        label: 'COS_LIVE',
        menuTitle: 'cOS test',
        efiLoader: 'ours',
        // The default packs smaller; unpacking it takes a machine without hardware virtualisation minutes.
        squashOptions: ['-comp', 'zstd'],
      },
      { signal: new AbortController().signal, note: context.note },
    );
    context.note(`${String(Math.round(built.bytes / 2 ** 20))} MiB`);
  });
  return output;
}

export const INSTALL = [
  ...['elemental', 'install', '/dev/vda'],
  ...['--cloud-init', '/run/initramfs/live/marks.yaml'],
] as const;

interface Installation {
  readonly path: string;
  readonly medium: string;
  readonly way: Way;
}

async function installFromMedium(
  context: WalkContext,
  { path, medium, way }: Installation,
): Promise<void> {
  const { check, part } = context;
  const { firmware, table, more } = way;
  const tell = teller(context);
  const drives = [{ file: medium, mode: 'disc' }] as const;
  const machine = await startMachine({ disk: path, firmware, drives, mebibytes: 1024 });
  try {
    await part(`boot the medium: ${firmware}`, async () => {
      const { mode, version } = await machine.ready();
      check(mode === 'live' && version === '1.0', 'the live system runs');
    });
    await part(`elemental install: ${firmware}, ${table}`, async () => {
      tell(await machine.sure([...INSTALL, ...more], LONG_MS));
    });
    if (firmware === 'efi') await hasBootEntry(context, machine);
    await part('power off', () => machine.shutdown());
  } finally {
    await machine.cutPower();
  }
}

async function hasBootEntry({ check }: WalkContext, machine: Machine): Promise<void> {
  const listed = await machine.sure(['efibootmgr', '-v']);
  const [, first] = /BootOrder: (\w{4})/.exec(listed) ?? [];
  const entry = listed.split('\n').find((line) => line.startsWith(`Boot${first ?? '????'}`));
  check(entry?.includes('HD(') === true, `the firmware starts the disk first (${entry ?? ''})`);
}

/** The disk alone. */
async function bootInstalled(context: WalkContext, path: string, way: Way): Promise<void> {
  const { firmware } = way;
  const machine = await startMachine({ disk: path, firmware });
  try {
    const { mode, version } = await context.part(
      `boot the installed disk: ${firmware}, ${way.table}`,
      () => machine.ready(),
    );
    await looksInstalled(context, machine, { mode, version });
    await machine.shutdown();
  } finally {
    await machine.cutPower();
  }
}

async function looksInstalled(
  context: WalkContext,
  machine: Machine,
  { mode, version }: { readonly mode: string; readonly version: string },
): Promise<void> {
  const { check } = context;
  check(mode === 'active' && version === '1.0', 'the installed system runs');
  check((await text(machine, '/etc/mark')) === 'install', 'after-install-chroot ran in it');
  const hooks = await machine.sure(['stat', '-c', '%a %n', '/oem/90_custom.yaml']);
  check(hooks.startsWith('600 '), 'the hooks are on COS_OEM, for root alone');
  const tell = teller(context);
  tell(await machine.sure(['sfdisk', '--dump', '/dev/vda']));
  tell(await machine.sure(['elemental', 'status']));
  tell(await machine.sure(['elemental', 'history']));
}

/** Upgraded, recovered, reset, deployed: the installed disk is as good as a built one. */
async function livesOn(context: WalkContext, path: string): Promise<void> {
  const { check, part } = context;
  const next = await part('next system: 2.0', () => context.source('busybox', '2.0'));
  const partitions = await partitionsOf(path);
  const disk: StartableDisk = {
    files: diskFiles(path, partitions),
    start: (options) => startMachine({ disk: path, ...options }),
  };
  const options = { drives: [{ file: next, mode: 'ro' }] } as const;
  const boot = bootEntry(context, disk, options);
  await boot('boot the installed disk: bios, gpt', 'cos', async (machine, booted) => {
    await looksInstalled(context, machine, booted);
    await mountNext(machine);
    await part('elemental upgrade', async () => {
      teller(context)(await machine.sure(['elemental', 'upgrade'], LONG_MS));
    });
  });
  await boot('boot what it was upgraded to', 'cos', async (machine, { mode, version }) => {
    check(mode === 'active' && version === '2.0', 'the new system runs');
    check((await text(machine, '/etc/mark')) === 'upgrade', 'after-upgrade-chroot ran in it');
  });
  await fromRecoveryToDeploy(context, disk, options);
}

const LONG_MS = 1_800_000;
