/** Commands of the reference that this version knows and refuses, each with what to do instead. */
import * as z from 'zod';
import { notBuilt } from '../../config/not-built.ts';
import type { Command } from '../command.ts';

export const notBuiltCommands: readonly Command[] = [
  refused('convert-disk', 'convert a disk image', 'use "qemu-img convert"'),
  refused('mount', 'mount the root at boot', '"init" brings the initramfs parts that do it'),
  refused('state', 'show the installed images', 'use "status"'),
];

function refused(name: string, summary: string, hint: string): Command {
  return {
    name,
    summary: `${summary} (not built yet)`,
    examples: [],
    refused: true,
    exits: ['notBuilt'],
    output: z.never(),
    run: async () => Promise.reject(notBuilt(`"${name}" is`, hint)),
  };
}
