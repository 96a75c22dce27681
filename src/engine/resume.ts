/** Goes on with what is owed, or turns it back. */
import { operationNamed } from '../../machines/catalog.ts';
import { carryOn, nothingToDo, undoing } from './carry-out.ts';
import { abandonAssessment } from './assess.ts';
import { findDevice } from './device.ts';
import type { Controls, Machinery, Outcome } from './machinery.ts';
import { unfinished, type Unfinished } from './memory.ts';
import { isBeforePivot, isTurnedBack } from './operation-machine.ts';
import { refuseAbort } from './refusals.ts';
import { wayBack } from './way-back.ts';
import { leftWritable, openForReading, type Session } from './session.ts';
import { withSession } from './with-session.ts';

export interface ResumeOptions {
  /** `once-more`: tries a step again that was given up. */
  readonly attempts: 'counted' | 'once-more';
  /** Early in a boot there is no network: a hook without it must not build an image (architecture section 6). */
  readonly reach: 'everything' | 'past-the-pivot';
  /** A boot that owes nothing leaves COS_STATE as it is mounted. */
  readonly by: 'hand' | 'boot';
}

export async function resumeDevice(
  machinery: Machinery,
  options: ResumeOptions,
  controls: Controls,
): Promise<Outcome> {
  const idle = options.by === 'boot' ? await nothingOwed(machinery) : undefined;
  if (idle !== undefined) return idle;
  return withSession({ machinery, found: await findDevice(machinery.system) }, async (session) => {
    const judging = unfinished(session, 'assessment');
    const past = judging?.state.started.inventory.bootId !== session.device.bootId;
    if (past) await abandonAssessment(machinery, session, controls);
    const owed = unfinished(session) ?? (past ? undefined : judging);
    const early = options.reach === 'past-the-pivot';
    if (owed === undefined || (early && isBeforePivot(owed.state.started.plan, owed.state.state)))
      return nothingToDo(machinery, session);
    const back = isElsewhere(owed, session) ? await wayBack(machinery, session, owed) : undefined;
    const why = `the machine was started from ${session.device.bootedFrom}`;
    const rest = back === undefined ? owed : await undoing(session, owed, why, back);
    return carryOn(machinery, session, rest, controls, options.attempts);
  });
}

/** It may go on in another system only. */
function isElsewhere({ state }: Unfinished, { device }: Session): boolean {
  const only = operationNamed(state.started.operation)?.onlyIn;
  return only !== undefined && only !== device.bootedFrom && !isTurnedBack(state.state);
}

async function nothingOwed(machinery: Machinery): Promise<Outcome | undefined> {
  const session = await openForReading(machinery.system, machinery.state);
  try {
    const owed = unfinished(session) ?? unfinished(session, 'assessment');
    // What was left writable is given back by opening and closing the device.
    const left = await leftWritable(machinery.system, session.device);
    return owed === undefined && left.length === 0
      ? await nothingToDo(machinery, session)
      : undefined;
  } finally {
    await session.close();
  }
}

export async function abortDevice(machinery: Machinery, controls: Controls): Promise<Outcome> {
  return withSession({ machinery, found: await findDevice(machinery.system) }, async (session) => {
    const owed = unfinished(session);
    if (owed === undefined) return nothingToDo(machinery, session);
    // Rolled back and not yet closed: an abort that was killed right before its last record.
    if (isTurnedBack(owed.state.state)) return carryOn(machinery, session, owed, controls);
    const back = await wayBack(machinery, session, owed);
    if (back === undefined) throw refuseAbort(owed);
    const rest = await undoing(session, owed, 'asked for by "abort"', back);
    return carryOn(machinery, session, rest, controls);
  });
}
