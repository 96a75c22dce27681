/**
 * From the wish for a new image to its operation: what is unfinished, whether this request is the same once more (law 3), what must be
 * refused. Decided from the log and the disk, in that order.
 */
import { runsUnconfirmed } from '../../machines/judgement.ts';
import { POST_STAGE } from '../../machines/stages.ts';
import { upgrade } from '../../machines/upgrade.ts';
import { upgradeRecovery } from '../../machines/upgrade-recovery.ts';
import type { UpgradeRequest } from '../../machines/upgrade-request.ts';
import type { HookFile, ImageSource, SourceFacts } from '../system/port.ts';
import { already, begin, carryOn, keyOf } from './carry-out.ts';
import { findDevice } from './device.ts';
import type { Controls, Machinery, Outcome } from './machinery.ts';
import { installedBefore, registryOf, remembered, unfinished } from './memory.ts';
import { emptySource, refuseCondemned, refuseOnTrial, refuseUnfinished } from './refusals.ts';
import type { Session } from './session.ts';
import { withSession } from './with-session.ts';

export interface UpgradeWish {
  /** The slot that gets the new image. */
  readonly slot: 'active' | 'recovery';
  /** Options of mksquashfs, where the image is one. */
  readonly squashOptions: readonly string[];
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
  /**
   * Applies hooks again although the same image with the same hooks is installed; replaces a running image on trial; installs an image
   * that failed its judgement.
   */
  readonly again: 'no' | 'yes';
}

export async function upgradeDevice(
  machinery: Machinery,
  wish: UpgradeWish,
  controls: Controls,
): Promise<Outcome> {
  const { system } = machinery;
  // Before anything is opened: a source that cannot be read is refused without a record.
  const [facts, hooks, found] = await Promise.all([
    system.images.inspect(wish.source, { signal: controls.signal }),
    system.stages.files(wish.extraPaths),
    findDevice(system),
  ]);
  if (facts.files === 0) throw emptySource(wish.source);
  const key = keyOf(machinery, 'upgrade', {
    source: facts.digest,
    hooks: hooks.map(({ path, digest }) => ({ path, digest })),
    label: wish.label,
    passiveLabel: wish.passiveLabel,
    fs: wish.fs,
    sizeBytes: wish.sizeBytes,
    grubEntryName: wish.grubEntryName ?? null,
    // Only where they change the result: keys of older logs stay what they are.
    ...(wish.slot === 'recovery' ? { slot: wish.slot, squashOptions: wish.squashOptions } : {}),
  });
  const operation = wish.slot === 'recovery' ? upgradeRecovery : upgrade;
  return withSession({ machinery, found }, async (session) => {
    const owed = unfinished(session);
    if (owed !== undefined) {
      if (owed.state.started.key !== key) throw refuseUnfinished(owed);
      return carryOn(machinery, session, owed, controls);
    }
    const registry = registryOf(session);
    if (wish.again === 'no' && registry.condemned.includes(key)) throw refuseCondemned(wish.source);
    const same = await installedBefore(machinery, session, registry, {
      slot: wish.slot,
      key,
      signal: controls.signal,
    });
    if (same !== undefined && wish.again === 'no') {
      if (same.postStage !== 'failed') return already(machinery, session, same.id);
    }
    if (
      wish.slot === 'active' &&
      wish.again === 'no' &&
      same === undefined &&
      (await runsUnconfirmed(system, session.device))
    ) {
      throw await refuseOnTrial(system, session);
    }
    const request = upgradeRequestOf(wish, facts, hooks, session);
    const only = same?.postStage === 'failed' && wish.again === 'no' ? [POST_STAGE] : undefined;
    return begin(machinery, session, { operation, request, key, hooks, only }, controls);
  });
}

function upgradeRequestOf(
  wish: UpgradeWish,
  facts: SourceFacts,
  hooks: readonly HookFile[],
  session: Session,
): UpgradeRequest {
  return {
    slot: wish.slot,
    squashOptions: [...wish.squashOptions],
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
function imageBytes(wish: UpgradeWish, facts: SourceFacts): number {
  if (wish.sizeBytes > 0) return wish.sizeBytes;
  const reference = (Math.floor(facts.contentBytes / MIB) + 1 + 256) * MIB;
  const blocks = facts.contentBytes + facts.files * (4096 + 256);
  return Math.max(reference, Math.ceil((blocks * 1.06 + 64 * MIB) / MIB) * MIB);
}
