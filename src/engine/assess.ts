/**
 * What a boot has to say about an image on trial. Looked at first, and only what concerns a judgement becomes an operation: an ordinary
 * boot writes nothing.
 */
import { assessBoot } from '../../machines/assess-boot.ts';
import type { AssessRequest } from '../../machines/assess-request.ts';
import { runsOnTrial, standingOfActive } from '../../machines/judgement.ts';
import { inodeOf, slotPath } from '../../machines/slots.ts';
import type { Device } from '../../machines/step.ts';
import type { System } from '../system/port.ts';
import { findDevice } from './device.ts';
import {
  abandonAssessment,
  begin,
  carryOn,
  nothingToDo,
  unfinished,
  withSession,
  type Controls,
  type Machinery,
  type Outcome,
} from './lifecycle.ts';
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
  const idle = await nothingToSay(machinery);
  if (idle !== undefined) return idle;
  const found = await findDevice(machinery.system);
  return withSession({ machinery, found }, async (session) => {
    await abandonAssessment(machinery, session, controls);
    const owed = unfinished(session, 'assessment');
    if (owed !== undefined && owed.state.started.inventory.bootId === session.device.bootId) {
      return carryOn(machinery, session, owed, controls);
    }
    const seen = await findingOf(machinery.system, session);
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
async function nothingToSay(machinery: Machinery): Promise<Outcome | undefined> {
  const session = await openForReading(machinery.system, machinery.state);
  try {
    const busy = unfinished(session, 'assessment') !== undefined;
    if (busy || (await findingOf(machinery.system, session)) !== undefined) return undefined;
    return await nothingToDo(machinery, session, assessBoot.name);
  } finally {
    await session.close();
  }
}

type Finding = Omit<AssessRequest, 'by' | 'units' | 'timeoutMs'>;

async function findingOf(
  system: System,
  { device, segments }: Session,
): Promise<Finding | undefined> {
  const { judgement, standing, uuid } = await standingOfActive(system, device);
  const { image, triesLeft, operation } = judgement;
  if (uuid === undefined || image !== uuid || triesLeft === undefined) return undefined;
  const path = slotPath(device, 'active');
  const stat = path === undefined ? undefined : await system.files.stat(path);
  const known = {
    image,
    triesLeft,
    bootedFrom: device.bootedFrom,
    ...(stat === undefined ? {} : { id: inodeOf(stat) }),
    ...(operation === undefined ? {} : { upgrade: operation }),
  };
  if (await runsOnTrial(system, device)) return { finding: 'on-trial', ...known };
  const because = fellBack(device);
  if (because !== undefined || standing === 'out-of-tries') {
    return { finding: 'fell-back', because: because ?? 'tries', ...known };
  }
  const settled = segments.some(
    ({ state }) =>
      state?.completed !== undefined &&
      state.started.operation === assessBoot.name &&
      state.started.inventory.bootId === device.bootId,
  );
  return counted(device) && !settled ? { finding: 'by-hand', ...known } : undefined;
}

/** Why the boot loader gave the active image up in this boot, by the word that the menu leaves on the command line. */
function fellBack({ commandLine }: Device): AssessRequest['because'] {
  const word = valueOf(commandLine, 'slotwright.fell_back');
  return word === 'tries' || word === 'grub' ? word : undefined;
}

/** The menu counted a start of the active image in this boot, and another one was started. */
function counted({ commandLine }: Device): boolean {
  return valueOf(commandLine, 'slotwright.counted') !== undefined;
}

function valueOf(commandLine: string, name: string): string | undefined {
  const word = commandLine.split(/\s+/).find((candidate) => candidate.startsWith(`${name}=`));
  return word?.slice(name.length + 1);
}
