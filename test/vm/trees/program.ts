/** Brings this checkout's program into a tree as a derivative's build does: by `init`. */
import { hostCommand } from '../../../src/sandbox/host-command.ts';

/** `bundle` is `dist/slotwright.cjs`; `more` are further arguments of `init`. */
export async function installProgram(
  root: string,
  bundle: string,
  more: readonly string[] = [],
): Promise<void> {
  await hostCommand(process.execPath, [bundle, 'init', '--quiet', ...more, root]);
}
