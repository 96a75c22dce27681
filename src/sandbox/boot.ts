import { randomUUID } from 'node:crypto';
import { readFile, readlink, realpath } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { SystemError } from '../errors.ts';
import type { Slot } from '../system/port.ts';
import { BOOT_SCRIPT } from './boot-script.ts';
import { SLOT_LABELS, type Disk } from './disk.ts';
import { HOST_PATH } from './host-command.ts';
import { startInside, type InsideOptions, type Outcome, type RunningInside } from './inside.ts';
import { thawAll } from './file-systems-inside.ts';
import { childOf } from './process-tree.ts';

export interface BootRequest {
  /** The image that becomes the root. */
  readonly slot: Slot;
  /** Kernel command line; default: that of a boot entry of this slot. */
  readonly commandLine?: string;
  /** `host`: the programs of the host are lent to an image that has none (the tiny tree). Default `image`. */
  readonly userland?: 'image' | 'host';
  /** Host paths that the sandbox sees read-only, by their place in it. */
  readonly lend?: Readonly<Record<string, string>>;
}

/** A disk that runs. Ends with `shutdown` or `cutPower`, and with the process that booted it. */
export interface Booted {
  readonly disk: Disk;
  readonly slot: Slot;
  /** The disk's loop device, for instance `/dev/loop3`. */
  readonly device: string;
  /** Process id, on the host, of the first process inside; `/proc/<pid>/root` shows its files. */
  readonly pid: number;
  /** Path on the host of a path inside. */
  path(inside: string): string;
  /** Runs a command and waits for its end. A code other than 0 is an outcome, not an error. */
  run(argv: readonly string[], options?: InsideOptions): Promise<Outcome>;
  /** Starts a command, to be killed or to have the power cut under it. */
  spawn(argv: readonly string[], options?: InsideOptions): RunningInside;
  /** Ends every process and unmounts everything; what was written stays. Resolves when no loop device is left. */
  shutdown(): Promise<void>;
}

/**
 * Boots a disk file in namespaces of its own, with what a booted cOS system has mounted. Nothing of it outlives the
 * process that called this, even when that is killed. Needs root and loop devices.
 */
export async function bootDisk(disk: Disk, request: BootRequest): Promise<Booted> {
  const machine = startMachine(disk, request);
  const device = await bootedDevice(machine);
  const pid = await childOf(machine.pid);
  const namespace = await pidNamespace(pid);
  const running = new Set<RunningInside>();
  const start: Booted['spawn'] = (argv, options) => {
    const command = startInside(pid, argv, options);
    running.add(command);
    void command.outcome.finally(() => running.delete(command));
    return command;
  };
  return {
    disk,
    slot: request.slot,
    device,
    pid,
    path: (inside) => `/proc/${pid}/root${inside}`,
    run: (argv, options) => start(argv, options).outcome,
    spawn: start,
    shutdown: async () => {
      // Its process id and its device may be another's by now, if it has ended.
      if ((await pidNamespace(pid)) === namespace) await thawAll({ pid, device });
      machine.kill('SIGKILL');
      await machine;
      for (const command of running) command.abandon();
      await untilFree(device, disk);
    },
  };
}

/** The kernel command line of a boot entry, as images of 2022 have it: `root` names the label inside the image. */
function commandLine(slot: Slot): string {
  return (
    `BOOT_IMAGE=(loop0)/boot/vmlinuz console=tty1 console=ttyS0 root=LABEL=${SLOT_LABELS[slot]} ` +
    `cos-img/filename=/cOS/${slot}.img panic=5 security=selinux selinux=1 rd.neednet=1 ` +
    'rd.cos.oemlabel=COS_OEM fsck.mode=force fsck.repair=yes'
  );
}

/** The parent-death signal makes the end of the caller, whatever its cause, the end of the machine. */
const NAMESPACES =
  '--pdeathsig KILL --bounding-set -sys_time unshare --fork --kill-child --mount --propagation private --pid --uts'.split(
    ' ',
  );

function startMachine(disk: Disk, request: BootRequest) {
  const lent = Object.entries(request.lend ?? {}).flatMap(([at, source]) => [source, at]);
  return execa('setpriv', [...NAMESPACES, 'sh', '-c', BOOT_SCRIPT, 'boot', ...lent], {
    env: {
      PATH: HOST_PATH,
      SANDBOX_DISK: disk.path,
      SANDBOX_SLOT: request.slot,
      SANDBOX_USERLAND: request.userland ?? 'image',
      SANDBOX_COMMAND_LINE: request.commandLine ?? commandLine(request.slot),
      SANDBOX_BOOT_ID: randomUUID(),
    },
    stdin: 'ignore',
    // A session of its own: Ctrl-C is for the command inside, not for the machine.
    detached: true,
    reject: false,
  });
}

/** Waits for the line that the boot script ends with. */
async function bootedDevice(machine: ReturnType<typeof startMachine>): Promise<string> {
  const booted = new Promise<string>((resolve) => {
    machine.stdout.on('data', (text: Buffer) => {
      const device = /^booted (\S+)$/m.exec(text.toString())?.[1];
      if (device !== undefined) resolve(device);
    });
  });
  const device = await Promise.race([booted, machine.then(() => undefined)]);
  if (device !== undefined) return device;
  const { stderr, shortMessage } = await machine;
  throw new SystemError({
    code: 'sandbox-boot-failed',
    message: 'the sandbox did not boot',
    reason: stderr.trim() || (shortMessage ?? 'it ended without a word'),
    hint: 'shut down what runs on its disk; if nothing does, make it anew: slotwright sandbox create',
  });
}

async function pidNamespace(pid: number): Promise<string | undefined> {
  return readlink(`/proc/${pid}/ns/pid`).catch(() => undefined);
}

/** Namespaces are torn down after their last process has gone, a little later. */
async function untilFree(device: string, disk: Disk): Promise<void> {
  const attachment = `/sys/block/${basename(device)}/loop/backing_file`;
  const own = await realpath(disk.path);
  for (let waited = 0; waited < PATIENCE_MS; waited += STEP_MS) {
    const backing = await readFile(attachment, 'utf8').catch(() => '');
    if (backing.trim() !== own) return;
    await delay(STEP_MS);
  }
  throw new SystemError({
    code: 'sandbox-busy',
    message: `${device} is still in use after the sandbox was shut down`,
    reason: 'a mount or a process outside the sandbox holds it',
    hint: `lsof ${device}* or losetup --list, then umount and losetup --detach ${device}`,
  });
}

const PATIENCE_MS = 20_000;
const STEP_MS = 5;
