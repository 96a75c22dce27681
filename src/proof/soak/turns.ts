/** What happens to a machine that is never left alone: operations in a random order, and where each is cut. Pure. */
import { EXIT } from '../../exit-codes.ts';
import type { Slot } from '../../system/port.ts';
import { generator } from '../blocks/generator.ts';
import type { Level } from '../cuts/cut.ts';
import { NEXT, RESUME } from '../cuts/rig.ts';

/** An operation as somebody asks for it. */
export interface Wish {
  readonly name: string;
  readonly command: readonly string[];
  /** What runs while it is asked for. */
  readonly from: readonly Slot[];
  /** What may come of each slot, beside what was there; `target` is the offered system. */
  readonly mayBecome: Readonly<Partial<Record<Slot, readonly ('target' | Slot)[]>>>;
  /** Exit codes of a lawful end, beside 0. */
  readonly exits: readonly number[];
  /** The machine has a hook that fails. */
  readonly hook?: 'fails';
}

/** One command that is sent, and where it is cut. */
export interface Sending {
  readonly command: readonly string[];
  readonly cut?: { readonly level: Level; readonly record: number };
}

export interface Turn {
  readonly number: number;
  readonly wish: Wish;
  readonly slot: Slot;
  /** Which of the offered systems. */
  readonly offer: number;
  /** What is sent, and after each cut the next. The last one is never cut. */
  readonly sendings: readonly Sending[];
  /** After a power cut: as the menu says, or the system that was asked for. */
  readonly comesUp: 'by the menu' | 'as before';
}

/** Refusals that leave everything as it is. */
const [FLAGS, INSTALLED, HOOK, REFUSED] = [
  EXIT.flags,
  EXIT.alreadyInstalled,
  EXIT.afterUpgrade,
  EXIT.refused,
];

const IMAGES: Wish['mayBecome'] = { active: ['target'], passive: ['active'] };
const BOTH: Wish['mayBecome'] = { active: ['target'], passive: ['target', 'active'] };
const IMAGE = `dir:${NEXT}`;

const WISHES: readonly (Wish & { readonly weight: number })[] = [
  {
    name: 'upgrade',
    weight: 8,
    command: ['elemental', 'upgrade', '--system.uri', IMAGE],
    from: ['active', 'active', 'active', 'passive', 'recovery'],
    mayBecome: IMAGES,
    exits: [],
  },
  {
    name: 'upgrade whose hook fails',
    weight: 2,
    command: ['elemental', 'upgrade', '--strict', '--system.uri', IMAGE],
    from: ['active', 'passive'],
    mayBecome: {},
    exits: [HOOK],
    hook: 'fails',
  },
  {
    name: 'rollback',
    weight: 3,
    command: ['elemental', 'rollback'],
    from: ['active', 'active', 'passive'],
    mayBecome: { active: ['passive'], passive: ['active'] },
    exits: [],
  },
  {
    name: 'upgrade of recovery',
    weight: 2,
    command: ['elemental', 'upgrade', '--recovery', '--recovery-system.uri', IMAGE],
    from: ['active', 'passive', 'recovery'],
    mayBecome: { recovery: ['target'] },
    exits: [],
  },
  {
    name: 'upgrade of recovery whose hook fails',
    weight: 1,
    command: ['elemental', 'upgrade', '--strict', '--recovery', '--recovery-system.uri', IMAGE],
    from: ['active', 'passive', 'recovery'],
    mayBecome: {},
    exits: [HOOK],
    hook: 'fails',
  },
  {
    name: 'reset',
    weight: 2,
    command: ['elemental', 'reset', '--system.uri', IMAGE],
    from: ['recovery'],
    mayBecome: BOTH,
    exits: [],
  },
  {
    name: 'deploy over what is there',
    weight: 1,
    command: ['elemental', 'deploy', '--force', IMAGE],
    from: ['recovery', 'active'],
    mayBecome: BOTH,
    exits: [],
  },
  {
    name: 'deploy that is refused',
    weight: 1,
    command: ['elemental', 'deploy', IMAGE],
    from: ['recovery'],
    mayBecome: {},
    exits: [INSTALLED],
  },
  {
    name: 'abort of nothing',
    weight: 1,
    command: ['elemental', 'abort'],
    from: ['active', 'passive'],
    mayBecome: {},
    exits: [FLAGS, REFUSED],
  },
];

/** The n-th turn of a soak: the same for the same seed, whatever happened before. */
export function turn(number: number, seed: number, offers: number): Turn {
  const random = generator(seed * 1009 + number * 7919);
  // The first numbers of neighbouring seeds are alike.
  for (let dull = 0; dull < 8; dull += 1) random();
  const among = <T>(all: readonly T[]): T => {
    const one = all[Math.floor(random() * all.length)];
    if (one === undefined) throw new Error('nothing to choose from');
    return one;
  };
  const wish = among(WISHES.flatMap((one) => Array.from({ length: one.weight }, () => one)));
  const cut = (): NonNullable<Sending['cut']> => ({
    level: among(['process', 'power'] as const),
    record: 1 + Math.floor(random() * 56),
  });
  const after = (): readonly string[] =>
    among([RESUME, RESUME, RESUME, wish.command, ['elemental', 'abort']]);
  const cuts = among([0, 0, 1, 1, 1, 2]);
  const sendings: Sending[] = [];
  for (let count = 0; count < cuts; count += 1) {
    const { record, ...level } = cut();
    // What is left of an operation is shorter than the whole.
    const place = count === 0 ? record : 1 + (record % 24);
    const command = count === 0 ? wish.command : after();
    sendings.push({ command, cut: { ...level, record: place } });
  }
  const last = cuts === 0 ? wish.command : after();
  return {
    number,
    wish,
    slot: among(wish.from),
    offer: Math.floor(random() * offers),
    sendings: [...sendings, { command: last }],
    comesUp: among(['by the menu', 'by the menu', 'as before'] as const),
  };
}
