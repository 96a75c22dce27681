/** Flags as settings: only those actually given count, and the deprecated ones are rewritten first (spec 6.1). */
import { EXIT } from '../exit-codes.ts';
import { UsageError } from '../errors.ts';
import type { Layer } from './layer.ts';

/** Flags as given, by name without dashes. */
export type GivenFlags = Readonly<Record<string, string | boolean | readonly string[]>>;

/** Which configuration key a flag stands for. */
export type FlagKeys = Readonly<Record<string, string>>;

export function flagLayer(given: GivenFlags, keys: FlagKeys): Layer {
  refuseContradictions(given);
  const settings = Object.entries(given).flatMap(([flag, value]) => {
    const key = keys[flag];
    return key === undefined ? [] : [[key, { value, from: `flag --${flag}` }] as const];
  });
  return new Map([...settings, ...rewritten(given, keys)]);
}

/** `--docker-image X` was `--system.uri docker:X`, `--directory D` was `--system.uri dir:D`. */
function rewritten(given: GivenFlags, keys: FlagKeys) {
  const key = keys['system.uri'];
  const forms = [
    ['docker-image', 'docker:'],
    ['directory', 'dir:'],
  ] as const;
  return forms.flatMap(([flag, scheme]) => {
    const value = given[flag];
    return typeof value !== 'string' || key === undefined
      ? []
      : [[key, { value: scheme + value, from: `flag --${flag}` }] as const];
  });
}

/** A `UsageError` of exit 32 for flags that cannot be given together. */
export function refuseContradictions(given: GivenFlags): void {
  const sources = ['system.uri', 'docker-image', 'directory'].filter((flag) => flag in given);
  if (sources.length > 1) throw together(sources, 'they all name the source');
  if (given['reboot'] === true && given['poweroff'] === true) {
    throw together(['reboot', 'poweroff'], 'the machine can do only one of them');
  }
  if (given['squash-compression'] !== undefined && given['squash-no-compression'] === true) {
    throw together(['squash-compression', 'squash-no-compression'], 'they contradict each other');
  }
  if (given['cosign-key'] !== undefined && given['cosign'] !== true) {
    throw new UsageError({
      code: 'flags-contradict',
      message: '--cosign-key was given without --cosign',
      reason: 'the key would not be used, and the image would not be verified with it',
      hint: 'add --cosign, or leave the key out',
      exit: EXIT.flags,
    });
  }
}

function together(flags: readonly string[], reason: string): UsageError {
  return new UsageError({
    code: 'flags-contradict',
    message: `${flags.map((flag) => `--${flag}`).join(' and ')} cannot be given together`,
    reason,
    hint: 'keep one of them',
    exit: EXIT.flags,
  });
}
