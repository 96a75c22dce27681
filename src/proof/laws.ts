/**
 * The laws of the architecture (section 2) as one judgement over facts of a disk. Whoever cuts the power, in a simulation or on a
 * real disk, describes what is left as {@link DiskFacts}; what that means is decided here alone. Pure.
 */
import { claimsOf } from './log-claims.ts';
import { foldTwice } from './fold-twice.ts';
import type { EventRecord } from '../../state/records.ts';

export type Law = 1 | 2 | 3 | 4 | 5 | 6 | 7;

export interface Violation {
  readonly law: Law;
  /** What is wrong, in one sentence. */
  readonly sentence: string;
}

/** An image file as somebody finds it. */
export interface ImageFacts {
  /** Inode number. */
  readonly id: string;
  readonly label?: string;
  /** True for a squashfs, which has no label and is found by its name. */
  readonly squashfs?: true;
  /** `complete`: every byte of a known version; `broken`: anything else. */
  readonly condition: 'complete' | 'broken';
  /** Tells versions apart: a digest of the content without the label. */
  readonly content: string;
}

/** What a boot loader may load; `garbage` is a name over nothing that can be read. */
export type ImageSight = ImageFacts | 'garbage' | 'absent';

/** What is left on the disks of a machine. */
export interface DiskFacts {
  /** Every pair the boot loader may find, without replaying a journal. One pair when all is checkpointed. */
  readonly loader: readonly { readonly active: ImageSight; readonly passive: ImageSight }[];
  /** Everything the boot loader may find as recovery image. */
  readonly loaderRecovery: readonly ImageSight[];
  /** Images the kernel finds, by name: `active.img`, `retired.x.img`; those of COS_RECOVERY as `recovery.img`. */
  readonly images: Readonly<Record<string, ImageFacts>>;
  /** All names in the image folders of COS_STATE and COS_RECOVERY. */
  readonly names: readonly string[];
  /** Digest of each file on COS_OEM and COS_PERSISTENT. */
  readonly userData: Readonly<Record<string, string>>;
  /** Records by segment, oldest first; or why the log cannot be read. */
  readonly log: readonly (readonly EventRecord[])[] | { readonly damage: string };
  /** What is still held in memory: mounts, loop devices, locks, processes. One clause each. */
  readonly held: readonly string[];
}

/** What was there before, against which the facts are judged. */
export interface Before {
  /** Facts of the machine before the operation began. */
  readonly facts: DiskFacts;
  /** Content of the last good image: the running one, or the last one that was seen running. */
  readonly lastGood?: string;
  /** Files of the user that hooks of the user change. */
  readonly hookFiles: readonly string[];
  /** What must boot at every instant, beside recovery: a slot, unless the user gave both up. */
  readonly always?: 'a slot' | 'recovery';
  /** Slots that the user lets go for want of room: while that happens, GRUB may see the name of something freed. */
  readonly givenUp?: readonly ('active' | 'passive')[];
}

/** Labels that the menu entries ask for (spec 1.6). */
const ASKED = { active: 'COS_ACTIVE', passive: 'COS_PASSIVE', recovery: 'COS_SYSTEM' } as const;

/** Names under which an image of value may stand while an operation is unfinished. */
const OWED_NAME = /^(active|passive|recovery|(retired|doomed|transition)\..+)\.img$/;
const SLOT_NAME = /^(active|passive|recovery)\.img$/;

/** What must hold at every instant. */
export function judgeCut(facts: DiskFacts, before: Before): readonly Violation[] {
  return [
    ...somethingBoots(facts, before),
    ...lastGoodIsThere(facts, before, OWED_NAME),
    ...logIsTrue(facts),
    ...userDataIsNotOurs(facts, before),
  ];
}

/** What must hold when nothing is owed any more. */
export function judgeEnd(facts: DiskFacts, before: Before): readonly Violation[] {
  return [
    ...somethingBoots(facts, before),
    ...lastGoodIsThere(facts, before, SLOT_NAME),
    ...logIsTrue(facts),
    ...nothingLeaks(facts, before),
    ...userDataIsNotOurs(facts, before),
    ...logExplainsItself(facts),
  ];
}

/** Law 3: a second request for the same key left every slot as it was. */
export function judgeRepeat(first: DiskFacts, second: DiskFacts): readonly Violation[] {
  const names = new Set([...Object.keys(first.images), ...Object.keys(second.images)]);
  return [...names]
    .filter((name) => first.images[name]?.id !== second.images[name]?.id)
    .map((name) => violation(3, `the second run of the same request changed ${name}`));
}

