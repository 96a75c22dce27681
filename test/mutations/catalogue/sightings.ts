/** Tests that notice many faults. */
import type { Sighting } from '../mutant.ts';

type Tests = Omit<Sighting, 'says'>;

/** The simulated machine, cut at every moment of an upgrade that was begun on a machine which ... */
export const upgradeOf = (story: string): Tests => ({
  level: 'model',
  test: 'test/crash/model.test.ts',
  title: `an upgrade that is cut anywhere and carried on keeps every law on a machine that '${story}`,
});

export const CUT_UPGRADE = upgradeOf("booted from active'");

/** The same of a reset. */
export const resetOf = (story: string): Tests => ({
  level: 'model',
  test: 'test/crash/reset.test.ts',
  title: `a reset that is cut anywhere .* on a machine that '${story}`,
});

/** A test of the simulated machine by its title. */
export const model = (test: string, title: string): Tests => ({
  level: 'model',
  test: `test/${test}.test.ts`,
  title,
});

export const unit = (test: string, title: string): Tests => ({
  level: 'unit',
  test: `test/unit/${test}.test.ts`,
  title,
});

export const contract = (test: string, title: string): Tests => ({
  level: 'contract',
  test: `test/contract/${test}.test.ts`,
  title,
});

/** The real command in the real world. */
export const inProcess = (test: string, title: string): Tests => ({
  level: 'process',
  test: `test/crash/${test}.test.ts`,
  title,
});

/** An adapter or the real command on a file system that loses what was not made durable. */
export const powerless = (test: string, title: string): Tests => ({
  level: 'file system',
  test: `test/power/${test}.test.ts`,
  title,
});

/** What a cut around the switch leaves below the file system. */
export const BLOCKS: Tests = {
  level: 'blocks',
  test: 'test/power/block-states.test.ts',
  title: 'boot and keep every law, wherever the power goes around the switch',
};
