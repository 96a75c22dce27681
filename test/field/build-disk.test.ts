/** Disks that are built with hooks, and disks whose first boot does the rest: by the command, on real files and loop devices. Needs root. */
import { execFile, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { load } from 'js-yaml';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { EXIT } from '../../src/exit-codes.ts';
import { busyboxRoot } from '../support/cloud-init/busybox-root.ts';
import { partitionsIn, tool } from '../support/cloud-init/loop-disk.ts';
import { oneStep, runHere } from '../support/cloud-init/on-this-machine.ts';
import { makeSmallTree } from '../support/media/small-tree.ts';

const run = promisify(execFile);
const BUNDLE = path.resolve(import.meta.dirname, '../../dist/slotwright.cjs');
const SIZES = ['image=16', 'state=128', 'recovery=112'];
const TOOLS = ['sfdisk', 'mkfs.vfat', 'mcopy', 'debugfs', 'grub-mkimage', 'busybox', 'qemu-img'];
const ready =
  process.getuid?.() === 0 &&
  TOOLS.every((name) => spawnSync('which', [name]).status === 0) &&
  existsSync('/usr/lib/grub/i386-pc/boot.img') &&
  existsSync('/usr/lib/grub/x86_64-efi/normal.mod');

const builtSchema = z.object({
  output: z.string(),
  bytes: z.number(),
  partitions: z.array(z.object({ name: z.string(), offset: z.number() })),
  hookFailures: z.array(z.string()),
});
type Built = z.infer<typeof builtSchema>;

const failedSchema = z.object({ code: z.number(), stdout: z.string(), stderr: z.string() });

let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'slotwright-disk-'));
  busyboxRoot(await makeSmallTree(path.join(folder, 'root')));
  for (const name of ['ln', 'mv']) symlinkSync('busybox', path.join(folder, 'root/bin', name));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string): string => path.join(folder, name);

async function build(...args: readonly string[]) {
  const sizes = SIZES.flatMap((size) => ['--size', size]);
  const words = [BUNDLE, 'build-disk', 'root', '--json', ...sizes, ...args];
  return run(process.execPath, words, { cwd: folder }).then(
    ({ stdout, stderr }) => ({ exit: 0, stderr, built: builtSchema.parse(JSON.parse(stdout)) }),
    (error: unknown) => {
      const { code, stdout, stderr } = failedSchema.parse(error);
      return { exit: code, stderr: stderr + stdout, built: undefined };
    },
  );
}

/** A file of a partition, or of an image on it. */
async function read(
  built: Built | undefined,
  partition: string,
  ...names: readonly string[]
): Promise<string> {
  const offset = built?.partitions.find(({ name }) => name === partition)?.offset ?? 0;
  let place = `${built?.output ?? ''}?offset=${offset}`;
  for (const [depth, name] of names.entries()) {
    if (depth === names.length - 1) {
      return (await run('debugfs', ['-R', `cat ${name}`, place])).stdout;
    }
    const copy = at(path.basename(name));
    await run('debugfs', ['-R', `dump ${name} ${copy}`, place]);
    place = copy;
  }
  return '';
}

