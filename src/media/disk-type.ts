/** Forms in which hosts take disks (spec 3.9): a fixed VHD for Azure, a packed raw file of whole GiB for GCE, qcow2 for QEMU. */
import { randomBytes } from 'node:crypto';
import { open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runProgram } from './host-program.ts';
import { MIB } from './partition-layout.ts';

export type DiskType = 'raw' | 'azure' | 'gce' | 'qcow2';

/** What the reference adds to the name of the raw disk. */
export function outputFor(output: string, type: DiskType): string {
  const ending = { raw: '', azure: '.vhd', gce: '.tar.gz', qcow2: '.qcow2' }[type];
  return output.endsWith(ending) ? output : `${output}${ending}`;
}

/** What converting takes beyond what building takes. */
export function programsFor(type: DiskType): readonly string[] {
  return { raw: [], azure: [], gce: ['tar', 'gzip'], qcow2: ['qemu-img'] }[type];
}

/** Size of the whole disk. Azure wants whole MiB, which every layout has. */
export function bytesFor(bytes: number, type: DiskType): number {
  const unit = type === 'gce' ? 1024 * MIB : MIB;
  return Math.ceil(bytes / unit) * unit;
}

/** Makes of a raw disk what the cloud takes; answers with its path, which may be another one in the same folder. */
export async function convertDisk(
  disk: string,
  { type, date }: { readonly type: DiskType; readonly date: string },
  signal: AbortSignal,
): Promise<string> {
  if (type === 'raw') return disk;
  if (type === 'azure') {
    await appendFooter(disk, date);
    return disk;
  }
  const folder = dirname(disk);
  if (type === 'qcow2') {
    const made = join(folder, 'disk.qcow2');
    await runProgram('qemu-img', ['convert', '-q', '-f', 'raw', '-O', 'qcow2', disk, made], {
      signal,
    });
    return made;
  }
  const packed = join(folder, 'disk.tar.gz');
  // GCE wants this name in it.
  await rename(disk, join(folder, 'disk.raw'));
  const how = ['--format=oldgnu', '--sparse', '--use-compress-program=gzip --fast'];
  const owner = ['--owner=0', '--group=0', '--numeric-owner', '--mode=0644'];
  await runProgram(
    'tar',
    [...how, ...owner, '--create', `--file=${packed}`, '--directory', folder, 'disk.raw'],
    { signal },
  );
  return packed;
}

/** Seconds from 1970 to 2000, where VHD begins to count. */
const EPOCH_2000 = 946_684_800;
const FIXED = 2;

/** A fixed VHD is the raw disk with a footer of one sector. */
async function appendFooter(disk: string, date: string): Promise<void> {
  const file = await open(disk, 'r+');
  try {
    const { size } = await file.stat();
    await file.write(footerOf(size, Math.floor(Date.parse(date) / 1000)), 0, 512, size);
  } finally {
    await file.close();
  }
}

function footerOf(bytes: number, seconds: number): Buffer {
  const footer = Buffer.alloc(512);
  footer.write('conectix', 0, 'latin1');
  footer.writeUInt32BE(2, 8);
  footer.writeUInt32BE(0x1_0000, 12);
  footer.fill(0xff, 16, 24);
  footer.writeUInt32BE(Math.max(0, seconds - EPOCH_2000), 24);
  // With this creator readers go by the size, not by the geometry, which cannot say every size.
  footer.write('win ', 28, 'latin1');
  footer.writeUInt32BE(0x6_0001, 32);
  footer.write('Wi2k', 36, 'latin1');
  footer.writeBigUInt64BE(BigInt(bytes), 40);
  footer.writeBigUInt64BE(BigInt(bytes), 48);
  const { cylinders, heads, sectors } = geometryOf(bytes / 512);
  footer.writeUInt16BE(cylinders, 56);
  footer.writeUInt8(heads, 58);
  footer.writeUInt8(sectors, 59);
  footer.writeUInt32BE(FIXED, 60);
  randomBytes(16).copy(footer, 68);
  const sum = footer.reduce((total, byte) => total + byte, 0);
  footer.writeUInt32BE(~sum >>> 0, 64);
  return footer;
}

/** As the VHD specification computes it. */
function geometryOf(total: number): {
  readonly cylinders: number;
  readonly heads: number;
  readonly sectors: number;
} {
  const all = Math.min(total, 65_535 * 16 * 255);
  if (all >= 65_535 * 16 * 63) {
    return { cylinders: Math.floor(all / 255 / 16), heads: 16, sectors: 255 };
  }
  let sectors = 17;
  let heads = Math.max(4, Math.ceil(Math.floor(all / sectors) / 1024));
  for (const next of [31, 63]) {
    if (Math.floor(all / sectors) < heads * 1024 && heads <= 16) break;
    [sectors, heads] = [next, 16];
  }
  return { cylinders: Math.floor(all / sectors / heads), heads, sectors };
}
