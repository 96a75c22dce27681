/**
 * What a boot has to say about an image on trial. Looked at first, and only what concerns a judgement becomes an operation: an ordinary
 * boot writes nothing.
 */
import { assessBoot } from '../../machines/assess-boot.ts';
import { assessRequest, type AssessRequest } from '../../machines/assess-request.ts';
import { runsUnconfirmed, standingOfActive, wordOf } from '../../machines/judgement.ts';
import { inodeOf, slotPath } from '../../machines/slots.ts';
import type { System } from '../system/port.ts';
import { findDevice } from './device.ts';
import { begin, carryOn, nothingToDo, undoing } from './carry-out.ts';
import type { Controls, Machinery, Outcome } from './machinery.ts';
import { unfinished, type Unfinished } from './memory.ts';
import { withSession } from './with-session.ts';
import { openForReading, type Session } from './session.ts';

export interface AssessWish {
  readonly by: AssessRequest['by'];
  /** Units that must be active. */
  readonly units: readonly string[];
  /** Longest time of one check. */
  readonly timeoutMs: number;
}

export async function assessDevice(
  machinery: Machinery,
  wish: AssessWish,
  controls: Controls,
): Promise<Outcome> {
  const idle = await nothingToSay(machinery, wish);
  if (idle !== undefined) return idle;
  const found = await findDevice(machinery.system);
  return withSession({ machinery, found }, async (session) => {
    const owed = unfinished(session, 'assessment');
    if (owed !== undefined && isThisOne(owed, session, wish)) {
      return carryOn(machinery, session, owed, controls);
    }
    if (owed !== undefined) await abandonAssessment(machinery, session, controls);
    const seen = await findingOf(machinery.system, session, wish.by);
    if (seen === undefined) return nothingToDo(machinery, session, assessBoot.name);
    const request: AssessRequest = { ...seen, ...wish, units: [...wish.units] };
    return begin(
      machinery,
      session,
      {
        operation: assessBoot,
        request,
        key: `assess-boot ${session.device.bootId}`,
        hooks: [],
        only: undefined,
        cause: seen.upgrade,
      },
      controls,
    );
  });
}

/** Looked at as a reader does: most boots judge nothing, and leave COS_STATE as it is mounted. */
async function nothingToSay(
  machinery: Machinery,
  { by }: AssessWish,
): Promise<Outcome | undefined> {
  const session = await openForReading(machinery.system, machinery.state);
  try {
    const busy = unfinished(session, 'assessment') !== undefined;
    if (busy || (await findingOf(machinery.system, session, by)) !== undefined) return undefined;
    return await nothingToDo(machinery, session, assessBoot.name);
  } finally {
    await session.close();
  }
}

type Finding = Omit<AssessRequest, 'by' | 'units' | 'timeoutMs'>;

/** The same boot, asked by the same: a person who confirms does not go on with what a unit had begun. */
function isThisOne({ state }: Unfinished, { device }: Session, { by }: AssessWish): boolean {
  const request = assessRequest.safeParse(state.started.request);
  return (
    state.started.inventory.bootId === device.bootId && request.success && request.data.by === by
  );
}

async function findingOf(
  system: System,
  { device, segments }: Session,
  by: AssessRequest['by'],
): Promise<Finding | undefined> {
  const { judgement, standing, uuid } = await standingOfActive(system, device);
  if (uuid === undefined || standing === 'not-judged') return undefined;
  const path = slotPath(device, 'active');
  const stat = path === undefined ? undefined : await system.files.stat(path);
  const { triesLeft = 0, operation } = judgement;
  const known = {
    image: uuid,
    triesLeft,
    bootedFrom: device.bootedFrom,
    ...(stat === undefined ? {} : { id: inodeOf(stat) }),
    ...(operation === undefined || standing === 'condemned' ? {} : { upgrade: operation }),
  };
  if (await runsUnconfirmed(system, device)) {
    if (by === 'resume') return undefined;
    if (standing !== 'condemned') return { finding: 'on-trial', ...known };
    // It failed on its own; that it runs now, because somebody wanted it to, does not make it good. A person may say so.
    return by === 'hand' ? { finding: 'given-up', ...known } : undefined;
  }
  if (standing === 'condemned' || by === 'hand') return undefined;
  // What the menu says of another image, because an operation has replaced it since, is not about this one.
  const concerns = wordOf(device, 'slotwright.judged') === uuid;
  const because = wordOf(device, 'slotwright.fell_back');
  if (concerns && (because === 'tries' || because === 'grub')) {
    return { finding: 'fell-back', because, ...known };
  }
  const settled = segments.some(
    ({ state }) =>
      state?.completed !== undefined &&
      state.started.operation === assessBoot.name &&
      state.started.inventory.bootId === device.bootId,
  );
  const counted = wordOf(device, 'slotwright.counted') !== undefined;
  return concerns && counted && !settled ? { finding: 'by-hand', ...known } : undefined;
}

/** The boot that an unfinished judgement was about has ended, with the judgement: that is closed, and nothing of it is done. */
export async function abandonAssessment(
  machinery: Machinery,
  session: Session,
  controls: Controls,
): Promise<void> {
  const owed = unfinished(session, 'assessment');
  if (owed === undefined) return;
  const same = owed.state.started.inventory.bootId === session.device.bootId;
  const why = same ? 'it is judged by hand' : 'the boot that it judged has ended';
  const rest = await undoing(session, owed, why);
  await carryOn(machinery, session, rest, controls);
}
