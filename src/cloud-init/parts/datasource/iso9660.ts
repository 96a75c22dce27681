import type { ReadMedium } from './medium.ts';

const sector = 2048;
/** A damaged medium must not keep us busy. */
const mostDescriptors = 32;

interface Extent {
  readonly at: number;
  readonly bytes: number;
}

interface Entry extends Extent {
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'other';
}

/**
 * A file of an ISO 9660 file system; absent when there is none. Long names are those of Joliet, else of Rock Ridge. Links
 * are no files.
 */
export async function readIsoFile(
  read: ReadMedium,
  path: readonly string[],
): Promise<Buffer | undefined> {
  const volumes = await volumesOf(read);
  const volume = volumes.find(({ naming }) => naming === 'joliet') ?? volumes[0];
  let place: Extent | undefined = volume?.root;
  for (const [depth, name] of path.entries()) {
    if (volume === undefined || place === undefined) {
      return undefined;
    }
    const kind = depth === path.length - 1 ? 'file' : 'directory';
    const entries = await entriesOf(read, place, volume.naming);
    place = entries.find((entry) => entry.kind === kind && entry.name === name);
  }
  return place === undefined ? undefined : contentOf(read, place);
}

type Naming = 'joliet' | 'plain';

async function volumesOf(
  read: ReadMedium,
): Promise<readonly { readonly naming: Naming; readonly root: Extent }[]> {
  const volumes: { readonly naming: Naming; readonly root: Extent }[] = [];
  for (let index = 0; index < mostDescriptors; index += 1) {
    const block = await read((16 + index) * sector, sector);
    const type = block.readUInt8(0);
    if (block.toString('latin1', 1, 6) !== 'CD001' || type === 255) {
      break;
    }
    const isJoliet = type === 2 && /^%\/[@CE]/.test(block.toString('latin1', 88, 91));
    if (type === 1 || isJoliet) {
      volumes.push({ naming: isJoliet ? 'joliet' : 'plain', root: extentOf(block, 156) });
    }
  }
  return volumes;
}

async function entriesOf(
  read: ReadMedium,
  directory: Extent,
  naming: Naming,
): Promise<readonly Entry[]> {
  const bytes = await contentOf(read, directory);
  const entries: Entry[] = [];
  for (let at = 0; at + 33 < bytes.byteLength;) {
    const length = bytes.readUInt8(at);
    if (length < 34 || at + length > bytes.byteLength) {
      // No record crosses a sector: the rest of this one is empty.
      at = (Math.floor(at / sector) + 1) * sector;
      continue;
    }
    entries.push(await entryOf(read, bytes.subarray(at, at + length), naming));
    at += length;
  }
  return entries;
}

async function entryOf(read: ReadMedium, record: Buffer, naming: Naming): Promise<Entry> {
  const flags = record.readUInt8(25);
  const nameEnd = 33 + record.readUInt8(32);
  const kind = flags & 0x02 ? 'directory' : flags & 0x80 ? 'other' : 'file';
  const extent = extentOf(record, 0);
  if (naming === 'joliet') {
    const name = Buffer.from(record.subarray(33, nameEnd - (nameEnd % 2 === 0 ? 1 : 0)));
    return { ...extent, kind, name: withoutVersion(name.swap16().toString('utf16le')) };
  }
  const more = await rockRidge(read, record.subarray(nameEnd + (nameEnd % 2)));
  const short = withoutVersion(record.toString('latin1', 33, nameEnd)).toLowerCase();
  return { ...extent, kind: more.isLink ? 'other' : kind, name: more.name ?? short };
}

function withoutVersion(name: string): string {
  return name.replace(/;\d+$/, '').replace(/\.$/, '');
}

/** What the fields after a record say; they may go on elsewhere. */
async function rockRidge(
  read: ReadMedium,
  area: Buffer,
): Promise<{ readonly name?: string; readonly isLink: boolean }> {
  let name: string | undefined;
  let isLink = false;
  let rest: Buffer | undefined = area;
  for (let areas = 0; rest !== undefined && areas < 8; areas += 1) {
    const fields: Buffer = rest;
    rest = undefined;
    for (let at = 0; at + 4 <= fields.byteLength;) {
      const length = fields.readUInt8(at + 2);
      if (length < 4 || at + length > fields.byteLength) {
        break;
      }
      const signature = fields.toString('latin1', at, at + 2);
      if (signature === 'NM' && length > 5) {
        name = (name ?? '') + fields.toString('utf8', at + 5, at + length);
      } else if (signature === 'SL') {
        isLink = true;
      } else if (signature === 'CE' && length >= 28) {
        const start = fields.readUInt32LE(at + 4) * sector + fields.readUInt32LE(at + 12);
        rest = await read(start, Math.min(fields.readUInt32LE(at + 20), sector));
      }
      at += length;
    }
  }
  return { isLink, ...(name === undefined ? {} : { name }) };
}

function extentOf(record: Buffer, at: number): Extent {
  return { at: record.readUInt32LE(at + 2) * sector, bytes: record.readUInt32LE(at + 10) };
}

async function contentOf(read: ReadMedium, { at, bytes }: Extent): Promise<Buffer> {
  return bytes === 0 ? Buffer.alloc(0) : read(at, bytes);
}
