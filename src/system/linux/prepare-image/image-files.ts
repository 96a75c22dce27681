/** What an image must bring to boot: the files of `src/boot/image`, and this program. */
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SystemError } from '../../../errors.ts';
import { EXIT } from '../../../exit-codes.ts';

/** A file as it is laid over an image's root. */
export interface ImageFile {
  /** From the image's root. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly mode: number;
}

/** Where this program lies, and the files that belong to it. */
export interface ProgramPlace {
  readonly bundle: string;
  readonly folder: string;
}

export const PROGRAM = '/usr/lib/slotwright/slotwright.cjs';

/** Beside the program, so that it can prepare the images that are made from this one. */
const COPY = '/usr/lib/slotwright/image';

/** All of them, in the order of their paths. */
export async function readImageFiles({ bundle, folder }: ProgramPlace): Promise<ImageFile[]> {
  const names = await readdir(folder, { recursive: true }).catch((error: unknown) => {
    throw incomplete(folder, error);
  });
  const files: ImageFile[] = [];
  for (const name of names.sort()) {
    const path = join(folder, name);
    if (!(await lstat(path)).isFile()) continue;
    const bytes = await readFile(path);
    const mode = isProgram(bytes) ? 0o755 : 0o644;
    files.push({ path: `/${name}`, bytes, mode }, { path: `${COPY}/${name}`, bytes, mode });
  }
  files.push({ path: PROGRAM, bytes: await readFile(bundle), mode: 0o755 });
  return files.sort(({ path: a }, { path: b }) => (a < b ? -1 : 1));
}

/** Packages do not always keep modes. */
function isProgram(bytes: Uint8Array): boolean {
  return bytes[0] === 0x23 && bytes[1] === 0x21;
}

function incomplete(folder: string, cause: unknown): SystemError {
  return new SystemError({
    code: 'image-files-missing',
    message: 'an image cannot be prepared by this copy of the program',
    reason: `${folder} does not lie beside it`,
    hint: 'use the package, or "npm run build" in a checkout',
    exit: EXIT.unsupported,
    cause,
  });
}
