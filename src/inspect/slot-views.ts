/** What is known of each slot: the disk says what is there, the log where it came from and how it did. */
import type { SlotFacts } from '../../state/records.ts';
import type { Registry, RegistrySlot } from '../../state/registry-schema.ts';
import { inodeOf } from '../../machines/slots.ts';
import type { Device } from '../../machines/step.ts';
import type { standingOf } from '../boot/judgement.ts';
import type { SlotView } from './slot-view.ts';

export interface SlotEvidence {
  readonly slots: readonly SlotFacts[];
  readonly registry: Pick<Registry, 'slots' | 'confirmed'>;
  readonly device: Pick<Device, 'bootedFrom' | 'runningImage' | 'partitions'>;
  /** How the active image stands with its judge. */
  readonly active?: ReturnType<typeof standingOf>;
}

const SLOTS = ['active', 'passive', 'recovery'] as const;

export function slotViews(evidence: SlotEvidence): SlotView[] {
  return SLOTS.map((slot) => slotView(slot, evidence));
}

function slotView(
  slot: SlotView['slot'],
  { slots, registry, device, active }: SlotEvidence,
): SlotView {
  const seen = slots.find((facts) => facts.slot === slot);
  const boots = bootsOf(slot);
  if (seen === undefined) {
    return notThere(slot, isHidden(slot, device) ? 'not-seen' : 'missing', registry);
  }
  const held = registry.slots[slot];
  // What is remembered counts only for the file that is there now.
  const known = held?.id === seen.id ? held : undefined;
  const running =
    device.runningImage === undefined
      ? device.bootedFrom === slot
      : (device.bootedFrom === 'recovery') === (slot === 'recovery') &&
        inodeOf({ id: device.runningImage }) === seen.id;
  return {
    slot,
    presence: 'present',
    running,
    boots,
    state:
      judged(slot, active) ??
      (running || isConfirmed(seen, known, registry) ? 'confirmed' : stateOf(slot, known)),
    bytes: seen.bytes,
    ...optional('label', seen.label),
    ...optional('digest', seen.digest ?? known?.digest),
    ...optional('source', known?.source),
    ...optional('installedAt', known?.installedAt),
  };
}

/** What the judge says of an image counts more than that it runs. */
function judged(
  slot: SlotView['slot'],
  standing: SlotEvidence['active'],
): SlotView['state'] | undefined {
  if (slot !== 'active' || standing === undefined || standing === 'not-judged') return undefined;
  return standing === 'condemned' ? 'failed' : 'on-trial';
}

/** What is remembered of an image that cannot be looked at; of one that is gone, nothing counts. */
function notThere(
  slot: SlotView['slot'],
  presence: 'missing' | 'not-seen',
  { slots }: SlotEvidence['registry'],
): SlotView {
  const known = presence === 'not-seen' ? slots[slot] : undefined;
  return {
    slot,
    presence,
    running: false,
    boots: presence === 'missing' ? 'never' : bootsOf(slot),
    state: 'unknown',
    ...(known?.bytes === undefined ? {} : { bytes: known.bytes }),
    ...optional('label', known?.label),
    ...optional('digest', known?.digest),
    ...optional('source', known?.source),
    ...optional('installedAt', known?.installedAt),
  };
}

/** Only the recovery image lies on a partition that is seldom mounted. */
function isHidden(slot: SlotView['slot'], { partitions }: SlotEvidence['device']): boolean {
  const partition = partitions.find(({ role }) => role === 'recovery');
  return slot === 'recovery' && partition !== undefined && partition.mountedAt === undefined;
}

/** True when the next boot takes another image than the one that runs. */
export function rebootPending(views: readonly SlotView[]): boolean {
  const active = views.find(({ slot }) => slot === 'active');
  return active?.presence === 'present' && !active.running;
}

function isConfirmed(
  seen: SlotFacts,
  known: RegistrySlot | undefined,
  { confirmed }: SlotEvidence['registry'],
): boolean {
  const digest = seen.digest ?? known?.digest;
  return confirmed.includes(seen.id) || (digest !== undefined && confirmed.includes(digest));
}

/** An image that we installed and that never ran is on trial; of others nothing is known. */
function stateOf(slot: SlotView['slot'], known: RegistrySlot | undefined): SlotView['state'] {
  return slot === 'active' && known?.installedAt !== undefined ? 'on-trial' : 'unknown';
}

function bootsOf(slot: SlotView['slot']): SlotView['boots'] {
  if (slot === 'active') return 'default';
  return slot === 'passive' ? 'fallback' : 'on-request';
}

function optional<K extends string>(key: K, value: string | undefined): Partial<Record<K, string>> {
  const result: Partial<Record<K, string>> = {};
  if (value !== undefined) result[key] = value;
  return result;
}
