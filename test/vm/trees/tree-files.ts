import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export type TreeFile = string | { readonly script: string } | { readonly link: string };

/** Writes files below a root, replacing what stands there; a script is executable. */
export async function writeTreeFiles(
  root: string,
  files: Readonly<Record<string, TreeFile>>,
): Promise<void> {
  for (const [name, file] of Object.entries(files)) {
    const path = join(root, name);
    await mkdir(dirname(path), { recursive: true });
    await rm(path, { force: true });
    if (typeof file === 'string') await writeFile(path, file);
    else if ('link' in file) await symlink(file.link, path);
    else {
      await writeFile(path, file.script);
      await chmod(path, 0o755);
    }
  }
}
