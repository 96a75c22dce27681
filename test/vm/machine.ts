/** A virtual machine: started, driven, and cut. */
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import type { ChildProcess } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import { agentEar, request, type Greeting, type Outcome } from './agent-line.ts';
import { VmError } from './failure.ts';
import { startQemu, type Firmware, type Hardware } from './qemu.ts';
import { openMonitor, type Monitor } from './monitor.ts';
import { createWaiting } from './waiting.ts';
import { listenOn } from './wire.ts';

export interface MachineOptions {
  readonly disk: string;
  /** Default `bios`. */
  readonly firmware?: Firmware;
  readonly drives?: Hardware['drives'];
  /** Default 768. */
  readonly mebibytes?: number;
  /** Where everything that the disk is asked for is recorded. Default: nowhere. */
  readonly record?: string;
  /** Default `restart`. */
  readonly onReboot?: Hardware['onReboot'];
  /** File that {@link Machine.hibernate} made; `disk` is a copy of its disk of that moment, all else is as it was. */
  readonly wake?: string;
  /** After this the machine is killed, whatever it does. Default an hour. */
  readonly lifeMs?: number;
}

export interface Machine {
  /** The next boot that reaches its agent: of the power-on first, then of each reset and reboot. A woken one is ready at once, and does not say so. */
  ready(limitMs?: number): Promise<Greeting>;
  /** Runs a command in it, as root. Rejects when it takes too long, and when the machine ends or restarts meanwhile. */
  run(argv: readonly string[], limitMs?: number): Promise<Outcome>;
  /** As `run`, and rejects when it fails; returns what it said. */
  sure(argv: readonly string[], limitMs?: number): Promise<string>;
  /** Resolves when the console has said this since the last `mark()`. */
  seen(pattern: RegExp, limitMs?: number): Promise<RegExpExecArray>;
  /** From here on `seen` and `screen` look. */
  mark(): void;
  /** What the first serial line said since the last mark: firmware, boot loader, kernel, login. */
  screen(): string;
  /** Types on the console. */
  type(text: string): void;
  /** Keeps its memory in a file, and powers it off: with the disk as it is now, it goes on from here as often as wanted. */
  hibernate(file: string): Promise<void>;
  /** Pulls the plug: what the disk has completed stays, all else is gone. */
  cutPower(): Promise<void>;
  /** Presses the reset button. */
  reset(): Promise<void>;
  /** Ends it in order, and by force when it does not. */
  shutdown(limitMs?: number): Promise<void>;
  /** Resolves when it is off, by whatever. */
  readonly off: Promise<void>;
}

