/** The real command `install` on disks of its own behind loop devices, and what is then on them. Needs root. */
import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { makeTinyTree } from '../../../src/sandbox/tiny-tree.ts';
import { MARKER } from '../../../src/cli/private-namespace.ts';
import { LoopDisk, tool } from '../cloud-init/loop-disk.ts';
import { buildProgram } from '../power/program.ts';

export interface Ended {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Labels of its own: disks of the machine that runs the tests, or of other tests, may carry the usual ones. */
export const OWN_LABELS = `
install:
  partitions:
    oem: {label: T_OEM}
    recovery: {label: T_RECOVERY, size: 700}
    state: {label: T_STATE, size: 900}
    persistent: {label: T_PERSISTENT}
`;

export class Installer {
  readonly folder: string;
  readonly tree: string;
  private readonly program: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.tree = path.join(folder, 'tree');
    this.program = buildProgram(folder);
    cpSync(new URL('../../../src/boot/image', import.meta.url), path.join(folder, 'image'), {
      recursive: true,
    });
  }

  static async make(): Promise<Installer> {
    const installer = new Installer(mkdtempSync(path.join(tmpdir(), 'slotwright-install-')));
    await makeTinyTree({ path: installer.tree, version: '1.0' });
    writeFileSync(path.join(installer.folder, 'oem.yaml'), HOOKS);
    return installer;
  }

  discard(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  disk(mebibytes = 3072): LoopDisk {
    return new LoopDisk(mebibytes);
  }

  /** Writes a configuration directory; answers with its path. */
  config(name: string, text: string): string {
    const at = path.join(this.folder, name);
    mkdirSync(at, { recursive: true });
    writeFileSync(path.join(at, 'config.yaml'), text);
    return at;
  }

  async run(...args: readonly string[]): Promise<Ended> {
    return ended(this.start(args, {}));
  }

  /** Kills it, as nothing can be caught, right after this many records; answers how it ended where it ended before. */
  async killedAfter(records: number, args: readonly string[]): Promise<Ended | 'killed'> {
    const child = this.start(args, { SLOTWRIGHT_STOP_AFTER_RECORD: String(records) });
    const end = ended(child);
    for (;;) {
      const done = await Promise.race([end, setTimeout(20, 'running' as const)]);
      if (done !== 'running') return done;
      if (isStopped(child.pid ?? 0)) break;
    }
    child.kill('SIGKILL');
    await end;
    return 'killed';
  }

  /** In a mount namespace of its own from the start, so that the process is the one that is killed. */
  private start(args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
    const inside = ['--mount', '--propagation', 'slave', process.execPath, this.program, ...args];
    return spawn('unshare', inside, {
      cwd: this.folder,
      env: { ...process.env, ...env, [MARKER]: String(process.pid) },
    });
  }
}

const HOOKS = `
stages:
  after-install-chroot:
    - commands: ["echo hook > /etc/from-hook"]
`;

function isStopped(pid: number): boolean {
  try {
    return / T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/s, ''));
  } catch {
    return false;
  }
}

function ended(child: ChildProcess): Promise<Ended> {
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ exit: code ?? -1, stdout, stderr }));
  });
}

/** What is on a partition: path to mode; and a text of each file that is asked for. Images as `image:path` of what is in them. */
export function onPartition(node: string, texts: readonly string[] = []): Map<string, string> {
  const script = `
    set -e
    mount -t tmpfs none /mnt; mkdir /mnt/p /mnt/i
    mount -o ro "$1" /mnt/p; shift; cd /mnt/p
    find . -mindepth 1 -not -path './lost+found*' -printf '%P\\t%m\\n'
    for image in cOS/*.img; do
      [ -f "$image" ] || continue
      printf 'label:%s\\t%s\\n' "$image" "$(blkid -p -s LABEL -o value "$image")"
      printf 'type:%s\\t%s\\n' "$image" "$(blkid -p -s TYPE -o value "$image")"
      mount -o ro,loop "$image" /mnt/i
      printf 'version:%s\\t%s\\n' "$image" "$(grep ^VERSION= /mnt/i/etc/os-release)"
      printf 'hook:%s\\t%s\\n' "$image" "$(cat /mnt/i/etc/from-hook 2>/dev/null)"
      umount /mnt/i
    done
    for text in "$@"; do printf 'text:%s\\t%s\\n' "$text" "$(base64 -w0 "$text")"; done
  `;
  const said = tool('unshare', ['--mount', 'sh', '-c', script, 'sh', node, ...texts]);
  const found = new Map(
    said
      .split('\n')
      .filter((line) => line.includes('\t'))
      .map((line): [string, string] => {
        const tab = line.indexOf('\t');
        return [line.slice(0, tab), line.slice(tab + 1)];
      }),
  );
  for (const text of texts) {
    const coded = found.get(`text:${text}`) ?? '';
    found.set(`text:${text}`, Buffer.from(coded, 'base64').toString('utf8'));
  }
  return found;
}

/** GPT name, MiB, file system and label of each partition, in their order. */
export function tableOf(disk: LoopDisk): readonly string[] {
  return disk.partitions().map(({ name = '-', size, bootable }, index) => {
    const node = disk.partition(index + 1);
    const probe = (tag: string): string => {
      try {
        return tool('blkid', ['-p', '-s', tag, '-o', 'value', node]).trim();
      } catch {
        return '';
      }
    };
    const boots = bootable === true ? ' bootable' : '';
    return `${name} ${Math.round(size / 2048)} ${probe('TYPE')} ${probe('LABEL')}${boots}`.trim();
  });
}
