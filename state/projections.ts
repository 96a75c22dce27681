/**
 * What the log says about the device, folded into one view. Pure, and tolerant: records of other versions may lack any
 * field, and what is missing is left out.
 */
import type { EventRecord, Phase } from './records.ts';
import { GENESIS } from './record.ts';
import type { Registry, RegistryOperation, RegistrySlot } from './registry-schema.ts';
import { REGISTRY_FORMAT } from './registry-schema.ts';
import type { SegmentRecords } from './segment.ts';

type SlotName = keyof Registry['slots'];

interface View {
  head: { readonly seq: number; readonly hash: string };
  readonly operations: Map<string, RegistryOperation>;
  readonly slots: Map<SlotName, RegistrySlot>;
  /** Every image ever seen, by {@link placed} identity: an image keeps what is known of it when it changes its slot. */
  readonly images: Map<string, RegistrySlot>;
  /** Images seen running, by digest, and those without one by identity. */
  readonly ranByDigest: Set<string>;
  readonly ranById: Set<string>;
  readonly condemned: Set<string>;
  /** Boots of which an inventory was seen. */
  readonly boots: Set<string>;
}

/** The registry that this log makes. Segments may come in any order. */
export function projectRegistry(segments: readonly SegmentRecords[]): Registry {
  const view: View = {
    head: { seq: 0, hash: GENESIS },
    operations: new Map(),
    slots: new Map(),
    images: new Map(),
    ranByDigest: new Set(),
    ranById: new Set(),
    condemned: new Set(),
    boots: new Set(),
  };
  const names = new Map(segments.map(({ segment }) => [segment.id, segment]));
  const records = segments.flatMap((segment) => segment.records);
  for (const record of records.toSorted((a, b) => a.seq - b.seq)) {
    view.head = { seq: record.seq, hash: record.hash };
    const name = names.get(record.op);
    if (name !== undefined) projectOperation(view, record, name.segment, name.operation);
    projectSlots(view, record);
    projectJudgement(view, record);
    projectInventory(view, record.event);
  }
  return {
    format: REGISTRY_FORMAT,
    head: view.head.hash,
    seq: view.head.seq,
    operations: [...view.operations.values()],
    slots: Object.fromEntries(view.slots),
    confirmed: [...view.ranByDigest, ...view.ranById],
    condemned: [...view.condemned],
  };
}

function projectOperation(view: View, record: EventRecord, segment: string, operation: string) {
  const { op: id, at, event } = record;
  const known = view.operations.get(id);
  const change = (changes: Partial<RegistryOperation>) => {
    if (known !== undefined) view.operations.set(id, { ...known, ...changes });
  };
  if (event.type === 'operation.started') {
    view.operations.set(id, {
      id,
      segment,
      operation,
      key: text(event, 'key') ?? '',
      startedAt: at,
      bootId: text(field(event, 'inventory'), 'bootId') ?? '',
      ...present('cause', text(event, 'cause')),
    });
  }
  if (event.type === 'operation.completed') {
    const outcome = text(event, 'outcome');
    if (outcome === 'completed' || outcome === 'rolled-back') change({ outcome, finishedAt: at });
  }
  if (event.type === 'step.completed' && isPostStage(event)) change({ postStage: 'ok' });
  if (event.type === 'step.failed' && isPostStage(event)) change({ postStage: 'failed' });
}

/** The steps that put an image into a slot say which one; the rest is remembered by its identity. */
function projectSlots(view: View, { event, op, at }: EventRecord): void {
  if (event.type !== 'step.completed' || text(event, 'phase') !== ('run' satisfies Phase)) return;
  const slot = SLOT_STEPS[text(event, 'step') ?? ''];
  const output = field(event, 'output');
  const id = text(output, 'id');
  if (slot === undefined || id === undefined) return;
  const moved = view.images.get(placed(slot, id));
  const told = imageFacts(output, id);
  // The number of an image that is gone may be that of a new copy.
  const rotated = slot === 'passive' && moved !== undefined && text(output, 'made') !== 'copy';
  const image = rotated
    ? { ...unlabelled(moved), ...told }
    : { ...told, ...present('key', view.operations.get(op)?.key), installedAt: at };
  // An identity is used again after its file is gone: this is another image.
  if (!rotated && slot !== 'recovery') view.ranById.delete(id);
  view.slots.set(slot, image);
  view.images.set(placed(slot, id), image);
}

/** While an image is judged, running it confirms nothing: what `assess-boot` settled does. */
function projectJudgement(view: View, { event }: EventRecord): void {
  if (event.type !== 'step.completed' || text(event, 'phase') !== ('run' satisfies Phase)) return;
  const output = field(event, 'output');
  const step = text(event, 'step');
  if (step !== 'settle-judgement') return;
  const verdict = text(output, 'verdict');
  const id = text(output, 'id');
  const key = view.operations.get(text(output, 'upgrade') ?? '')?.key;
  if (verdict === 'confirmed' && id !== undefined) {
    confirm(view, id, view.images.get(placed('active', id))?.digest);
    if (key !== undefined) view.condemned.delete(key);
  }
  if (verdict === 'condemned' && key !== undefined) view.condemned.add(key);
}

