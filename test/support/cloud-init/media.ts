import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Files of a medium by their path, without a leading slash. */
export type MediumFiles = Readonly<Record<string, string | Uint8Array>>;

/** Whether these programs are on this machine. */
export function hasPrograms(...programs: readonly string[]): boolean {
  return programs.every((program) => {
    try {
      execFileSync('which', [program], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
}

/** A FAT file system in a file, as the usual tools make it. */
export function fatImage(
  image: string,
  of: { readonly label: string; readonly bits: 12 | 16 | 32; readonly files: MediumFiles },
): void {
  const megabytes = { 12: 2, 16: 20, 32: 64 }[of.bits];
  writeFileSync(image, Buffer.alloc(0));
  execFileSync('truncate', ['--size', `${String(megabytes)}M`, image]);
  const bits = String(of.bits);
  execFileSync('mkfs.vfat', ['-F', bits, '-n', of.label, image], { stdio: 'ignore' });
  const made = new Set<string>();
  for (const [name, content] of Object.entries(of.files)) {
    const folders = name.split('/').slice(0, -1);
    for (const depth of folders.keys()) {
      const folder = folders.slice(0, depth + 1).join('/');
      if (!made.has(folder)) {
        made.add(folder);
        execFileSync('mmd', ['-i', image, `::${folder}`]);
      }
    }
    execFileSync('mcopy', ['-i', image, '-', `::${name}`], { input: content });
  }
}

/** An ISO 9660 file system in a file, with the extensions that the options of `xorriso -as mkisofs` name. */
export function isoImage(
  image: string,
  of: {
    readonly label: string;
    readonly options: readonly string[];
    readonly files: MediumFiles;
    /** Prepares the tree further. */
    readonly change?: (tree: string) => void;
  },
): void {
  const tree = `${image}.tree`;
  for (const [name, content] of Object.entries(of.files)) {
    mkdirSync(path.dirname(path.join(tree, name)), { recursive: true });
    writeFileSync(path.join(tree, name), content);
  }
  of.change?.(tree);
  const words = ['-as', 'mkisofs', '-quiet', '-V', of.label, ...of.options, '-o', image, tree];
  execFileSync('xorriso', words, { stdio: 'ignore' });
}
