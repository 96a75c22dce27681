/** A disk that works until it is told to fail: below everything that runs on it, as a dying disk does. */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { access, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import type { Disk } from '../../sandbox/disk.ts';
import { HOST_PATH } from '../../sandbox/host-command.ts';
import { serveBlocks, type Answer, type BlockRequest } from './nbd-server.ts';

/** Which request fails, counted from {@link FailingDisk.arm}; reads are not counted and never fail. */
export interface DiskFault {
  /** From 1. */
  readonly at: number;
  /** `writes`: writes of data, zeroes and discards. */
  readonly of: 'writes' | 'flushes' | 'both';
  /** `for good`: from then on everything of that kind fails. */
  readonly lasts: 'once' | 'for good';
}

export interface FailingDisk {
  /** To be booted. */
  readonly disk: Disk;
  /** Begins to count. */
  arm(fault: DiskFault): void;
  /** Requests that failed. */
  struck(): number;
  /** Requests of the kind that were counted. */
  counted(): number;
  /** The disk is gone; the file below has everything that was written without an error. */
  end(): Promise<void>;
}

/** Needs `/dev/fuse`, `qemu-storage-daemon`, and a folder that is not there yet. */
export async function failingDisk(below: Disk, folder: string): Promise<FailingDisk> {
  await mkdir(folder);
  const [socket, file] = [join(folder, 'socket'), join(folder, 'disk')];
  await writeFile(file, '');
  const { bytes, answer, ...rest } = await createMedium(below);
  const server = await serveBlocks(socket, bytes, answer);
  const daemon = execa('setpriv', ['--pdeathsig', 'KILL', ...daemonCommand(socket, file)], {
    env: { PATH: HOST_PATH },
    stdin: 'ignore',
    reject: false,
  });
  // An empty file until the daemon covers it with the disk.
  for (let tries = 0; (await stat(file)).size !== bytes; tries += 1) {
    if (tries === PATIENCE) throw new Error(`no disk: ${(await daemon).stderr}`);
    await delay(LOOK_EVERY_MS);
  }
  return {
    disk: { path: file },
    ...rest,
    end: async () => {
      daemon.kill('SIGTERM');
      await daemon;
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
      rest.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** Why there is no failing disk here, or `undefined`. */
export async function missingForFailingDisk(): Promise<string | undefined> {
  const fuse = await access('/dev/fuse').then(
    () => true,
    () => false,
  );
  if (!fuse) return 'there is no /dev/fuse';
  const { failed } = await execa('qemu-storage-daemon', ['--version'], {
    env: { PATH: HOST_PATH },
    reject: false,
  });
  return failed ? 'qemu-storage-daemon is missing: apt-get install qemu-system-common' : undefined;
}

const PATIENCE = 2000;
const LOOK_EVERY_MS = 5;

function daemonCommand(socket: string, file: string): readonly string[] {
  return [
    'qemu-storage-daemon',
    ...['--blockdev', `driver=nbd,node-name=disk,server.type=unix,server.path=${socket}`],
    ...['--export', `type=fuse,id=disk,node-name=disk,mountpoint=${file},writable=on`],
  ];
}

/**
 * Reads and writes are synchronous on purpose: what waits for this disk may hold every thread that an asynchronous one would need.
 */
async function createMedium(below: Disk) {
  const { size: bytes } = await stat(below.path);
  const file = openSync(below.path, 'r+');
  let fault: DiskFault | undefined;
  let [counted, struck] = [0, 0];
  const fails = (kind: BlockRequest['kind']): boolean => {
    if (fault === undefined || kind === 'read') return false;
    if (fault.of !== 'both' && (kind === 'flush') !== (fault.of === 'flushes')) return false;
    counted += 1;
    const hit = fault.lasts === 'once' ? counted === fault.at : counted >= fault.at;
    if (hit) struck += 1;
    return hit;
  };
  const carryOut = (request: BlockRequest): Buffer => {
    switch (request.kind) {
      case 'read': {
        const data = Buffer.alloc(request.bytes);
        readSync(file, data, 0, data.length, request.offset);
        return data;
      }
      case 'write':
        writeSync(file, request.data, 0, request.data.length, request.offset);
        return NOTHING;
      case 'zero':
        writeSync(file, Buffer.alloc(request.bytes), 0, request.bytes, request.offset);
        return NOTHING;
      case 'discard':
      case 'flush':
        return NOTHING;
    }
  };
  return {
    bytes,
    answer: (request: BlockRequest): Answer =>
      fails(request.kind) ? 'input/output error' : carryOut(request),
    arm: (wanted: DiskFault): void => {
      fault = wanted;
      [counted, struck] = [0, 0];
    },
    struck: () => struck,
    counted: () => counted,
    close: (): void => {
      closeSync(file);
    },
  };
}

const NOTHING = Buffer.alloc(0);
