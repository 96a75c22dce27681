/** How QEMU is started: emulation alone unless the environment says otherwise, no devices but those named here. */
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { spawn, type ChildProcess } from 'node:child_process';

export type Firmware = 'bios' | 'efi';

export interface Hardware {
  /** Raw disk file; `/dev/vda` inside. */
  readonly disk: string;
  readonly firmware: Firmware;
  /** Further disks, `/dev/vdb` on; a disc is in a drive of its own kind, and is booted where the disk cannot be. */
  readonly drives: readonly { readonly file: string; readonly mode: 'ro' | 'rw' | 'disc' }[];
  readonly mebibytes: number;
  /** What a reboot inside does: start again, or end the machine. */
  readonly onReboot: 'restart' | 'exit';
  /** Sockets that we listen on. */
  readonly lines: Readonly<Record<'console' | 'agent' | 'monitor', string>>;
  /** Empty file for a log of everything that the disk is asked for (`src/proof/blocks/write-log.ts` reads it). */
  readonly record?: string;
  /** Memory of a machine like this one, to go on from. */
  readonly wake?: string;
  /** Folder for its own files: firmware variables, log of the console. */
  readonly folder: string;
}

/**
 * Starts it. It dies with this process, however that ends: the kernel sees to it. `SLOTWRIGHT_VM_ACCEL=kvm` asks for
 * hardware virtualisation, which some hosts show and cannot do.
 */
export async function startQemu(hardware: Hardware): Promise<ChildProcess> {
  const args = await qemuArguments(hardware);
  return spawn('setpriv', ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

const FIRMWARE_CODE = '/usr/share/OVMF/OVMF_CODE_4M.fd';
const FIRMWARE_VARIABLES = '/usr/share/OVMF/OVMF_VARS_4M.fd';

async function qemuArguments(hardware: Hardware): Promise<readonly string[]> {
  const { disk, drives, mebibytes, onReboot, lines, folder } = hardware;
  return [
    ...['-nodefaults', '-no-user-config', '-display', 'none'],
    ...['-accel', process.env['SLOTWRIGHT_VM_ACCEL'] ?? 'tcg', '-m', String(mebibytes)],
    ...(onReboot === 'exit' ? ['-no-reboot'] : []),
    ...['-device', 'virtio-rng-pci'],
    ...(await firmwareArguments(hardware)),
    ...(hardware.record === undefined
      ? driveArguments({ file: disk, mode: 'rw' }, 0)
      : recordedArguments(disk, hardware.record)),
    ...drives.flatMap((drive, index) => driveArguments(drive, index + 1)),
    ...['-chardev', `${line('console', lines.console)},logfile=${join(folder, 'console.log')}`],
    ...['-chardev', line('agent', lines.agent), '-chardev', line('monitor', lines.monitor)],
    ...['-serial', 'chardev:console', '-serial', 'chardev:agent'],
    ...['-mon', 'chardev=monitor,mode=control'],
    ...(hardware.wake === undefined ? [] : ['-incoming', `exec:cat '${hardware.wake}'`]),
  ];
}

const line = (id: string, path: string): string => `socket,id=${id},path=${path}`;

/** `unsafe`: what a machine completes stays in the host's cache anyway when QEMU is killed, so waiting for the disk shows nothing. */
function driveArguments(drive: Hardware['drives'][number], index: number): readonly string[] {
  const { file, mode } = drive;
  if (mode === 'disc') {
    return [
      ...['-device', 'virtio-scsi-pci,id=discs'],
      ...['-drive', `if=none,id=d${index},format=raw,media=cdrom,readonly=on,file=${file}`],
      ...['-device', `scsi-cd,bus=discs.0,drive=d${index},bootindex=${index}`],
    ];
  }
  const readOnly = mode === 'ro' ? ',readonly=on' : '';
  return [
    ...['-drive', `if=none,id=d${index},format=raw,cache=unsafe,file=${file}${readOnly}`],
    ...['-device', `virtio-blk-pci,drive=d${index},bootindex=${index}`],
  ];
}

/** A flush that took time would let writes that come after it look as if they came before. */
function recordedArguments(disk: string, log: string): readonly string[] {
  return [
    ...['-blockdev', `driver=file,node-name=data,filename=${disk},cache.no-flush=on`],
    ...['-blockdev', `driver=file,node-name=log,filename=${log},cache.no-flush=on`],
    ...['-blockdev', 'driver=blklogwrites,node-name=d0,file=data,log=log,log-sector-size=512'],
    ...['-device', 'virtio-blk-pci,drive=d0,write-cache=on,bootindex=0'],
  ];
}

async function firmwareArguments({ firmware, folder }: Hardware): Promise<readonly string[]> {
  if (firmware === 'bios') return [];
  const variables = join(folder, 'efi-variables.fd');
  await copyFile(FIRMWARE_VARIABLES, variables);
  return [
    ...['-drive', `if=pflash,format=raw,readonly=on,file=${FIRMWARE_CODE}`],
    ...['-drive', `if=pflash,format=raw,file=${variables}`],
  ];
}