/** Of the disk, observation wins: an inventory says which image has which name, and which one runs. */
function projectInventory(view: View, event: EventRecord['event']): void {
  const seen = field(event, 'inventory');
  const facts = list(field(seen, 'slots') ?? field(event, 'after'));
  if (facts === undefined) return;
  const ids = new Map(facts.map((found) => [text(found, 'slot'), text(found, 'id')]));
  for (const slot of ['active', 'passive', 'recovery'] as const) {
    const id = ids.get(slot);
    const found = facts.find((candidate) => text(candidate, 'slot') === slot);
    // Active and passive lie side by side: who saw one would have seen the other. Recovery may just not be mounted.
    const gone = slot !== 'recovery' && (ids.has('active') || ids.has('passive'));
    if (id === undefined && gone) view.slots.delete(slot);
    if (id === undefined) continue;
    const image = { ...known(view, slot, id, found), ...imageFacts(found, id) };
    view.slots.set(slot, image);
    view.images.set(placed(slot, id), image);
  }
  projectBoot(view, seen);
  if (event.type === 'operation.started' || event.type === 'operation.completed') forget(view);
}

/** Between operations every image has a name; identities of those that have none may be used again. */
function forget(view: View): void {
  const named = new Set([...view.slots].map(([slot, { id }]) => placed(slot, id)));
  for (const id of view.images.keys()) if (!named.has(id)) view.images.delete(id);
  for (const id of view.ranById) if (!named.has(placed('active', id))) view.ranById.delete(id);
}

/**
 * The image that a boot runs is the one that had the booted name when that boot was first seen: later in the same boot an
 * upgrade may have given the name to an image that never ran.
 */
function projectBoot(view: View, seen: unknown): void {
  const boot = text(seen, 'bootId');
  const booted = text(seen, 'bootedFrom');
  if (boot === undefined || view.boots.has(boot)) return;
  view.boots.add(boot);
  const slots = list(field(seen, 'slots')) ?? [];
  const running = text(seen, 'running');
  // An inode number means nothing on another partition: what recovery runs says nothing of the slots.
  if (booted !== 'active' && booted !== 'passive') return;
  if (running !== undefined && running === text(seen, 'unconfirmed')) return;
  if (running !== undefined) {
    // The name it booted by may have gone to another image since, by another tool.
    const image = view.images.get(placed(booted, running));
    const there = slots.some(
      (candidate) => text(candidate, 'slot') !== 'recovery' && text(candidate, 'id') === running,
    );
    if (there) confirm(view, running, image?.digest);
    return;
  }
  const id = text(
    slots.find((candidate) => text(candidate, 'slot') === booted),
    'id',
  );
  const image = view.slots.get(booted);
  if (id === undefined || image?.id !== id) return;
  confirm(view, id, image.digest);
}

function confirm(view: View, id: string, digest: string | undefined): void {
  if (digest === undefined) view.ranById.add(id);
  else view.ranByDigest.add(digest);
}

/** Inode numbers are those of one file system; recovery lies on another one than active and passive. */
function placed(slot: SlotName, id: string): string {
  return slot === 'recovery' ? `recovery:${id}` : id;
}

/** What is known of an image that is seen in a slot: by identity and size, or by its digest when identities changed. */
function known(view: View, slot: SlotName, id: string, found: unknown): Partial<RegistrySlot> {
  const facts = imageFacts(found, id);
  const before = view.images.get(placed(slot, id));
  const resized =
    facts.bytes !== undefined && before?.bytes !== undefined && facts.bytes !== before.bytes;
  const rewritten =
    facts.digest !== undefined && before?.digest !== undefined && facts.digest !== before.digest;
  if (before !== undefined) return resized || rewritten ? {} : before;
  const held = view.slots.get(slot);
  return facts.digest !== undefined && held?.digest === facts.digest ? held : {};
}

function imageFacts(found: unknown, id: string): RegistrySlot {
  const bytes = field(found, 'bytes');
  return {
    id,
    ...(typeof bytes === 'number' ? { bytes } : {}),
    ...present('digest', text(found, 'digest')),
    ...present('label', text(found, 'label')),
    ...present('source', text(found, 'source')),
  };
}

/** An image that changes its slot gets another label. */
function unlabelled(image: RegistrySlot): RegistrySlot {
  const copy: { -readonly [K in keyof RegistrySlot]: RegistrySlot[K] } = { ...image };
  delete copy.label;
  return copy;
}

const SLOT_STEPS: Readonly<Record<string, SlotName>> = {
  'set-active': 'active',
  'set-passive': 'passive',
  'set-recovery': 'recovery',
};

function isPostStage(event: unknown): boolean {
  return text(event, 'step') === 'run-post-stage' && text(event, 'phase') !== 'undo';
}

function field(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  const found: unknown = Reflect.get(value, key);
  return found;
}

function text(value: unknown, key: string): string | undefined {
  const found = field(value, key);
  return typeof found === 'string' ? found : undefined;
}

function list(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

function present<K extends string>(key: K, value: string | undefined): Partial<Record<K, string>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, string>);
}
