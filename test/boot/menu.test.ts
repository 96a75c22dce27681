/**
 * The boot menu as a real GRUB runs it. In place of a kernel, the images bring a `bootargs.cfg` that prints what a kernel would get and
 * switches the machine off: a boot takes a second or two, and what GRUB counted is read from the disk.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  changeVariables,
  decodeBlock,
  EMPTY_BLOCK,
  encodeBlock,
  variablesOf,
} from '../../src/boot/environment-block.ts';
import { judgementVariables, readJudgement, type Judgement } from '../../src/boot/judgement.ts';
import { JUDGEMENT_MENU } from '../../src/boot/judgement-menu.ts';
import { buildDisk, type BuiltDisk } from '../../src/media/build-disk.ts';
import { readSuperblock } from '../../src/system/linux/superblock.ts';

const TELL = `echo "BOOTED \${img} LINE \${extra_cmdline} :: A\${extra_active_cmdline} :: P\${extra_passive_cmdline} \${fell_back} :: R\${extra_recovery_cmdline} END"
halt
`;
const MENU = readFileSync('src/boot/image/etc/cos/grub.cfg', 'utf8');
/** A menu like those that come with other systems: no counting, and `/grubcustom` last. */
const FOREIGN = MENU.slice(0, MENU.indexOf(JUDGEMENT_MENU));

const missing = ['qemu-system-x86_64', 'grub-mkimage', 'mke2fs', 'mcopy', 'debugfs'].find(
  (name) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0,
);

