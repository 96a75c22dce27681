/** What the log says of the past, as a new command needs to know it. */
import { assessBoot } from '../../machines/assess-boot.ts';
import { inodeOf, slotPath } from '../../machines/slots.ts';
import type { UpgradeRequest } from '../../machines/upgrade-request.ts';
import { projectRegistry } from '../../state/projections.ts';
import type { Registry } from '../../state/registry-schema.ts';
import * as z from 'zod';
import type { Slot } from '../system/port.ts';
import type { OperationState } from './fold.ts';
import { runningIn } from './inventory.ts';
import type { Machinery } from './machinery.ts';
import { withRecovery, type Segment, type Session } from './session.ts';

export type Unfinished = Segment & { readonly state: OperationState };

/** The operation on images that is unfinished; a judgement of a boot may stand beside it and is asked for by its name. */
export function unfinished(
  session: Pick<Session, 'segments'>,
  wanted: 'images' | 'assessment' = 'images',
): Unfinished | undefined {
  const last = session.segments.findLast(
    ({ state }) =>
      state !== undefined &&
      (state.started.operation === assessBoot.name) === (wanted === 'assessment'),
  );
  return last?.state !== undefined && last.state.completed === undefined
    ? { ...last, state: last.state }
    : undefined;
}

export function registryOf(session: Pick<Session, 'segments'>): Registry {
  return projectRegistry(session.segments.map(({ records, ...segment }) => ({ segment, records })));
}

/** What laws 2 asks of the past: which of the present images were seen running, and when active was last replaced. */
export function remembered(
  registry: Registry,
  session: Session,
): Pick<UpgradeRequest, 'confirmed' | 'switchedInBoot'> {
  const switches = session.segments
    .flatMap(({ records }) => records)
    .flatMap(({ event }) =>
      event.type === 'step.completed' && event.step === 'set-active' ? [event.output] : [],
    );
  const last = z.object({ bootId: z.string() }).safeParse(switches.at(-1));
  const { active, passive } = registry.slots;
  return {
    // What runs now is good, whatever the log knows of it yet: this operation's own inventory is not in it.
    confirmed: [
      ...[active, passive].flatMap((image) =>
        image !== undefined && registry.confirmed.includes(image.digest ?? image.id)
          ? [image.id]
          : [],
      ),
      // An inode number on COS_RECOVERY means another file: what runs from there says nothing of the slots.
      ...(['active', 'passive'].includes(session.device.bootedFrom)
        ? runningIn(session.device)
        : []),
    ],
    ...(last.success ? { switchedInBoot: last.data.bootId } : {}),
  };
}

/** The finished upgrade with this key, if its image is still the one in the slot. */
export async function installedBefore(
  { system }: Machinery,
  session: Session,
  registry: Registry,
  {
    slot,
    key,
    signal,
  }: { readonly slot: Slot; readonly key: string; readonly signal: AbortSignal },
) {
  const known = registry.slots[slot];
  if (known?.key !== key) return undefined;
  const present =
    slot === 'recovery'
      ? await withRecovery(system, session.device, 'ro', () => holds())
      : await holds();
  if (!present) return undefined;
  return registry.operations.findLast(
    (operation) => operation.key === key && operation.outcome === 'completed',
  );

  async function holds(): Promise<boolean> {
    const path = slotPath(session.device, slot);
    const stat = path === undefined ? undefined : await system.files.stat(path);
    if (path === undefined || stat === undefined) return false;
    if (known?.id !== inodeOf(stat) || known.bytes !== stat.bytes) return false;
    // Another tool may have put a file of the same size on a freed inode: what it holds decides.
    const digest = await system.images.digest(path, { signal });
    return known.digest === undefined || known.digest === digest;
  }
}