function somethingBoots(facts: DiskFacts, before: Before): readonly Violation[] {
  const found: Violation[] = [];
  // A machine that had neither slot boots its recovery: then that is all there is to keep.
  const hadSlot = before.always !== 'recovery' && before.facts.loader.every(boots);
  const dead = hadSlot ? facts.loader.find((view) => !boots(view)) : undefined;
  if (dead !== undefined) {
    const { active, passive } = dead;
    found.push(
      violation(1, `GRUB may find ${told(active)} as active and ${told(passive)} as passive`),
    );
  }
  // A name that is there leads to something whole, also where the other one would do.
  for (const slot of ['active', 'passive'] as const) {
    if (before.givenUp?.includes(slot) === true) continue;
    const sound = ({ [slot]: sight }: View): boolean => sight === 'absent' || fits(sight, slot);
    const torn = before.facts.loader.every(sound)
      ? facts.loader.find((view) => !sound(view))?.[slot]
      : undefined;
    if (torn !== undefined) found.push(violation(1, `GRUB may find ${told(torn)} as ${slot}`));
  }
  const { loaderRecovery } = facts;
  const hadRecovery = before.facts.loaderRecovery.every((sight) => fits(sight, 'recovery'));
  const ruin = loaderRecovery.find((sight) => !fits(sight, 'recovery'));
  if (hadRecovery && (ruin !== undefined || loaderRecovery.length === 0)) {
    found.push(violation(1, `GRUB may find ${told(ruin ?? 'absent')} as recovery`));
  }
  const kernel = (['active', 'passive'] as const).some((slot) => {
    const image = facts.images[`${slot}.img`];
    return image !== undefined && fits(image, slot);
  });
  if (hadSlot && !kernel) found.push(violation(1, 'the kernel finds no complete slot'));
  return found;
}

type View = DiskFacts['loader'][number];

function boots({ active, passive }: View): boolean {
  return fits(active, 'active') || fits(passive, 'passive');
}

function fits(sight: ImageSight, slot: keyof typeof ASKED): boolean {
  if (typeof sight !== 'object' || sight.condition !== 'complete') return false;
  return sight.label === ASKED[slot] || (sight.squashfs === true && slot === 'recovery');
}

function lastGoodIsThere(
  facts: DiskFacts,
  { lastGood }: Before,
  where: RegExp,
): readonly Violation[] {
  if (lastGood === undefined) return [];
  const kept = Object.entries(facts.images).some(
    ([name, { content, condition }]) =>
      where.test(name) && condition === 'complete' && content === lastGood,
  );
  if (kept) return [];
  const there = Object.keys(facts.images).join(', ');
  return [violation(2, `the last good image is under none of the names ${there}`)];
}

function logIsTrue({ log, images }: DiskFacts): readonly Violation[] {
  if ('damage' in log) return [violation(4, `the log cannot be read: ${log.damage}`)];
  return claimsOf(log)
    .filter(({ holds }) => !holds(images))
    .map(({ sentence }) => violation(4, `the log says ${sentence}, and the disk does not`));
}

function nothingLeaks(facts: DiskFacts, before: Before): readonly Violation[] {
  const names = facts.names.filter((name) => !before.facts.names.includes(name));
  const strays = names.filter((name) => !SLOT_NAME.test(name));
  return [
    ...strays.map((name) => violation(5, `${name} is left over`)),
    ...facts.held.map((clause) => violation(5, `${clause}, and nothing is owed`)),
  ];
}

function userDataIsNotOurs(facts: DiskFacts, before: Before): readonly Violation[] {
  const [was, is] = [before.facts.userData, facts.userData];
  return [...new Set([...Object.keys(was), ...Object.keys(is)])]
    .filter((path) => was[path] !== is[path] && !before.hookFiles.includes(path))
    .map((path) => violation(6, `${path} changed, and no hook did that`));
}

function logExplainsItself({ log }: DiskFacts): readonly Violation[] {
  if ('damage' in log) return [];
  return log.flatMap(foldTwice).map((sentence) => violation(7, sentence));
}

function told(sight: ImageSight): string {
  if (typeof sight === 'string') return sight === 'garbage' ? 'garbage' : 'nothing';
  return `a ${sight.condition} image labelled ${sight.label ?? '(nothing)'}`;
}

function violation(law: Law, sentence: string): Violation {
  return { law, sentence };
}