describe.skipIf(!ready)('the hooks of a disk', () => {
  const hooks = (stages: Readonly<Record<string, unknown>>): void =>
    writeFileSync(at('hooks.yaml'), JSON.stringify({ stages }));

  it('change its system, COS_OEM and COS_PERSISTENT, and not the tree', async () => {
    mkdirSync(at('data'));
    writeFileSync(at('data/extra'), 'extra\n');
    const here = (stage: string) =>
      [
        {
          commands: [
            `echo "$ELEMENTAL_STAGE: $(ls ${folder} | grep -c disk.raw)" >> ${at('said')}`,
          ],
        },
      ].map((step) => ({ name: stage, ...step }));
    hooks({
      'before-disk': here('before-disk'),
      'after-disk': here('after-disk'),
      'post-disk': here('post-disk'),
      'after-disk-chroot': [
        {
          files: [{ path: '/etc/driver', content: 'driver\n', permissions: 0o644 }],
          commands: [
            'cat /oem/hooks.yaml /usr/local/extra > /etc/seen',
            'echo note > /oem/note',
            'echo kept > /usr/local/kept',
            'echo "$ELEMENTAL_OPERATION $ELEMENTAL_ROOT"',
          ],
        },
      ],
    });

    const { exit, stderr, built } = await build('--oem', 'hooks.yaml', '--persistent', 'data');

    expect(stderr).toContain('build-disk /\n');
    expect(exit).toBe(0);
    expect(readFileSync(at('said'), 'utf8')).toBe('before-disk: 0\nafter-disk: 0\npost-disk: 1\n');
    for (const image of ['active', 'passive']) {
      expect(await read(built, 'state', `/cOS/${image}.img`, '/etc/driver')).toBe('driver\n');
    }
    expect(await read(built, 'recovery', '/cOS/recovery.img', '/etc/seen')).toBe(
      `${readFileSync(at('hooks.yaml'), 'utf8')}extra\n`,
    );
    expect(await read(built, 'oem', '/note')).toBe('note\n');
    expect(await read(built, 'persistent', '/kept')).toBe('kept\n');
    expect(await read(built, 'persistent', '/extra')).toBe('extra\n');
    expect(existsSync(at('root/etc/driver'))).toBe(false);
    expect(existsSync(at('data/kept'))).toBe(false);
    expect(tool('ls', ['-A', folder])).not.toContain('.slotwright');
  });

  it('are found in the tree, behind a link of it', async () => {
    const commands = ['echo vendor > /etc/vendor'];
    const text = JSON.stringify({ stages: { 'after-disk-chroot': [{ commands }] } });
    mkdirSync(at('root/usr/share/hooks'), { recursive: true });
    mkdirSync(at('root/system/oem'), { recursive: true });
    writeFileSync(at('root/usr/share/hooks/vendor.yaml'), text);
    symlinkSync('/usr/share/hooks/vendor.yaml', at('root/system/oem/vendor.yaml'));
    const { built } = await build();
    expect(await read(built, 'state', '/cOS/active.img', '/etc/vendor')).toBe('vendor\n');
  });

  it.each([
    ['/oem', 'mv /oem /elsewhere; ln -s /etc /oem'],
    ['/usr/local', 'mv /usr /elsewhere; ln -s HOST /usr'],
  ])('lead nothing out of the tree by a link in the place of %s', async (name, command) => {
    mkdirSync(at('host/local'), { recursive: true });
    writeFileSync(at('host/local/precious'), 'precious\n');
    const commands = [command.replace('HOST', at('host'))];
    hooks({ 'after-disk-chroot': [{ commands }] });
    const { exit, stderr } = await build('--oem', 'hooks.yaml');
    expect(stderr).toContain(`moved ${name}`);
    expect(exit).toBe(81);
    expect(readFileSync(at('host/local/precious'), 'utf8')).toBe('precious\n');
    expect(tool('ls', ['-A', folder]).trim().split('\n').sort()).toEqual([
      'hooks.yaml',
      'host',
      'root',
    ]);
  });

  const failing = { 'after-disk-chroot': [{ commands: ['echo broken >&2; exit 3'] }] };

  it('that fail are told, and with --strict there is no disk', async () => {
    hooks(failing);
    const told = await build('--oem', 'hooks.yaml', '-o', 'told.raw');
    expect(told.exit).toBe(0);
    expect(told.stderr).toContain('a hook of stage after-disk-chroot failed');
    expect(told.built?.hookFailures).toEqual([expect.stringContaining('hooks.yaml')]);

    const strict = await build('--oem', 'hooks.yaml', '--strict');
    expect(strict.exit).toBe(81);
    expect(strict.stderr).toContain('no disk was made');
    expect(tool('ls', ['-A', folder]).trim().split('\n').sort()).toEqual([
      'hooks.yaml',
      'root',
      'told.raw',
    ]);
  });
});

describe.skipIf(!ready)('a disk for QEMU', () => {
  it('is qcow2, with everything in it, for its owner alone', async () => {
    const { built } = await build('-t', 'qcow2');
    const output = at('disk.raw.qcow2');
    expect(built?.output).toBe(output);
    expect(statSync(output).mode & 0o777).toBe(0o600);
    const told = await run('qemu-img', ['info', '--output=json', output]);
    expect(JSON.parse(told.stdout)).toMatchObject({
      format: 'qcow2',
      'virtual-size': built?.bytes,
    });
    await run('qemu-img', ['convert', '-O', 'raw', output, at('again.raw')]);
    const raw = { ...built!, output: at('again.raw') };
    expect(await read(raw, 'state', '/cOS/active.img', '/boot/vmlinuz-1')).toBe('kernel\n');
  });
});