/** Powers a machine on. */
export async function startMachine(options: MachineOptions): Promise<Machine> {
  const folder = await mkdtemp(join(tmpdir(), 'slotwright-vm-'));
  let shown = '';
  let from = 0;
  const waiting = createWaiting((what) => new VmError(what, shown));
  const greetings: Greeting[] = [];
  const outcomes = new Map<number, Outcome | 'restarted'>();
  const asked = new Set<number>();
  let lost: string | undefined;

  const ear = agentEar();
  const hearAgent = (text: string): void => {
    for (const heard of ear(text)) {
      if (heard.type === 'lost') lost = heard.reason;
      else if (heard.type === 'outcome') outcomes.set(heard.id, heard.outcome);
      else {
        for (const id of asked) outcomes.set(id, 'restarted');
        greetings.push(heard.greeting);
      }
    }
    waiting.changed();
  };
  const console = await listenOn(join(folder, 'con'), (text) => {
    shown += text;
    waiting.changed();
  });
  const agent = await listenOn(join(folder, 'agent'), hearAgent);
  const monitor = await openMonitor(join(folder, 'mon'));

  const qemu = await startQemu({
    disk: options.disk,
    firmware: options.firmware ?? 'bios',
    drives: options.drives ?? [],
    mebibytes: options.mebibytes ?? 768,
    onReboot: options.onReboot ?? 'restart',
    lines: { console: console.path, agent: agent.path, monitor: monitor.path },
    folder,
    ...(options.record === undefined ? {} : { record: options.record }),
    ...(options.wake === undefined ? {} : { wake: options.wake }),
  });
  let complaint = '';
  qemu.stderr?.on('data', (text: Buffer) => (complaint += text.toString()));
  const life = setTimeout(() => qemu.kill('SIGKILL'), options.lifeMs ?? 3_600_000);
  // The kernel ends QEMU with us; its folder is ours to remove.
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeFolder);
  const off = ended(qemu).then(async () => {
    clearTimeout(life);
    process.off('exit', removeFolder);
    for (const wire of [console, agent, monitor]) wire.close();
    await rm(folder, { recursive: true, force: true });
    waiting.end(complaint.trim() === '' ? 'the machine is off' : complaint.trim());
  });

  let count = 0;
  const machine: Machine = {
    ready: async (limitMs = BOOT_MS) => {
      const found = await waiting.until('waiting for the agent', limitMs, () => {
        const reason = lost;
        lost = undefined;
        return reason === undefined ? greetings.shift() : { lost: reason };
      });
      if ('lost' in found) throw new VmError(`the initramfs gave up: ${found.lost}`, shown);
      return found;
    },
    run: async (argv, limitMs = 60_000) => {
      const id = (count += 1);
      asked.add(id);
      agent.send(request(id, argv));
      const what = `running ${argv.join(' ')}`;
      try {
        const outcome = await waiting.until(what, limitMs, () => outcomes.get(id));
        if (outcome === 'restarted') throw new VmError(`${what}: the machine restarted`, shown);
        return outcome;
      } finally {
        asked.delete(id);
        outcomes.delete(id);
      }
    },
    sure: async (argv, limitMs) => {
      const { code, output } = await machine.run(argv, limitMs);
      if (code === 0) return output;
      throw new VmError(`${argv.join(' ')} ended with ${code} and said:\n${output}`);
    },
    seen: async (pattern, limitMs = BOOT_MS) =>
      waiting.until(`waiting for ${String(pattern)} on the console`, limitMs, () => {
        return pattern.exec(shown.slice(from)) ?? undefined;
      }),
    mark: () => {
      from = shown.length;
    },
    screen: () => shown.slice(from).replaceAll('\r', ''),
    type: (text) => console.send(text),
    cutPower: async () => {
      qemu.kill('SIGKILL');
      await off;
    },
    hibernate: async (file) => {
      await monitor.ask('stop');
      await monitor.ask('migrate-set-parameters', { 'max-bandwidth': 10_000_000_000 });
      await monitor.ask('migrate', { uri: `exec:cat >'${file}'` });
      await reaches(monitor, 'query-migrate', 'completed');
      await machine.cutPower();
    },
    reset: async () => {
      await monitor.ask('system_reset');
    },
    shutdown: async (limitMs = 60_000) => {
      const ask = machine.run(['poweroff'], limitMs);
      // It may be off before it can answer.
      const limit = delay(limitMs, undefined, { ref: false });
      await Promise.race([ask.then(() => off), off, limit]).catch(() => undefined);
      qemu.kill('SIGKILL');
      await off;
    },
    off,
  };
  if (options.wake !== undefined) {
    await reaches(monitor, 'query-status', 'paused');
    await monitor.ask('cont');
  }
  return machine;
}

/** A boot takes 30 s under emulation, and many times that where others work as well. */
const BOOT_MS = 900_000;

const STATUS = z.object({ status: z.string() });

/** Asks until the answer is this: QEMU tells neither end of a migration by itself. */
async function reaches(monitor: Monitor, question: string, wanted: string): Promise<void> {
  for (;;) {
    const { status } = STATUS.parse(await monitor.ask(question));
    if (status === wanted) return;
    if (status === 'failed') throw new VmError('the memory of the machine could not be kept');
    await delay(20);
  }
}

async function ended(qemu: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    qemu.once('error', () => resolve());
    qemu.once('exit', () => resolve());
  });
}
