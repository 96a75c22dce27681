import { SystemError } from '../../src/errors.ts';
import { EXIT } from '../../src/exit-codes.ts';
import type { System } from '../../src/system/port.ts';
import { WORKING_TREE } from '../resources/target.ts';
import type { Step } from '../step.ts';
import { mustBeTheSource } from './verify-image.ts';
import { requestOf, sizeSettingOf } from '../upgrade-request.ts';

/** Mount points every system needs, whether its image brings them or not (spec 3.1, step 5). */
const BASE_DIRECTORIES: readonly (readonly [string, number])[] = [
  ['run', 0o755],
  ['dev', 0o755],
  ['boot', 0o755],
  ['usr/local', 0o755],
  ['oem', 0o755],
  ['proc', 0o555],
  ['sys', 0o555],
  ['tmp', 0o1777],
];

/** Writes the source into the new image, once, hashing what it writes. */
export const deployImage: Step = {
  name: 'deploy-image',
  title: 'Write the new system',
  needs: ['partitions', 'target'],
  whenInterrupted: { discardTo: 'mount-target' },
  touches: () => [WORKING_TREE],

  async run({ operation, system, request, signal, report }) {
    const { source } = requestOf({ request });
    // A later process may find another tree at the same place, or none: only what was asked for is installed (law 3).
    await mustBeTheSource({ system, signal, request });
    try {
      const written = await system.images.fill(source, WORKING_TREE, { signal, report });
      await makeBaseDirectories(system, WORKING_TREE);
      return written;
    } catch (cause) {
      if (signal.aborted) throw cause;
      const full = cause instanceof SystemError && cause.code === 'no-space';
      throw new SystemError({
        code: full ? 'no-space' : 'deploy-failed',
        message: `cannot write ${source.uri} into the new image`,
        reason: cause instanceof Error ? cause.message : String(cause),
        hint: full
          ? `the new image is full: raise ${sizeSettingOf({ operation })}, or free space on its partition`
          : 'check the source and the disk; the machine is as it was before',
        exit: full ? EXIT.noSpace : EXIT.deployImage,
        cause,
      });
    }
  },
};

export async function makeBaseDirectories({ files }: System, tree: string): Promise<void> {
  for (const [name, mode] of BASE_DIRECTORIES) {
    await files.makeDirectory(await files.inside(tree, name), mode);
  }
}
