/**
 * Gives a file that GRUB reads a new inode, so that at every instant its name is complete both for the kernel and for GRUB, which does
 * not replay the journal (architecture section 5, measured there). Three checkpoints and a second link on the old inode.
 * Interrupted anywhere, running it again finishes it.
 */
import type { System } from '../src/system/port.ts';

export interface Replacement {
  readonly name: string;
  /** The new file, already durable, in the same file system. Its own name goes away. */
  readonly by: string;
  /** Second name for the old inode while the change is under way; ours, removed at the end. */
  readonly doomed: string;
  /** Mount point of the file system. */
  readonly at: string;
}

export async function replace(
  system: System,
  { name, by, doomed, at }: Replacement,
): Promise<void> {
  const [current, next] = [await system.files.stat(name), await system.files.stat(by)];
  if (next !== undefined && next.id !== current?.id) {
    if (current !== undefined && (await system.files.stat(doomed)) === undefined) {
      await system.files.link(name, doomed);
    }
    await system.settle.checkpoint(at);
    await system.files.rename(by, name);
  }
  await system.settle.checkpoint(at);
  if ((await system.files.stat(doomed)) !== undefined) {
    await system.files.remove(doomed);
    await system.settle.checkpoint(at);
  }
}
