import { packageManagerOf } from '../entities/package-manager.ts';
import { EntryError } from './entry-error.ts';
import type { Part } from './part.ts';
import { runProgram } from './run-program.ts';

/** Refreshes, upgrades, installs and removes, in this order; the first failure ends the part. */
export const packages: Part = {
  name: 'packages',
  isAskedFor: ({ packages: wanted }) =>
    wanted !== undefined &&
    (wanted.refresh === true ||
      wanted.upgrade === true ||
      (wanted.install ?? []).length > 0 ||
      (wanted.remove ?? []).length > 0),
  async run({ packages: wanted }, context) {
    const manager = await packageManagerOf(context.target);
    if (manager === undefined) {
      throw new EntryError('no package manager is known for the system in /etc/os-release');
    }
    const named = async (names: readonly string[] | undefined): Promise<readonly string[]> => {
      const texts = await Promise.all((names ?? []).map((name) => context.render(name)));
      return texts.flatMap((text) => text.split(/\s+/)).filter((name) => name !== '');
    };
    const install = await named(wanted?.install);
    const remove = await named(wanted?.remove);
    const calls = [
      ...(wanted?.refresh === true ? [manager.refresh] : []),
      ...(wanted?.upgrade === true ? [manager.upgrade] : []),
      ...(install.length > 0 ? [[...manager.install, ...install] as const] : []),
      ...(remove.length > 0 ? [[...manager.remove, ...remove] as const] : []),
    ];
    for (const argv of calls) {
      await runProgram(context, argv, { environment: manager.environment });
    }
  },
};
