/** What upgrade, reset and deploy have in common: looking at the source first, the key of what is asked, and the request that is recorded. */
import type { UpgradeRequest } from '../../machines/upgrade-request.ts';
import type { HookFile, ImageSource, SourceFacts } from '../system/port.ts';
import { findDevice, type FoundDevice } from './device.ts';
import type { Controls, Machinery } from './machinery.ts';
import { registryOf, remembered } from './memory.ts';
import { emptySource } from './refusals.ts';
import type { Session } from './session.ts';

/** A new image, as it was asked for. */
export interface ImageWish {
  readonly source: ImageSource;
  readonly label: string;
  readonly passiveLabel: string;
  readonly fs: string;
  /** 0: computed from the source. */
  readonly sizeBytes: number;
  readonly strict: boolean;
  readonly extraPaths: readonly string[];
  readonly grubEntryName?: string;
  /** Local date and time for state.yaml, RFC 3339. */
  readonly date: string;
  /** Automatic starts of the new image before the boot loader gives it up. */
  readonly attempts: number;
}

/** What is found before anything is opened. */
export interface Surroundings {
  readonly facts: SourceFacts;
  readonly hooks: readonly HookFile[];
  readonly found: FoundDevice;
}

/** A source that cannot be read is refused without a record. */
export async function lookAround(
  { system }: Machinery,
  wish: Pick<ImageWish, 'source' | 'extraPaths'>,
  { signal }: Pick<Controls, 'signal'>,
): Promise<Surroundings> {
  const [facts, hooks, found] = await Promise.all([
    system.images.inspect(wish.source, { signal }),
    system.stages.files(wish.extraPaths),
    findDevice(system),
  ]);
  if (facts.files === 0) throw emptySource(wish.source);
  return { facts, hooks, found };
}

/** What changes the result, and so makes another key (law 3). */
export function keyParts(wish: ImageWish, facts: SourceFacts, hooks: readonly HookFile[]) {
  return {
    source: facts.digest,
    hooks: hooks.map(({ path, digest }) => ({ path, digest })),
    label: wish.label,
    passiveLabel: wish.passiveLabel,
    fs: wish.fs,
    sizeBytes: wish.sizeBytes,
    grubEntryName: wish.grubEntryName ?? null,
  };
}

/** Recorded in the first record: a resumed process works from it alone. */
export function imageRequestOf(
  wish: ImageWish,
  { facts, hooks, session }: Pick<Surroundings, 'facts' | 'hooks'> & { readonly session: Session },
  how: {
    readonly slot?: UpgradeRequest['slot'];
    readonly squashOptions?: readonly string[];
    readonly passive?: UpgradeRequest['passive'];
    readonly erase?: UpgradeRequest['erase'];
  } = {},
): UpgradeRequest {
  return {
    slot: how.slot ?? 'active',
    squashOptions: [...(how.squashOptions ?? [])],
    passive: how.passive ?? 'rotate',
    erase: how.erase ?? [],
    source: { ...wish.source, ...facts },
    image: { bytes: imageBytes(wish, facts), label: wish.label, fs: wish.fs },
    passiveLabel: wish.passiveLabel,
    attempts: wish.attempts,
    strict: wish.strict,
    extraPaths: [...wish.extraPaths],
    hooks: [...hooks],
    ...(wish.grubEntryName === undefined ? {} : { grubEntryName: wish.grubEntryName }),
    date: wish.date,
    ...remembered(registryOf(session), session),
  };
}

const MIB = 2 ** 20;

/**
 * Bytes of the new image: the reference's apparent size plus 256 MiB (spec 1.2), or more where many small files need it (W18: blocks and
 * inodes are counted here).
 */
export function imageBytes(
  { sizeBytes }: Pick<ImageWish, 'sizeBytes'>,
  facts: SourceFacts,
): number {
  if (sizeBytes > 0) return sizeBytes;
  const reference = (Math.floor(facts.contentBytes / MIB) + 1 + 256) * MIB;
  const blocks = facts.contentBytes + facts.files * (4096 + 256);
  return Math.max(reference, Math.ceil((blocks * 1.06 + 64 * MIB) / MIB) * MIB);
}
