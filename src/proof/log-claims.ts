/**
 * What the log says about the disk, as far as it still stands: a completed step claims its effect until a later record takes
 * that back. Law 4 is that each of these claims is true after every cut.
 */
import * as z from 'zod';
import type { EventRecord, LifecycleEvent } from '../../state/records.ts';
import type { ImageFacts } from './laws.ts';

type Images = Readonly<Record<string, ImageFacts>>;

export interface Claim {
  /** Clause that follows "the log says". */
  readonly sentence: string;
  readonly holds: (images: Images) => boolean;
}

const sealed = z.object({ path: z.string(), id: z.string() });
const slot = z.object({ id: z.string(), label: z.string().optional() });
const retired = z.object({ rotate: z.literal(true), id: z.string() });

/** The claims that stand at the end of this log. */
export function claimsOf(log: readonly (readonly EventRecord[])[]): readonly Claim[] {
  const standing = new Map<string, Claim>();
  for (const segment of log) {
    for (const { op, event } of segment) apply(standing, op, event);
  }
  return [...standing.values()];
}

function apply(standing: Map<string, Claim>, id: string, event: LifecycleEvent): void {
  switch (event.type) {
    case 'device.adopted':
    case 'slots.changed-outside':
      standing.clear();
      return;
    case 'target.spoiled':
    case 'rollback.requested':
      standing.delete('target');
      return;
    case 'step.failed':
      standing.delete('target');
      return;
    case 'step.started':
      if (event.phase === 'undo') for (const name of ['target', 'retired']) standing.delete(name);
      else for (const name of withdrawnBy[event.step] ?? []) standing.delete(name);
      return;
    case 'step.completed':
      if (event.phase === 'undo' || event.how === 'skipped') return;
      claim(standing, id, event);
      return;
    default:
  }
}

/** Steps whose start makes a claim uncertain: from then on the image may be under either name. */
const withdrawnBy: Readonly<Partial<Record<string, readonly string[]>>> = {
  'mount-target': ['target'],
  'run-after-stage': ['target'],
  'set-active': ['target', 'active'],
  'set-passive': ['retired', 'passive'],
  'set-recovery': ['target', 'recovery'],
};

function claim(
  standing: Map<string, Claim>,
  id: string,
  { step, output }: Extract<LifecycleEvent, { type: 'step.completed' }>,
): void {
  if (step === 'unmount-target') {
    const { path, id: inode } = sealed.parse(output);
    const name = path.slice(path.lastIndexOf('/') + 1);
    standing.set('target', {
      sentence: `the sealed image is ${name}`,
      holds: (images) => is(images[name], inode),
    });
  }
  if (step === 'retire-active' && retired.safeParse(output).success) {
    const { id: inode } = retired.parse(output);
    const name = `retired.${id}.img`;
    standing.set('retired', {
      sentence: `the outgoing image is kept as ${name}`,
      holds: (images) => is(images[name], inode),
    });
  }
  for (const name of ['active', 'passive', 'recovery']) {
    if (step !== `set-${name}` || !slot.safeParse(output).success) continue;
    const { id: inode, label } = slot.parse(output);
    standing.set(name, {
      sentence: `${name}.img is inode ${inode} labelled ${label ?? '(nothing)'}`,
      holds: (images) => is(images[`${name}.img`], inode) && images[`${name}.img`]?.label === label,
    });
  }
}

function is(image: ImageFacts | undefined, inode: string): boolean {
  return image?.condition === 'complete' && image.id === inode;
}
