/**
 * index.json: what each file of the log came to when it was last read whole, and what was concluded from each operation, so that looking at
 * a long history does not parse all of it. Never the truth: an entry counts only for bytes of the digest that it names.
 */
import { constants } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { withMeaning } from './disk-fault.ts';
import { writeDurably } from './durable-file.ts';
import { hasCode, openRegular } from './log-directory.ts';
import type { JsonValue } from './records.ts';
import type { SegmentFile } from './segment-file.ts';
import type { SegmentRecords } from './segment.ts';

const link = z.object({ seq: z.int().nonnegative(), hash: z.string() });

const indexedFile = z.object({
  /** sha256 of all its bytes. */
  digest: z.string(),
  id: z.string(),
  bytes: z.int(),
  records: z.int(),
  after: link,
  head: link,
  starts: z.boolean(),
  completes: z.boolean(),
  pruned: z.array(z.object({ segments: z.array(z.string()), head: z.string() })),
});

export type IndexedFile = z.infer<typeof indexedFile>;

const indexSchema = z.object({
  /** Who concluded; of another version nothing is taken. */
  by: z.string(),
  files: z.record(z.string(), indexedFile),
  /** By the first file of each operation. */
  conclusions: z.record(
    z.string(),
    z.object({ files: z.array(z.string()), says: z.custom<JsonValue>() }),
  ),
});

type Index = z.infer<typeof indexSchema>;

/** What is concluded from the records of an operation, in whatever form; the same version gets it back. */
export interface Concluding {
  readonly by: string;
  readonly conclude: (operation: SegmentRecords) => JsonValue;
}

export class SegmentIndex {
  readonly #index: Index;

  constructor(index: Index) {
    this.#index = index;
  }

  /** What these bytes came to, if they are those that were indexed. */
  find(segment: string, bytes: Uint8Array): IndexedFile | undefined {
    const entry = this.#index.files[segment];
    return entry?.bytes === bytes.length && entry.digest === digestOf(bytes) ? entry : undefined;
  }

  /** What was concluded from an operation that lies in exactly these files, each of which was found. */
  concluded(files: readonly string[]): JsonValue | undefined {
    const kept = this.#index.conclusions[files[0] ?? ''];
    return kept?.files.join() === files.join() ? kept.says : undefined;
  }
}

/** None where there is none, where it is damaged, or where another version made it. */
export async function openIndex(directory: string, by: string): Promise<SegmentIndex | undefined> {
  try {
    const handle = await openRegular(indexPath(directory), constants.O_RDONLY);
    try {
      if ((await handle.stat()).size > MAX_BYTES) return undefined;
      const [seal = '', text = ''] = split(await handle.readFile('utf8'));
      if (seal !== digestOf(Buffer.from(text))) return undefined;
      const index = indexSchema.parse(JSON.parse(text));
      return index.by === by ? new SegmentIndex(index) : undefined;
    } finally {
      await handle.close();
    }
  } catch {
    return undefined;
  }
}

/** A log on a disk, whole. */
export interface IndexedStore {
  all(): Promise<readonly SegmentRecords[]>;
  files(): Promise<readonly { readonly parts: readonly SegmentFile[] }[]>;
}

/** Makes the index of a log anew; what was concluded before is kept. Only the holder of the lock may call it. */
export async function saveIndex(
  directory: string,
  { by, conclude }: Concluding,
  store: IndexedStore,
): Promise<void> {
  const index: Index = { by, files: {}, conclusions: {} };
  const [operations, files] = await Promise.all([store.all(), store.files()]);
  for (const [at, operation] of operations.entries()) {
    const parts = files[at]?.parts ?? [];
    for (const { segment, file, bytes, goodBytes, pruned } of parts) {
      if (file !== undefined) {
        index.files[segment] = { ...file, digest: digestOf(bytes.subarray(0, goodBytes)), pruned };
      }
    }
    index.conclusions[operation.segment.segment] = {
      files: parts.map(({ segment }) => segment),
      says: operation.concluded ?? conclude(operation),
    };
  }
  const text = JSON.stringify(index);
  const sealed = `${digestOf(Buffer.from(text))}\n${text}`;
  await withMeaning(UNWRITTEN, () =>
    writeDurably(indexPath(directory), sealed, 0o600).catch(async (error: unknown) => {
      // A full disk has better use for the room.
      if (!hasCode(error, 'ENOSPC')) throw error;
      await rm(indexPath(directory), { force: true });
    }),
  );
}

/** Far above what 400 operations come to. */
const MAX_BYTES = 32 * 2 ** 20;

const UNWRITTEN = {
  code: 'index-not-written',
  message: 'the index of the event log could not be written',
  hint: 'nothing is lost: it only makes reading a long history faster',
};

const indexPath = (directory: string): string => path.join(directory, 'index.json');
const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function split(text: string): readonly string[] {
  const end = text.indexOf('\n');
  return [text.slice(0, end), text.slice(end + 1)];
}
