import { bytesToText, textToBytes } from '../byte-text.ts';
import { EntryError } from '../parts/entry-error.ts';
import type { Target } from '../target.ts';

/** A file of lines with a name before the first colon: passwd, group, shadow, gshadow. Unknown lines stay as they are. */
export class AccountFile {
  readonly path: string;
  private readonly lines: string[];
  private readonly mode: number;
  private readonly owner: { readonly uid: number; readonly gid: number };
  private changed = false;

  private constructor(
    path: string,
    found: { lines: string[]; mode: number; owner: { uid: number; gid: number } },
  ) {
    this.path = path;
    this.lines = found.lines;
    this.mode = found.mode;
    this.owner = found.owner;
  }

  /** A missing file is an error, unless a mode for a new one is given. */
  static async open(target: Target, path: string, newMode?: number): Promise<AccountFile> {
    const stat = await target.files.stat(path, 'follow');
    const bytes = stat === undefined ? undefined : await target.files.read(path);
    if (bytes === undefined || stat === undefined) {
      if (newMode === undefined) {
        throw new EntryError(`${path} is not there`);
      }
      return new AccountFile(path, { lines: [], mode: newMode, owner: { uid: 0, gid: 0 } });
    }
    const lines = bytesToText(bytes).split('\n');
    if (lines.at(-1) === '') {
      lines.pop();
    }
    const owner = { uid: stat.uid, gid: stat.gid };
    return new AccountFile(path, { lines, mode: stat.mode, owner });
  }

  /** The fields of the line of this name. */
  fields(name: string): readonly string[] | undefined {
    return this.lines.find((line) => line.startsWith(`${name}:`))?.split(':');
  }

  /** All lines as fields. */
  all(): readonly (readonly string[])[] {
    return this.lines.map((line) => line.split(':'));
  }

  /** Replaces the line of this name, or adds it at the end. Refuses what would break the file. */
  put(fields: readonly string[]): void {
    const line = fields.map((field) => checked(field, this.path)).join(':');
    const name = fields[0] ?? '';
    const at = this.lines.findIndex((candidate) => candidate.startsWith(`${name}:`));
    if (at === -1) {
      this.lines.push(line);
    } else {
      this.lines[at] = line;
    }
    this.changed = true;
  }

  /** Takes lines out; none that fits is no error. */
  removeWhere(fits: (line: string) => boolean): void {
    for (let at = this.lines.length - 1; at >= 0; at -= 1) {
      if (fits(this.lines[at] ?? '')) {
        this.lines.splice(at, 1);
        this.changed = true;
      }
    }
  }

  /** The lowest id from 1000 on that no line has in this field. */
  freeId(field: number): number {
    return freeId(this.all(), field, { from: 1000, to: 59_999 });
  }

  /** The highest id below 1000 that no line has in this field, for system accounts. */
  freeSystemId(field: number): number {
    return freeId(this.all(), field, { from: 999, to: 100 });
  }

  async save(target: Target): Promise<void> {
    if (this.changed) {
      await target.files.write({
        path: this.path,
        bytes: textToBytes(this.lines.map((line) => `${line}\n`).join('')),
        mode: this.mode,
        ...this.owner,
      });
      this.changed = false;
    }
  }
}

function checked(field: string, path: string): string {
  if (/[:\x00-\x1f\x7f]/.test(field)) {
    throw new EntryError(
      `\`${field}\` cannot stand in ${path}: it has a colon or a control character`,
    );
  }
  return field;
}

function freeId(
  lines: readonly (readonly string[])[],
  field: number,
  range: { readonly from: number; readonly to: number },
): number {
  const taken = new Set(lines.map((line) => Number(line[field])));
  const step = range.from <= range.to ? 1 : -1;
  for (let id = range.from; id !== range.to + step; id += step) {
    if (!taken.has(id)) {
      return id;
    }
  }
  throw new EntryError('there is no free id');
}
