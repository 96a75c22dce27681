import type { Step } from '../step.ts';
import type { Position } from '../yaml/node.ts';
import { EntryError } from './entry-error.ts';
import type { FileSystemKind } from './layout-file-systems.ts';
import { fileSystemKind } from './layout-file-systems.ts';

export type Addition = NonNullable<NonNullable<Step['layout']>['add_partitions']>[number];

/** An entry of `add_partitions` that can be done, as far as it can be said without the disk. */
export interface CheckedAddition {
  readonly entry: Addition;
  readonly kind: FileSystemKind;
  /** For people. */
  readonly label: string;
}

/** Something in a layout that cannot be done, and the place where it is asked for. */
export class LayoutRefusal extends EntryError {
  readonly at: Position;

  constructor(message: string, at: Position) {
    super(message);
    this.name = 'LayoutRefusal';
    this.at = at;
  }
}

/**
 * Checks the entries of a layout. What is wrong with one whatever the disk looks like is a `LayoutRefusal`. Each needs a label
 * by which the next run knows its partition again; a msdos table has none for partitions.
 */
export function checkAdditions(
  entries: readonly Addition[],
  table: 'gpt' | 'dos',
): readonly CheckedAddition[] {
  const additions = entries.map((entry) => check(entry, table));
  refuseDoubles(additions);
  return additions;
}

function check(entry: Addition, table: 'gpt' | 'dos'): CheckedAddition {
  const { at, fsLabel = '', pLabel = '' } = entry;
  const kind = kindOf(entry);
  const knownBy = [
    ...(kind.make === undefined ? [] : [fsLabel]),
    ...(table === 'gpt' ? [pLabel] : []),
  ];
  if (knownBy.every((label) => label === '')) {
    const needed = [
      ...(kind.make === undefined ? [] : ['`fsLabel`']),
      ...(table === 'gpt' ? ['`pLabel`'] : []),
    ];
    throw new LayoutRefusal(
      needed.length === 0
        ? 'a partition without a file system cannot be known again on a msdos table: every run would add it'
        : `a partition needs ${needed.join(' or ')}: without one every run would add it again`,
      at,
    );
  }
  if (!isPlain(fsLabel, /^[\x20-\x7e]*$/) || !isPlain(pLabel, /^[^\p{Cc}]*$/u)) {
    const wanted =
      'has no quotes, backslashes and control letters, and no blanks at its ends; that of a file system is ASCII';
    throw new LayoutRefusal(`\`${fsLabel}\` or \`${pLabel}\` is no label: one ${wanted}`, at);
  }
  if (kind.make !== undefined && Buffer.byteLength(fsLabel) > kind.mostLabel) {
    const most = `${String(kind.mostLabel)} bytes of ${entry.filesystem || 'ext4'}`;
    throw new LayoutRefusal(`the label ${fsLabel} is longer than the ${most}`, at);
  }
  if (fsLabel !== '' && fsLabel === kind.emptyLabel) {
    throw new LayoutRefusal(
      `the label ${fsLabel} means none on ${String(entry.filesystem)}: every run would add the partition again`,
      at,
    );
  }
  if (pLabel.length > 36) {
    throw new LayoutRefusal(`the partition label ${pLabel} is longer than 36 letters`, at);
  }
  return { entry, kind, label: fsLabel || pLabel };
}

/** What the tools give back as it was given to them. */
function isPlain(label: string, letters: RegExp): boolean {
  return letters.test(label) && !/["\\]/.test(label) && label.trim() === label;
}

function kindOf({ filesystem, at }: Addition): FileSystemKind {
  try {
    return fileSystemKind(filesystem);
  } catch (error) {
    throw error instanceof EntryError ? new LayoutRefusal(error.message, at) : error;
  }
}

function refuseDoubles(additions: readonly CheckedAddition[]): void {
  for (const key of ['fsLabel', 'pLabel'] as const) {
    const seen = new Set<string>();
    for (const { entry } of additions) {
      const label = entry[key] ?? '';
      if (label !== '' && seen.has(label)) {
        throw new LayoutRefusal(`the label ${label} is given twice`, entry.at);
      }
      seen.add(label);
    }
  }
}
