/** What else might have happened at a moment. Pure. */
import { SystemError } from '../errors.ts';

export const FATES = ['fail', 'full', 'eio', 'kill', 'power'] as const;

export type Fate = (typeof FATES)[number];

/** In words, for people. */
export const MEANING: Readonly<Record<Fate, string>> = {
  fail: 'the next thing that is asked of the machine fails',
  full: 'the disk is full when space is next taken',
  eio: 'the disk fails the next write or sync',
  kill: 'the process is killed',
  power: 'the power goes',
};

const TAKES_SPACE = [
  'files.makeDirectory',
  'files.writeText',
  'images.create',
  'images.fill',
  'images.copy',
  'images.fetch',
  'images.pack',
  'stages.run',
];

const WRITES = [
  ...TAKES_SPACE,
  'files.link',
  'files.rename',
  'images.relabel',
  'boot.writeEnvironment',
  'settle.sync',
  'settle.checkpoint',
];

/** Which call it falls on, and what that runs into. */
export function armedBy(fate: 'fail' | 'full' | 'eio'): {
  readonly fits: (call: string) => boolean;
  readonly error: Error;
} {
  switch (fate) {
    case 'fail':
      return {
        fits: () => true,
        error: new SystemError({ code: 'what-if', message: 'it failed, as was asked for' }),
      };
    case 'full':
      return {
        fits: (call) => TAKES_SPACE.includes(call),
        error: new SystemError({
          code: 'no-space',
          message: 'cannot write',
          reason: 'no space left on device',
        }),
      };
    case 'eio':
      return {
        fits: (call) => WRITES.includes(call),
        error: new SystemError({
          code: 'input-output',
          message: 'the disk failed',
          reason: 'input/output error',
        }),
      };
  }
}