describe.skipIf(missing !== undefined)('the boot menu, run by GRUB', () => {
  let folder = '';
  let pristine = '';
  let disk = '';
  let built: BuiltDisk;
  let activeUuid = '';

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'slotwright-menu-'));
    const root = join(folder, 'root');
    for (const name of ['etc/cos', 'boot', 'sbin', 'proc', 'sys', 'dev', 'run', 'tmp', 'oem'])
      mkdirSync(join(root, name), { recursive: true });
    mkdirSync(join(root, 'usr/local'), { recursive: true });
    writeFileSync(join(root, 'etc/cos/grub.cfg'), MENU);
    writeFileSync(join(root, 'etc/cos/bootargs.cfg'), TELL);
    for (const name of ['boot/vmlinuz', 'boot/initrd', 'sbin/init'])
      writeFileSync(join(root, name), 'x');
    pristine = join(folder, 'pristine.raw');
    built = await buildDisk(
      {
        root,
        output: pristine,
        mebibytes: { image: 8, state: 128, recovery: 96, persistent: 16, oem: 16 },
        date: '2026-01-01T00:00:00Z',
      },
      { signal: new AbortController().signal, note: () => undefined },
    );
    const active = join(folder, 'active.img');
    debugfs('state', `dump /cOS/active.img ${active}`, pristine);
    activeUuid = (await readSuperblock(active)).uuid ?? '';
    putBlock('state', '/grub_oem_env', { timeout: '0' }, pristine);
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  beforeEach(() => {
    disk = join(folder, 'disk.raw');
    execFileSync('cp', ['--sparse=always', pristine, disk]);
  });

  const place = (name: 'state' | 'oem' | 'recovery', file: string): string => {
    const found = built.partitions.find((partition) => partition.name === name);
    return `${file}?offset=${found?.offset ?? 0}`;
  };
  function debugfs(name: 'state' | 'oem', request: string, file = disk): void {
    execFileSync('debugfs', ['-w', '-R', request, place(name, file)], { stdio: 'pipe' });
  }
  function put(name: 'state' | 'oem', path: string, content: Buffer | string, file = disk): void {
    const copy = join(folder, 'put');
    writeFileSync(copy, content);
    debugfs(name, `rm ${path}`, file);
    debugfs(name, `write ${copy} ${path}`, file);
  }
  function putBlock(
    name: 'state' | 'oem',
    path: string,
    variables: Readonly<Record<string, string>>,
    file = disk,
  ): void {
    put(name, path, encodeBlock(changeVariables(EMPTY_BLOCK, variables)), file);
  }
  const arm = (judgement: Judgement): void =>
    putBlock('state', '/grub_judgement_env', judgementVariables(judgement));
  function blockOf(name: 'state' | 'oem', path: string): Readonly<Record<string, string>> {
    const copy = join(folder, 'block');
    debugfs(name, `dump ${path} ${copy}`);
    return variablesOf(decodeBlock(readFileSync(copy)));
  }
  const judgement = (): Judgement => readJudgement(blockOf('state', '/grub_judgement_env'));

  /** Switches the machine on; answers with the image that was started and what its command line would add, without spaces: lines are wrapped. */
  function boot() {
    const machine = [
      '-nodefaults',
      '-no-user-config',
      '-display',
      'none',
      '-no-reboot',
      '-m',
      '128',
    ];
    const { stdout, status } = spawnSync(
      'qemu-system-x86_64',
      [
        ...machine,
        ...['-accel', 'tcg', '-serial', 'stdio'],
        ...['-drive', `file=${disk},format=raw,if=virtio`],
      ],
      { encoding: 'utf8', timeout: 60_000, input: '' },
    );
    const told = /BOOTED \/cOS\/(\w+)\.img LINE([^]*?)END/.exec(
      stdout.replace(/\u001b\[[0-9;?]*[A-Za-z]|[\r\n]/g, ''),
    );
    if (told === null)
      throw new Error(`no entry was started (${String(status)}): ${stdout.slice(-2000)}`);
    const [, slot = '', line = ''] = told;
    const part = (mark: string): string =>
      (new RegExp(`:: ${mark}(.*?)(?:::|$)`).exec(line)?.[1] ?? '').replace(/\s/g, '');
    return { slot, active: part('A'), passive: part('P'), recovery: part('R') };
  }

  it('starts active when nothing is said', () => {
    expect(boot()).toEqual({ slot: 'active', active: '', passive: '', recovery: '' });
  });

  it('counts an image on trial down, one start after the other, and then gives it up', () => {
    arm({ image: activeUuid, triesLeft: 3, operation: 'op' });
    for (const left of [2, 1, 0]) {
      const { slot, active } = boot();
      expect(slot).toBe('active');
      expect(active).toBe(
        words(
          `rd.emergency=reboot rd.shell=0 panic=5 systemd.crash_reboot systemd.crash_shell=0 slotwright.trial=${left} slotwright.judged=${activeUuid}`,
        ),
      );
      expect(judgement()).toEqual({ image: activeUuid, triesLeft: left, operation: 'op' });
    }
    const { slot, passive } = boot();
    expect({ slot, passive }).toEqual({
      slot: 'passive',
      passive: words(`upgrade_failure slotwright.fell_back=tries slotwright.judged=${activeUuid}`),
    });
    expect(judgement().triesLeft).toBe(0);
  });

  it('counts from nine', () => {
    arm({ image: activeUuid, triesLeft: 9 });
    boot();
    expect(judgement().triesLeft).toBe(8);
  });

  it('does not count an image that the counter does not mean', () => {
    arm({ image: '00000000-0000-4000-8000-000000000000', triesLeft: 3 });
    expect(boot()).toMatchObject({ slot: 'active', active: '' });
    expect(judgement().triesLeft).toBe(3);
  });

  it('does not start a condemned image by itself', () => {
    arm({ condemned: activeUuid });
    expect(boot()).toMatchObject({
      slot: 'passive',
      passive: words(
        `upgrade_failure slotwright.fell_back=condemned slotwright.judged=${activeUuid}`,
      ),
    });
  });

  it('starts a new image although another one is condemned, and counts it', () => {
    arm({
      image: activeUuid,
      triesLeft: 3,
      condemned: '00000000-0000-4000-8000-000000000000',
    });
    expect(boot()).toMatchObject({ slot: 'active' });
    expect(judgement().triesLeft).toBe(2);
  });

  it('starts what is asked for once, once, and does not count that', () => {
    arm({ image: activeUuid, triesLeft: 3 });
    putBlock('oem', '/grubenv', { next_entry: 'recovery', timeout: '0' });
    expect(boot()).toMatchObject({ slot: 'recovery', recovery: '' });
    expect(judgement().triesLeft).toBe(3);
    expect(blockOf('oem', '/grubenv')['next_entry']).toBe('');
    expect(boot()).toMatchObject({ slot: 'active' });
    expect(judgement().triesLeft).toBe(2);
  });

  it('starts what is asked for until it is changed, and does not count that', () => {
    arm({ image: activeUuid, triesLeft: 3 });
    putBlock('oem', '/grubenv', { saved_entry: 'fallback', timeout: '0' });
    expect(boot()).toMatchObject({ slot: 'passive' });
    expect(judgement().triesLeft).toBe(3);
  });

  it('counts when the title of the active entry is asked for, as when nothing is', () => {
    arm({ image: activeUuid, triesLeft: 3 });
    putBlock('oem', '/grubenv', { saved_entry: 'cOS', timeout: '0' });
    expect(boot()).toMatchObject({ slot: 'active' });
    expect(judgement().triesLeft).toBe(2);
  });

  it('gives what the user adds to the command line', () => {
    putBlock('oem', '/grubenv', { extra_active_cmdline: 'rd.cos.debugrw', timeout: '0' });
    expect(boot()).toMatchObject({ slot: 'active', active: 'rd.cos.debugrw' });
  });

  it('starts passive where active cannot be loaded, and says so', { timeout: 90_000 }, () => {
    put('state', '/cOS/active.img', 'no image');
    expect(boot()).toMatchObject({
      slot: 'passive',
      passive: words('upgrade_failure slotwright.fell_back=grub'),
    });
  });

  it('starts recovery where neither slot can be loaded', { timeout: 120_000 }, () => {
    debugfs('state', 'rm /cOS/active.img');
    debugfs('state', 'rm /cOS/passive.img');
    expect(boot()).toMatchObject({ slot: 'recovery' });
  });

  it('of another kind counts through /grubcustom in the same way', () => {
    put('state', '/grub2/grub.cfg', FOREIGN);
    put('state', '/grubcustom', JUDGEMENT_MENU);
    arm({ image: activeUuid, triesLeft: 1 });
    expect(boot()).toMatchObject({ slot: 'active' });
    expect(judgement().triesLeft).toBe(0);
    expect(boot()).toMatchObject({ slot: 'passive' });
  });

  it('counts once where both are there', () => {
    put('state', '/grubcustom', JUDGEMENT_MENU);
    arm({ image: activeUuid, triesLeft: 3 });
    boot();
    expect(judgement().triesLeft).toBe(2);
  });
});

const words = (line: string): string => line.replaceAll(' ', '');

it('the menu of an image holds the part that counts, word for word', () => {
  expect(MENU.endsWith(JUDGEMENT_MENU)).toBe(true);
});
