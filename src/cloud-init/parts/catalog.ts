import { commands } from './commands.ts';
import { directories } from './directories.ts';
import { dns } from './dns.ts';
import { files } from './files.ts';
import type { Part } from './part.ts';

/** All parts, in the order in which they run, whatever the order in the document. */
export const parts: readonly Part[] = [dns, directories, files, commands];
