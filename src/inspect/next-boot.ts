/** Which image the boot loader will start by itself, and why: the menu's own decision, made here from what the menu will read. Pure. */
import * as z from 'zod';
import { standingOf, type Judgement } from '../boot/judgement.ts';
import type { Slot } from '../system/port.ts';

export const nextBootSchema = z.object({
  slot: z.enum(['active', 'passive', 'recovery', 'nothing', 'unknown']),
  why: z.string(),
});

export type NextBoot = z.infer<typeof nextBootSchema>;

/** What the menu reads. */
export interface MenuFacts {
  /** Variables of `/grubenv` on COS_OEM; absent when that partition is not mounted. */
  readonly user?: Readonly<Record<string, string>>;
  readonly judgement: Judgement;
  /** UUID of the file system in the active image. */
  readonly activeUuid?: string;
  readonly present: readonly Slot[];
}

const ENTRIES: Readonly<Record<string, Slot>> = {
  '0': 'active',
  cos: 'active',
  '1': 'passive',
  fallback: 'passive',
  '2': 'recovery',
  recovery: 'recovery',
};
const FALLBACK: readonly Slot[] = ['passive', 'recovery'];

export function nextBoot(facts: MenuFacts): NextBoot {
  const { next_entry, saved_entry } = facts.user ?? {};
  if (next_entry) return chosen(next_entry, 'next_entry, for one boot', facts);
  const wanted = saved_entry === undefined || saved_entry === '' ? undefined : saved_entry;
  if (wanted !== undefined && ENTRIES[wanted] !== 'active') {
    return chosen(wanted, 'saved_entry, until it is changed', facts);
  }
  return judged(facts);
}

function chosen(entry: string, by: string, { present }: MenuFacts): NextBoot {
  const slot = ENTRIES[entry];
  if (slot === undefined) {
    return { slot: 'unknown', why: `the entry "${entry}" is asked for by ${by}` };
  }
  return present.includes(slot)
    ? { slot, why: `asked for by ${by}` }
    : firstPresent(
        present,
        // The menu goes on with its fallback list, whatever was asked for.
        FALLBACK.filter((other) => other !== slot),
        `${slot} is asked for by ${by}, and missing`,
      );
}

function judged({ judgement, activeUuid, present, user }: MenuFacts): NextBoot {
  switch (standingOf(judgement, activeUuid)) {
    case 'condemned':
      return firstPresent(present, FALLBACK, 'the active image failed its judgement');
    case 'out-of-tries':
      return firstPresent(present, FALLBACK, 'the active image has used up its attempts');
    case 'on-trial': {
      const left = judgement.triesLeft ?? 0;
      return {
        slot: 'active',
        why: `the active image is on trial, ${left} ${left === 1 ? 'attempt' : 'attempts'} left`,
      };
    }
    case 'not-judged': {
      const blind = user === undefined ? '; what COS_OEM asks for was not looked at' : '';
      return present.includes('active')
        ? { slot: 'active', why: `it is the default${blind}` }
        : firstPresent(present, FALLBACK, 'there is no active image');
    }
  }
}

function firstPresent(present: readonly Slot[], order: readonly Slot[], reason: string): NextBoot {
  const slot = order.find((candidate) => present.includes(candidate));
  return slot === undefined
    ? { slot: 'nothing', why: `${reason}, and there is no other image` }
    : { slot, why: reason };
}
