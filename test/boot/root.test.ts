/**
 * The root of an image as the initramfs makes it: the real shell file, in dash and in busybox, on real loop devices in a mount namespace of
 * its own. The labels are those of this test alone: other disks of the machine carry the usual ones.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

const ROOT_SH = resolve('src/boot/image/usr/lib/slotwright/initramfs/root.sh');
const busybox = spawnSync('sh', ['-c', 'command -v busybox']).stdout.toString().trim();
const SHELLS = [
  ['dash', ['dash']],
  ['busybox', [busybox, 'ash']],
] as const;
const isRoot = process.getuid?.() === 0;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'slotwright-root-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(SHELLS)('the command line, read by %s', (_name, [shell, ...flags]) => {
  const parsed = (line: string): Record<string, string> => {
    const file = join(folder, 'cmdline');
    writeFileSync(file, `${line}\n`);
    const names =
      'image root overlay mounts oem oem_timeout debugrw disabled fsck repair panic failed slot';
    const script = `. ${ROOT_SH}; cos_parse ${file}; for n in ${names}; do eval "echo $n=\\$cos_$n"; done`;
    const { stdout } = spawnSync(shell, [...flags, '-c', script], { encoding: 'utf8' });
    return Object.fromEntries(
      stdout
        .trim()
        .split('\n')
        .map((text) => [
          text.slice(0, text.indexOf('=')),
          text.slice(text.indexOf('=') + 1).trim(),
        ]),
    );
  };

  it('without anything asks for nothing', () => {
    expect(parsed('quiet root=/dev/sda1')).toMatchObject({
      image: '',
      root: '/dev/sda1',
      overlay: 'tmpfs:20%',
      oem_timeout: '120',
      debugrw: 'no',
      disabled: 'no',
    });
  });

  it('of the reference is understood word for word', () => {
    const line =
      'BOOT_IMAGE=(loop0)/boot/vmlinuz console=tty1 root=LABEL=COS_STATE cos-img/filename=/cOS/active.img panic=5 ' +
      'rd.cos.oemlabel=COS_OEM rd.cos.mount=LABEL=COS_OEM:/oem rd.cos.mount=LABEL=COS_PERSISTENT:/usr/local ' +
      'rd.cos.oemtimeout=9999 rd.cos.overlay=tmpfs:25% fsck.mode=force fsck.repair=yes upgrade_failure';
    expect(parsed(line)).toEqual({
      image: '/cOS/active.img',
      root: 'LABEL=COS_STATE',
      overlay: 'tmpfs:25%',
      mounts: 'LABEL=COS_OEM:/oem LABEL=COS_PERSISTENT:/usr/local',
      oem: 'COS_OEM',
      oem_timeout: '1800',
      debugrw: 'no',
      disabled: 'no',
      fsck: 'force',
      repair: 'yes',
      panic: '5',
      failed: 'yes',
      slot: 'active',
    });
  });

  it.each([
    ['cos-img/filename=/cOS/passive.img rd.cos.debugrw', 'passive', 'yes'],
    ['cos-img/filename=/cOS/active.img rd.cos.debugrw=1', 'active', 'yes'],
    ['cos-img/filename=/cOS/active.img rd.cos.debugrw=no', 'active', 'no'],
    ['cos-img/filename=/cOS/active.img rd.cos.debugrw=full', 'active', 'full'],
    ['cos-img/filename=/cOS/recovery.img rd.cos.debugrw', 'recovery', 'no'],
    ['cos-img/filename=/cOS/recovery.squashfs rd.cos.debugrw=full', 'recovery', 'no'],
  ])('"%s" boots %s, writable: %s', (line, slot, debugrw) => {
    expect(parsed(line)).toMatchObject({ slot, debugrw });
  });

  it('takes words as they are: no pattern in them is followed', () => {
    const line = 'root=LABEL=COS_STATE cos-img/filename=/cOS/* init=/bin/*';
    expect(parsed(line)).toMatchObject({ image: '/cOS/*' });
  });

  it.each(['root=live:CDLABEL=COS_LIVE', 'root=nfs:10.0.0.1:/srv', 'quiet'])(
    'leaves the root to others with "%s": that is no partition with an image',
    (word) => {
      expect(parsed(`cos-img/filename=/cOS/active.img ${word}`)).toMatchObject({ image: '' });
    },
  );

  it.each([
    ['panic=5', '5'],
    ['panic=-1', '-1'],
    ['rd.emergency=reboot', '5'],
    ['panic=0 rd.emergency=reboot', '5'],
    ['rd.emergency=reboot panic=9', '9'],
    ['rd.emergency=poweroff', ''],
  ])('"%s" asks for a reboot when the root cannot be made: %s', (words, panic) => {
    expect(parsed(words)).toMatchObject({ panic });
  });

  it.each(['rd.cos.disable', 'rd.cos.disable=1', 'cdroot'])('"%s" switches it off', (word) => {
    expect(parsed(`cos-img/filename=/cOS/active.img ${word}`)).toMatchObject({ disabled: 'yes' });
  });
});

describe.skipIf(!isRoot || busybox === '').each(SHELLS)(
  'the root, mounted by %s',
  (name, [shell, ...flags]) => {
    const loops = new Map<string, string>();
    let disks = '';
    let applets = '';
    const label = (role: string): string => `SW${name.slice(0, 2).toUpperCase()}_${role}`;
    const IMAGE = `cos-img/filename=/cOS/active.img root=LABEL=${label('STATE')}`;

    function disk(role: string, tree: string, mebibytes: number): string {
      const file = join(disks, `${role}.raw`);
      execFileSync('mke2fs', [
        '-q',
        '-F',
        '-t',
        'ext4',
        '-L',
        label(role),
        '-d',
        tree,
        file,
        `${mebibytes}M`,
      ]);
      const loop = execFileSync('losetup', ['--find', '--show', file], { encoding: 'utf8' }).trim();
      loops.set(role, loop);
      return file;
    }

    beforeAll(() => {
      disks = mkdtempSync(join(folder, `${name}-`));
      applets = join(disks, 'applets');
      mkdirSync(applets);
      execFileSync(busybox, ['--install', '-s', applets]);
      const image = join(disks, 'image');
      const tops =
        'bin usr/bin usr/local usr/lib/modules etc/kept root home opt srv var oem proc sys dev run tmp';
      for (const top of tops.split(' ')) mkdirSync(join(image, top), { recursive: true });
      copyFileSync(busybox, join(image, 'bin/busybox'));
      for (const applet of ['sh', 'mkdir', 'cp', 'ls', 'grep', 'sleep'])
        execFileSync('ln', ['-s', 'busybox', join(image, 'bin', applet)]);
      // Stands for the tool: says that it ran, and writes the layout that the test put on OEM.
      writeFileSync(
        join(image, 'usr/bin/elemental'),
        '#!/bin/sh\necho "$2" >>/run/cos/stages\nif [ "$2" = rootfs ] && [ -f /oem/layout ]; then cp /oem/layout /run/cos/cos-layout.env; fi\nls /run/initramfs/cos-state/cOS | grep active >/run/cos/seen\nif [ -f /oem/hang ]; then sleep 60; fi\n[ ! -f /oem/fail ]\n',
        { mode: 0o755 },
      );
      writeFileSync(join(image, 'etc/kept/file'), 'of the image\n');
      const state = join(disks, 'state');
      mkdirSync(join(state, 'cOS'), { recursive: true });
      for (const slot of ['active', 'recovery']) {
        execFileSync('mke2fs', [
          '-q',
          '-F',
          '-t',
          'ext2',
          '-d',
          image,
          join(state, `cOS/${slot}.img`),
          '24M',
        ]);
      }
      mkdirSync(join(disks, 'empty'));
      disk('STATE', state, 80);
      disk('OEM', join(disks, 'empty'), 8);
      disk('PERS', join(disks, 'empty'), 16);
      const medium = join(disks, 'medium');
      mkdirSync(medium);
      const packed = join(medium, 'rootfs.squashfs');
      execFileSync('mksquashfs', [image, packed, '-quiet', '-no-progress'], { stdio: 'ignore' });
      disk('MEDIUM', medium, 24);
    }, 60_000);
    afterAll(() => {
      for (const loop of loops.values()) spawnSync('losetup', ['--detach', loop]);
    });
    afterEach(() => putOnOem({}));

    /** Replaces what lies on OEM. */
    function putOnOem(files: Readonly<Record<string, string>>): void {
      inNamespace(
        `mount ${loops.get('OEM') ?? ''} /mnt; rm -rf /mnt/layout /mnt/fail /mnt/hang; ${Object.entries(
          files,
        )
          .map(([file, text]) => `printf %s '${text}' >/mnt/${file};`)
          .join(' ')} umount /mnt`,
        ['sh'],
      );
    }

    function inNamespace(
      script: string,
      command: readonly string[],
      path = process.env['PATH'],
    ): string {
      const { stdout, stderr, status } = spawnSync(
        'unshare',
        ['--mount', '--propagation', 'private', ...command, '-c', script],
        { encoding: 'utf8', env: { ...process.env, PATH: path }, timeout: 120_000 },
      );
      if (status !== 0) throw new Error(`exit ${String(status)}: ${stderr}\n${stdout}`);
      return stdout;
    }

    /** Mounts the root as this command line asks, then answers what `look` prints in it. */
    function booted(line: string, look: string, before = ''): string {
      writeFileSync(join(disks, 'cmdline'), line);
      // The initramfs has busybox programs alone; with dash, those of util-linux.
      const path = name === 'busybox' ? applets : undefined;
      const script = `
        mount -t tmpfs tmpfs /run; mkdir -p /run/root; R=/run/root
        . ${ROOT_SH}
        cos_say() { echo "SAY $*"; }
        reboot() { echo REBOOT; exit 0; }
        ${before}
        cos_parse ${disks}/cmdline
        cos_mountroot $R; code=$?
        echo "CODE $code"
        ${look}
        cd /; for t in 1 2 3; do
          while read -r _ where _; do case $where in /run/*) umount $where 2>/dev/null || umount -l $where 2>/dev/null ;; esac; done </proc/mounts
        done
        [ -z "$cos_loop" ] || losetup -d $cos_loop 2>/dev/null
        exit 0`;
      return inNamespace(script, [shell, ...flags], path);
    }

    const LOOK = `
      grep -q "^$cos_loop $R ext[24] ro" /proc/mounts && echo ROOT-RO
      touch $R/usr/new 2>/dev/null && echo USR-WRITABLE
      for p in etc root home opt srv usr/local var; do touch $R/$p/new 2>/dev/null && echo "WRITABLE $p"; done
      for p in etc usr/local oem; do grep " $R/$p " /proc/mounts | cut -d' ' -f3 | while read -r fs; do echo "FS $p $fs"; done; done
      for f in /run/cos/*_mode /run/cos/upgrade_failure; do [ -f $f ] && echo "$f=$(cat $f)"; done
      cat /run/cos/stages
    `;

    it('is read-only under writable layers, with the stages run inside it', () => {
      const told = booted(`${IMAGE} rd.cos.oemlabel=${label('OEM')}`, LOOK);
      expect(told).toContain('CODE 0');
      expect(told).toContain('ROOT-RO');
      expect(told).not.toContain('USR-WRITABLE');
      for (const path of ['etc', 'root', 'home', 'opt', 'srv', 'usr/local', 'var']) {
        expect(told).toContain(`WRITABLE ${path}\n`);
      }
      expect(told).toContain('FS etc overlay');
      expect(told).toContain('FS oem ext4');
      expect(told).toContain('/run/cos/active_mode=1');
      expect(told).toContain('rootfs\ninitramfs\n');
    });

    it('has its volumes where the command line wants them, and keeps what is written there', () => {
      const line = `${IMAGE} rd.cos.mount=LABEL=${label('OEM')}:/oem rd.cos.mount=LABEL=${label('PERS')}:/usr/local`;
      booted(line, 'echo kept >$R/usr/local/file; echo lost >$R/etc/file');
      const told = booted(
        line,
        `${LOOK} cat $R/usr/local/file; [ -e $R/etc/file ] || echo ETC-GONE; cat $R/etc/fstab`,
      );
      expect(told).toContain('FS usr/local ext4');
      expect(told).not.toContain('FS usr/local overlay');
      expect(told).toContain('kept\n');
      expect(told).toContain('ETC-GONE');
      expect(told).toContain(`LABEL=${label('PERS')} /usr/local auto defaults,nofail 0 0`);
    });

    it('follows the layout that a hook of the first stage writes', () => {
      putOnOem({
        layout: `VOLUMES="LABEL=${label('PERS')}:/usr/local"\nRW_PATHS="/etc /var"\nPERSISTENT_STATE_PATHS="/etc/kept"\nOVERLAY=tmpfs:10%\n`,
      });
      const line = `${IMAGE} rd.cos.oemlabel=${label('OEM')}`;
      booted(line, 'echo changed >$R/etc/kept/file');
      const told = booted(
        line,
        `${LOOK} echo "KEPT $(cat $R/etc/kept/file)"; ls $R/usr/local/.state`,
      );
      expect(told).toContain('KEPT changed');
      expect(told).toContain('etc-kept.overlay');
      expect(told).toContain('WRITABLE etc');
      expect(told).not.toContain('WRITABLE root');
    });

    it('copies a persistent path whole before it is bound', () => {
      putOnOem({
        layout: `VOLUMES="LABEL=${label('PERS')}:/usr/local"\nPERSISTENT_STATE_PATHS="/etc/kept"\nPERSISTENT_STATE_TARGET=/usr/local/.bound\nPERSISTENT_STATE_BIND=true\n`,
      });
      const line = `${IMAGE} rd.cos.oemlabel=${label('OEM')}`;
      const first = booted(
        line,
        'echo "FIRST $(cat $R/etc/kept/file)"; echo mine >$R/etc/kept/file; ls $R/usr/local/.bound',
      );
      expect(first).toContain('FIRST of the image');
      expect(first).toContain('etc-kept.bind\n');
      expect(booted(line, 'echo "AGAIN $(cat $R/etc/kept/file)"')).toContain('AGAIN mine');
    });

    it('is writable, and stays changed, with rd.cos.debugrw; the layers stay', () => {
      const told = booted(
        `${IMAGE} rd.cos.debugrw`,
        `${LOOK} echo one >$R/usr/mark; echo two >$R/etc/mark`,
      );
      expect(told).toContain('USR-WRITABLE');
      expect(told).toContain('FS etc overlay');
      const after = booted(
        IMAGE,
        'cat $R/usr/mark; [ -e $R/etc/mark ] || echo ETC-GONE; rm -f $R/usr/mark',
      );
      expect(after).toContain('one\n');
      expect(after).toContain('ETC-GONE');
    });

    it('is writable throughout with rd.cos.debugrw=full', () => {
      const told = booted(`${IMAGE} rd.cos.debugrw=full`, `${LOOK} echo two >$R/etc/mark`);
      expect(told).not.toContain('FS etc overlay');
      expect(booted(`${IMAGE} rd.cos.debugrw`, 'cat $R/etc/mark')).toContain('two\n');
    });

    it('of recovery is never writable', () => {
      const line = IMAGE.replace('active', 'recovery');
      const told = booted(`${line} rd.cos.debugrw`, LOOK);
      expect(told).toContain('SAY rd.cos.debugrw is refused in recovery');
      expect(told).toContain('ROOT-RO');
      expect(told).not.toContain('USR-WRITABLE');
      expect(told).toContain('/run/cos/recovery_mode=1');
    });

    it('is found when root= names the label inside the image, as older menus do', () => {
      const line = 'cos-img/filename=/cOS/active.img root=LABEL=SW_INSIDE';
      expect(booted(line, 'true', `COS_HOMES=LABEL=${label('STATE')}`)).toContain('CODE 0');
    });

    it('that cannot be found ends the boot: told, and rebooted where panic= asks for it', () => {
      const line = 'cos-img/filename=/cOS/none.img root=LABEL=SW_NONE';
      const quick = 'COS_HOMES=; COS_STATE_WAIT=12; sleep() { :; }';
      expect(booted(line, 'true', quick)).toMatch(
        /SAY no partition holds \/cOS\/none.img\n[^]*CODE 1/,
      );
      expect(booted(`${line} panic=5`, 'true', quick)).toContain('REBOOT');
    });

    it('boots on without OEM when there is none, and says so', () => {
      const told = booted(`${IMAGE} rd.cos.oemlabel=SW_NONE rd.cos.oemtimeout=1`, LOOK);
      expect(told).toContain('SAY no SW_NONE within 1 s: going on without /oem');
      expect(told).toContain('CODE 0');
    });

    it('boots on when a hook of the first stages fails, and says where to read it', () => {
      putOnOem({ fail: '' });
      const told = booted(`${IMAGE} rd.cos.oemlabel=${label('OEM')}`, LOOK);
      expect(told).toContain('SAY stage rootfs had failures: /run/cos/rootfs.log');
      expect(told).toContain('CODE 0');
    });

    it('brings what is new in an image to a persistent path, and keeps what was changed there', () => {
      putOnOem({
        layout: `VOLUMES="LABEL=${label('PERS')}:/usr/local"\nPERSISTENT_STATE_PATHS="/opt"\nPERSISTENT_STATE_TARGET=/usr/local/.news\nPERSISTENT_STATE_BIND=true\n`,
      });
      const line = `${IMAGE} rd.cos.oemlabel=${label('OEM')}`;
      const full = `${IMAGE} rd.cos.debugrw=full`;
      booted(full, 'echo old >$R/opt/mine; touch -d 2001-01-01 $R/opt/mine');
      booted(line, 'echo changed >$R/opt/mine');
      booted(full, 'echo newer >$R/opt/news');
      const told = booted(line, 'echo "MINE $(cat $R/opt/mine)"; echo "NEWS $(cat $R/opt/news)"');
      expect(told).toContain('MINE changed');
      // Without rsync nothing is copied a second time: what was cut short would never be told from what was changed.
      if (name === 'dash') expect(told).toContain('NEWS newer');
      booted(full, 'rm -f $R/opt/mine $R/opt/news');
    });

    it('is writable where a persistent path should be, also when its volume is missing', () => {
      putOnOem({ layout: 'RW_PATHS="/etc"\nPERSISTENT_STATE_PATHS="/srv"\n' });
      const told = booted(`${IMAGE} rd.cos.oemlabel=${label('OEM')}`, LOOK);
      expect(told).toContain('SAY /srv is not persistent in this boot');
      expect(told).toContain('WRITABLE srv');
    });

    it('leaves out volumes of the command line when the layout says MERGE=false', () => {
      putOnOem({ layout: 'MERGE=false\n' });
      const line = `${IMAGE} rd.cos.oemlabel=${label('OEM')} rd.cos.mount=LABEL=${label('PERS')}:/usr/local`;
      expect(booted(line, LOOK)).toContain('FS usr/local overlay');
    });

    it('boots on without a volume that is missing: told, its path writable for this boot', () => {
      const line = `${IMAGE} rd.cos.mount=LABEL=SW_NONE:/usr/local`;
      const told = booted(line, `${LOOK} cat $R/etc/fstab`, 'COS_VOLUME_WAIT=1');
      expect(told).toContain('SAY no LABEL=SW_NONE within 1 s: /usr/local is not persistent');
      expect(told).toContain('WRITABLE usr/local');
      expect(told).toContain('LABEL=SW_NONE /usr/local auto defaults,nofail 0 0');
    });

    it('has its layers on a device when rd.cos.overlay names one, in memory when that is missing', () => {
      const line = `${IMAGE} rd.cos.overlay=LABEL=`;
      booted(`${line}${label('PERS')}`, 'echo kept >$R/etc/layered');
      const device = booted(`${line}${label('PERS')}`, 'cat $R/etc/layered; rm $R/etc/layered');
      expect(device).toContain('kept\n');
      const memory = booted(`${line}SW_NONE`, `${LOOK} cat $R/etc/fstab`, 'COS_VOLUME_WAIT=1');
      expect(memory).toContain('SAY rd.cos.overlay: LABEL=SW_NONE cannot be used, taking memory');
      expect(memory).toContain('WRITABLE etc');
      expect(memory).toContain('tmpfs /run/overlay tmpfs defaults,mode=755,size=20% 0 0');
    });

    it('says in fstab what is mounted, writable only where it is or the layout pretends so', () => {
      expect(booted(IMAGE, 'cat $R/etc/fstab')).toMatch(/^\/dev\/loop\d+ \/ auto ro 0 0$/m);
      expect(booted(IMAGE, 'cat $R/etc/fstab')).toContain(
        ' /run/initramfs/cos-state auto ro 0 0\n',
      );
      expect(booted(IMAGE, 'cat $R/etc/fstab')).toContain(
        'overlay /usr/local overlay defaults,lowerdir=/usr/local,upperdir=/run/overlay/usr-local.overlay/upper,workdir=/run/overlay/usr-local.overlay/work,x-systemd.requires-mounts-for=/run/overlay 0 0\n',
      );
      for (const key of ['DEBUG_RW', 'DEBUGRW']) {
        putOnOem({ layout: `${key}="true"\n` });
        const told = booted(`${IMAGE} rd.cos.oemlabel=${label('OEM')}`, `${LOOK} cat $R/etc/fstab`);
        expect(told).toMatch(/^\/dev\/loop\d+ \/ auto rw 0 0$/m);
        expect(told).not.toContain('USR-WRITABLE');
      }
    });

    it('never gets an fstab of ours in an image that is written to', () => {
      booted(`${IMAGE} rd.cos.debugrw=full`, 'true');
      const told = booted(`${IMAGE} rd.cos.debugrw=full`, '[ -e $R/etc/fstab ] || echo NO-FSTAB');
      expect(told).toContain('NO-FSTAB');
    });

    it('mounts nothing over a link of the image, which may lead out of it', () => {
      booted(`${IMAGE} rd.cos.debugrw=full`, 'rm -r $R/srv; ln -s /run/cos $R/srv');
      const told = booted(IMAGE, LOOK);
      expect(told).toContain('SAY /srv is not mounted: a link, or .., is on the way');
      expect(told).toContain('CODE 0');
      expect(told).toContain('/run/cos/active_mode=1');
      booted(`${IMAGE} rd.cos.debugrw=full`, 'rm $R/srv; mkdir $R/srv');
    });

    it('leaves nothing of the stages mounted, and shows them the partition of the image', () => {
      const told = booted(
        IMAGE,
        'grep -cE " $R/(proc|sys|dev|run|tmp)( |/)" /proc/mounts; grep -c " /run/initramfs/cos-state " /proc/mounts; cat /run/cos/seen',
      );
      expect(told).toMatch(/^0\n1\nactive.img\n/m);
    });

    it('boots on when a hook of the first stages hangs', () => {
      putOnOem({ hang: '' });
      const told = booted(`${IMAGE} rd.cos.oemlabel=${label('OEM')}`, LOOK, 'COS_STAGE_LIMIT=1');
      expect(told).toContain('SAY stage rootfs had failures');
      expect(told).toContain('CODE 0');
    });

    it('is left to others without an image, and on live systems', () => {
      expect(booted('root=/dev/sda1', 'true')).toContain('CODE 2');
      const live = booted(`${IMAGE} rd.cos.disable`, 'cat /run/cos/live_mode');
      expect(live).toContain('CODE 2');
      expect(live).toMatch(/1/);
    });

    const LIVE = 'rd.live.dir=/ rd.live.squashimg=rootfs.squashfs cdroot rd.cos.disable';
    const MOUNT_LIVE = 'cos_wanted_live && cos_mount_live $R; echo "LIVE $?";';

    it('of a medium is what is packed there, under a layer in memory', () => {
      const told = booted(
        `root=live:CDLABEL=${label('MEDIUM')} ${LIVE}`,
        `${MOUNT_LIVE} cat $R/etc/kept/file; echo new >$R/usr/new && cat $R/usr/new
         cat /run/rootfsbase/etc/kept/file; ls /run/initramfs/live; cat /run/cos/live_mode`,
      );
      expect(told).toMatch(
        /CODE 2\nLIVE 0\nof the image\nnew\nof the image\n(lost\+found\n)?rootfs.squashfs\n1/,
      );
    });

    it('of a medium that is not there is waited for, and then given up', () => {
      const told = booted(`root=live:CDLABEL=SW_NONE ${LIVE}`, MOUNT_LIVE, 'COS_STATE_WAIT=1');
      expect(told).toContain('SAY no medium with LABEL=SW_NONE');
      expect(told).toContain('LIVE 1');
    });

    it('boots once more when it has modules for other kernels only, and never twice', () => {
      const other = `${IMAGE} rd.cos.debugrw`;
      booted(other, 'mkdir -p $R/usr/lib/modules/0.0-other');
      expect(booted(IMAGE, 'true')).toContain('REBOOT');
      const again = booted(IMAGE, 'true');
      expect(again).toContain('SAY the image has no modules for the running kernel');
      expect(again).toContain('CODE 0');
      booted(other, 'mkdir -p $R/usr/lib/modules/$(uname -r)');
      expect(booted(IMAGE, `ls -a $COS_STATE_AT`)).not.toContain('.slotwright-mixed');
    });
  },
  120_000,
);

describe('the shell files of the initramfs', () => {
  const shellcheck = spawnSync('sh', ['-c', 'command -v shellcheck']).status === 0;
  it.skipIf(!shellcheck)('are clean for shellcheck', () => {
    const base = 'src/boot/image/usr';
    const posix = [
      'lib/slotwright/initramfs/root.sh',
      'lib/dracut/modules.d/30slotwright/parse.sh',
      'lib/dracut/modules.d/30slotwright/mount.sh',
      'share/initramfs-tools/hooks/slotwright',
      'share/initramfs-tools/scripts/slotwright',
      'lib/slotwright/machine-id',
    ].map((file) => join(base, file));
    const { stdout } = spawnSync('shellcheck', ['--shell=sh', ...posix], { encoding: 'utf8' });
    expect(stdout).toBe('');
    expect(
      readFileSync(join(base, 'lib/dracut/modules.d/30slotwright/module-setup.sh'), 'utf8'),
    ).toMatch(/^#!\/bin\/bash/);
  });
});
