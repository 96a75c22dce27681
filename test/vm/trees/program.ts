/** Brings this checkout's program into a tree, with everything that an image needs to boot and to judge itself. */
import { hostCommand } from '../../../src/sandbox/host-command.ts';
import { writeTreeFiles } from './tree-files.ts';
import { copyFile, mkdir, chmod } from 'node:fs/promises';
import { join } from 'node:path';

/** `bundle` is `dist/slotwright.cjs`. */
export async function installProgram(root: string, bundle: string): Promise<void> {
  await hostCommand('cp', ['--archive', '--no-preserve=ownership', 'src/boot/image/.', root]);
  const program = 'usr/lib/slotwright/slotwright.cjs';
  await mkdir(join(root, 'usr/lib/slotwright'), { recursive: true });
  await copyFile(bundle, join(root, program));
  await chmod(join(root, program), 0o755);
  await writeTreeFiles(root, {
    'usr/bin/slotwright': { link: `../lib/slotwright/slotwright.cjs` },
    'usr/bin/elemental': { link: `../lib/slotwright/slotwright.cjs` },
  });
}
