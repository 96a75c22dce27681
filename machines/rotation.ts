/**
 * Law 2: whether the present active image becomes passive, or is only replaced. It is kept exactly when it is known to be
 * good: it runs, or it was seen running. Looked at when it matters, never remembered: between two processes the machine may
 * have booted something else.
 */
import * as z from 'zod';
import { inodeOf, slotPath } from './slots.ts';
import type { StepContext } from './step.ts';
import { requestOf } from './upgrade-request.ts';

export interface Rotation {
  readonly rotate: boolean;
  /** One clause, for people: why. */
  readonly reason: string;
}

export const ON_TRIAL = 'the running system is on trial, nobody has confirmed it';

export async function rotation(context: StepContext): Promise<Rotation> {
  const { system, device } = context;
  const { confirmed, switchedInBoot } = requestOf(context);
  const active = await statOf(context, 'active');
  if (active === undefined) return no('there is no active image to keep');
  if (wasOnTrial(context)) return no(ON_TRIAL);
  if (device.runningImage !== undefined) {
    if (device.runningImage === active.id) return yes('the active image is the running system');
    const passive = await statOf(context, 'passive');
    if (device.runningImage === passive?.id) {
      return no('the passive image is the running system and stays as it is');
    }
  }
  switch (device.bootedFrom) {
    case 'active':
      if (device.runningImage === undefined && switchedInBoot !== device.bootId) {
        return yes('the machine booted from active');
      }
      return no('the active image has not been booted yet');
    case 'passive':
      return no('the machine booted from passive');
    case 'recovery':
    case 'live':
    case 'unknown':
      return confirmed.includes(inodeOf(active))
        ? yes('the active image was seen running before')
        : no('the active image was never seen running');
  }

  async function statOf(from: StepContext, slot: 'active' | 'passive') {
    const path = slotPath(from.device, slot);
    return path === undefined ? undefined : system.files.stat(path);
  }
}

/** As it was before this operation armed its own judgement. Confirmed since then: kept out all the same, which costs nothing. */
function wasOnTrial(context: StepContext): boolean {
  return checked.safeParse(context.output('check-preconditions')).success;
}

const checked = z.object({ onTrial: z.literal(true) });

function yes(reason: string): Rotation {
  return { rotate: true, reason };
}

function no(reason: string): Rotation {
  return { rotate: false, reason };
}
