import { bytesToText, holdsBytes, textToBytes } from '../byte-text.ts';
import type { FileEntry } from '../step.ts';
import { TemplateError } from '../template/template-error.ts';
import { decodeContent } from './encoding.ts';
import { EntryError } from './entry-error.ts';
import { ownerOf } from './owner.ts';
import { makeParents, parentMode } from './parents.ts';
import type { Part, PartContext } from './part.ts';
import { filePath } from './target-path.ts';

/** Writes files, each in one go: content, owner and mode are complete, or the old file stays. */
export const files: Part = {
  name: 'files',
  isAskedFor: (step) => (step.files ?? []).length > 0,
  async run(step, context) {
    for (const entry of step.files ?? []) {
      await context.attempt(entry.at, () => writeFile(entry, context));
    }
  },
};

async function writeFile(entry: FileEntry, context: PartContext): Promise<void> {
  const { files: tree } = context.target;
  const path = filePath(entry.path);
  const content = await filledIn(decodeContent(entry.content ?? '', entry.encoding), context);
  const owner = await ownerOf(context.target, entry);
  const existing = await tree.stat(path, 'follow');
  if (existing?.kind === 'directory') {
    throw new EntryError(`${path} is a directory`);
  }
  if (entry.permissions === undefined) {
    await context.warn(
      `no \`permissions\` for ${path}: ${existing === undefined ? '0644 is taken' : 'the old ones stay'}`,
      entry.at,
    );
  }
  const mode = (entry.permissions ?? existing?.mode ?? 0o644) & 0o7777;
  const parents = { mode: parentMode(mode), uid: entry.owner ?? 0, gid: entry.group ?? 0 };
  await makeParents(context.target.files, path, parents);
  const before = entry.append === true ? await tree.read(path) : undefined;
  const bytes = before === undefined ? content : Buffer.concat([before, content]);
  await tree.write({ path, bytes, mode, ...owner });
}

/** Content is a template; what is not text (an unpacked binary) has braces by chance, too, and is left alone then. */
async function filledIn(bytes: Uint8Array, context: PartContext): Promise<Uint8Array> {
  if (!Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes('{{')) {
    return bytes;
  }
  const text = bytesToText(bytes);
  try {
    return textToBytes(await context.render(text));
  } catch (error) {
    if (error instanceof TemplateError && holdsBytes(text)) {
      return bytes;
    }
    throw error;
  }
}
