import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBootLoader } from '../../../src/media/boot-loader.ts';
import { buildIso } from '../../../src/media/build-iso.ts';
import { findProgram } from '../../../src/media/host-program.ts';
import { liveMenu, type BuiltIso, type IsoRecipe } from '../../../src/media/iso-recipe.ts';
import { makeSmallTree } from '../../support/media/small-tree.ts';

const TOOLS = ['xorriso', 'mksquashfs', 'unsquashfs', 'mkfs.vfat', 'mcopy', 'mtype'];
const found = await Promise.all(TOOLS.map((name) => findProgram([name])));
const complete =
  found.every((name) => name !== undefined) &&
  (await findBootLoader().then(
    () => true,
    () => false,
  ));
const work = { signal: new AbortController().signal, note: () => undefined };
const tool = (name: string, ...args: readonly string[]): string =>
  execFileSync(name, [...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

describe.skipIf(!complete)(
  'a medium from a root tree (needs xorriso, squashfs-tools, mtools, GRUB)',
  () => {
    let folder = '';
    let built: BuiltIso;
    const at = (name: string): string => path.join(folder, name);
    const recipe = (more: Partial<IsoRecipe> = {}): IsoRecipe => ({
      rootfs: [at('root')],
      overlays: { uefi: [], iso: [] },
      output: at('out/os.iso'),
      label: 'COS_LIVE',
      menuTitle: 'My OS',
      efiLoader: 'ours',
      squashOptions: ['-comp', 'gzip'],
      ...more,
    });

    beforeAll(async () => {
      folder = mkdtempSync(path.join(tmpdir(), 'slotwright-iso-'));
      await makeSmallTree(at('root'));
      mkdirSync(at('extra/iso-config'), { recursive: true });
      writeFileSync(at('extra/iso-config/hook.yaml'), 'stages: {}\n');
      mkdirSync(at('over/etc'), { recursive: true });
      writeFileSync(at('over/etc/overlaid'), 'yes\n');
      built = await buildIso(
        recipe({ rootfs: [at('root'), at('over')], overlays: { uefi: [], iso: [at('extra')] } }),
        work,
      );
      tool('xorriso', '-osirrox', 'on', '-indev', built.output, '-extract', '/', at('medium'));
    });
    afterAll(() => {
      tool('chmod', '-R', 'u+w', folder);
      rmSync(folder, { recursive: true, force: true });
    });

    it('starts by BIOS and by EFI, from a disc and from a stick', () => {
      const said = tool(
        'xorriso',
        '-indev',
        built.output,
        '-report_el_torito',
        'plain',
        '-report_system_area',
        'plain',
      );
      expect(said).toMatch(/boot img : +1 +BIOS +y/);
      expect(said).toMatch(/boot img : +2 +UEFI +y/);
      expect(said).toContain('grub2-mbr');
      // The type of an EFI partition.
      expect(said).toContain('28732ac11ff8d211ba4b00a0c93ec93b');
    });

    it('has the label, kernel, initramfs, menu and root file system that the live system looks for', () => {
      expect(tool('blkid', '-p', '-s', 'LABEL', '-o', 'value', built.output).trim()).toBe(
        'COS_LIVE',
      );
      const menu = readFileSync(at('medium/boot/grub2/grub.cfg'), 'utf8');
      expect(menu).toContain('root=live:CDLABEL=COS_LIVE');
      expect(menu).toContain('cos.setup=/run/initramfs/live/iso-config');
      expect(readdirSync(at('medium/boot'))).toEqual(expect.arrayContaining(['initrd', 'kernel']));
      const listed = tool('unsquashfs', '-l', '-d', '', at('medium/rootfs.squashfs'));
      expect(listed).toContain('/etc/overlaid');
      expect(listed).toMatch(/^\/proc$/m);
    });

    it('has what was laid over it', () => {
      expect(readFileSync(at('medium/iso-config/hook.yaml'), 'utf8')).toBe('stages: {}\n');
    });

    it('lies beside its checksum, and leaves nothing else', () => {
      const line = readFileSync(`${built.output}.sha256`, 'utf8');
      expect(line).toBe(`${built.sha256}  os.iso\n`);
      expect(tool('sha256sum', built.output)).toContain(built.sha256);
      expect(readdirSync(at('out')).toSorted()).toEqual(['os.iso', 'os.iso.sha256']);
    });

    it('takes the place of an earlier one when it is whole, and leaves that when it fails', async () => {
      const before = readFileSync(built.output);
      const kernel = at('root/boot/vmlinuz');
      rmSync(kernel);
      rmSync(at('root/boot/vmlinuz-1'));
      // A file of the machine that builds, and none of the tree.
      symlinkSync('/etc/hostname', kernel);
      await expect(buildIso(recipe(), work)).rejects.toMatchObject({ code: 'tree-incomplete' });
      expect(readFileSync(built.output).equals(before)).toBe(true);
      expect(readdirSync(at('out')).toSorted()).toEqual(['os.iso', 'os.iso.sha256']);
    });

    it('refuses a label that the kernel could not be told', async () => {
      await expect(buildIso(recipe({ label: 'MY LIVE' }), work)).rejects.toMatchObject({
        code: 'label-impossible',
      });
    });
  },
);

describe('the menu of a medium', () => {
  it('takes any title as it is', () => {
    const menu = liveMenu({ label: 'L', menuTitle: "Ada's $OS" });
    expect(menu).toContain(String.raw`menuentry 'Ada'\''s $OS'`);
  });
});
