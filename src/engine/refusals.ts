/** What is refused before anything is touched, and how that is said. */
import { standingOfActive } from '../../machines/judgement.ts';
import { UsageError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { ImageSource, System } from '../system/port.ts';
import type { FoundDevice } from './device.ts';
import type { Unfinished } from './memory.ts';
import type { Session } from './session.ts';

export function emptySource({ uri }: ImageSource): UsageError {
  return new UsageError({
    code: 'source-empty',
    message: `${uri} holds no file`,
    reason: 'a directory whose contents are not mounted looks like this',
    hint: 'mount the source, or name another one with --system.uri',
    exit: EXIT.noSource,
  });
}

export function refuseCondemned({ uri }: ImageSource): UsageError {
  return new UsageError({
    code: 'image-condemned',
    message: `this image was installed from ${uri} before, and failed its judgement`,
    reason: 'none of its boots was confirmed; the machine went back to the passive image',
    hint: 'see "slotwright why"; mend the image or its hooks, or add --force to try it again as it is',
    exit: EXIT.condemned,
  });
}

export async function refuseOnTrial(system: System, { device }: Session): Promise<UsageError> {
  const { judgement } = await standingOfActive(system, device);
  return new UsageError({
    code: 'on-trial',
    message: 'the running system is on trial: an upgrade now could cost the last good image',
    reason: `nobody has confirmed it yet; ${judgement.triesLeft ?? 0} automatic starts are left`,
    hint: 'wait for "slotwright assess-boot" at the end of the boot, run "slotwright confirm", or add --force',
    exit: EXIT.refused,
  });
}

export function refuseUnfinished({ state }: Unfinished): UsageError {
  return new UsageError({
    code: 'unfinished',
    message: `${state.started.operation} ${state.id} is unfinished, and this is another request`,
    reason: `it owes "${state.state}"; a second operation could cost the last good image`,
    hint: 'run "slotwright resume" to finish it, or "slotwright abort" to undo it',
    exit: EXIT.unfinished,
  });
}

export function refuseAbort({ state }: Unfinished): UsageError {
  return new UsageError({
    code: 'past-pivot',
    message: `${state.started.operation} ${state.id} is past its point of no return`,
    reason: `the new image is, or is becoming, active; it owes "${state.state}"`,
    hint: 'run "slotwright resume" to finish it, then "slotwright rollback" to go back',
    exit: EXIT.refused,
  });
}

export function refuseOutsideRecovery({ bootedFrom }: FoundDevice): UsageError {
  return new UsageError({
    code: 'not-in-recovery',
    message: 'reset works in the recovery system only',
    reason: `this machine is booted from ${bootedFrom === 'unknown' ? 'something else' : bootedFrom}`,
    hint: 'choose recovery in the boot menu, or: grub2-editenv /oem/grubenv set next_entry=recovery, and reboot',
    exit: EXIT.readCommandConfig,
  });
}

export function refuseInstalled(path: string): UsageError {
  return new UsageError({
    code: 'already-installed',
    message: 'this machine has a system already',
    reason: `${path} exists`,
    hint: 'use "slotwright upgrade" to replace it, or add --force to deploy over it',
    exit: EXIT.alreadyInstalled,
  });
}