describe.skipIf(!ready)('an expandable disk', () => {
  it('ends with recovery, and its first boot makes what is missing of the room it finds', async () => {
    const mine = ['--recovery_label', 'T_RECOVERY', '--oem_label', 'T_OEM'];
    const { built } = await build('--expandable', ...mine);
    expect(built?.partitions.map(({ name }) => name)).toEqual(['bios', 'efi', 'oem', 'recovery']);
    expect(await read(built, 'recovery', '/cOS/recovery.img', '/boot/vmlinuz-1')).toBe('kernel\n');
    expect(await read(built, 'recovery', '/grub2/grub.cfg')).toBe('set timeout=0\n');
    expect(await read(built, 'recovery', '/state.yaml')).not.toContain('COS_ACTIVE');

    const hook = firstBootSchema.parse(load(await read(built, 'oem', '/90_first_boot.yaml')));
    const [rest, deploy] = hook.stages.network;
    expect(rest?.if).toBe('[ -e /run/cos/recovery_mode ]');
    expect(deploy?.commands).toEqual([
      'elemental --debug deploy file:///run/initramfs/cos-state/cOS/recovery.img --reboot',
    ]);

    expect(rest?.layout?.add_partitions.map(({ fsLabel }) => fsLabel)).toEqual([
      'COS_STATE',
      'COS_PERSISTENT',
    ]);
    // Labels are looked for on the whole machine, which may have a system of its own.
    const add = rest?.layout?.add_partitions.map((one) => ({ ...one, fsLabel: `T_${one.pLabel}` }));

    truncateSync(built?.output ?? '', 1024 * 1024 * 1024);
    const node = tool('losetup', ['-f', '-P', '--show', built?.output ?? '']).trim();
    try {
      tool('partx', ['--update', node]);
      for (const boot of ['first', 'second']) {
        const told = await runHere(oneStep({ layout: { ...rest?.layout, add_partitions: add } }));
        expect(told.failures, boot).toEqual([]);
        const listed = partitionsIn(JSON.parse(tool('sfdisk', ['--json', node])));
        const [state, persistent] = listed.slice(4);
        expect(listed).toHaveLength(6);
        expect(state).toMatchObject({ name: 'state', size: 128 * 2048 });
        expect(persistent?.name).toBe('persistent');
        // Up to the second table.
        expect((persistent?.start ?? 0) + (persistent?.size ?? 0)).toBe(1023 * 2048);
      }
      // As GRUB needs it: nothing that newer programs turn on by themselves.
      const header = tool('dumpe2fs', ['-h', `${node}p5`]);
      expect(header).toMatch(/volume name: +T_state/);
      expect(header).not.toMatch(/orphan_file|metadata_csum_seed/);
    } finally {
      tool('losetup', ['-d', node]);
    }
  });

  it('refuses a file for COS_OEM that has the name of its own', async () => {
    writeFileSync(at('90_first_boot.yaml'), 'stages: {}\n');
    const { exit, stderr } = await build('--expandable', '--oem', '90_first_boot.yaml');
    expect(exit).toBe(EXIT.readCommandConfig);
    expect(stderr).toContain('another file of that name goes there');
    expect(existsSync(at('disk.raw'))).toBe(false);
  });

  it('refuses files for the partition that it does not have yet', async () => {
    mkdirSync(at('data'));
    const { exit, stderr } = await build('--expandable', '--persistent', 'data');
    expect(exit).toBe(EXIT.usage);
    expect(stderr).toContain('--persistent has no place on an expandable disk');
    expect(existsSync(at('disk.raw'))).toBe(false);
  });
});

const firstBootSchema = z.object({
  stages: z.object({
    network: z.array(
      z.object({
        if: z.string(),
        layout: z
          .looseObject({
            add_partitions: z.array(z.looseObject({ fsLabel: z.string(), pLabel: z.string() })),
          })
          .optional(),
        commands: z.array(z.string()).optional(),
      }),
    ),
  }),
});
