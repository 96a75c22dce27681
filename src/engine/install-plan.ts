/** What an installation will be, found out before anything is written: source, disk, layout, programs, configuration to be copied. */
import { layOutDisk, type WantedLayout } from '../../machines/install-layout.ts';
import { refuseImageLabels } from '../../machines/install-names.ts';
import type { InstallRequest } from '../../machines/install-request.ts';
import { mustBeADisk, mustBeFree } from '../../machines/steps/check-disk.ts';
import { fetchedPath } from '../../machines/steps/copy-cloud-init.ts';
import { withoutSecrets } from '../address.ts';
import type { HookFile, ImageSource, SourceFacts } from '../system/port.ts';
import { keyOf } from './carry-out.ts';
import { imageBytes, imageRequestOf, keyParts, type ImageWish } from './image-request.ts';
import {
  emptyRecoverySource,
  mustFitFirmware,
  mustHoldContent,
  mustHaveLoader,
  mustHavePrograms,
  notFetched,
} from './install-refusals.ts';
import type { Controls, Machinery } from './machinery.ts';
import { emptySource } from './refusals.ts';
import type { Session } from './session.ts';

export interface InstallWish extends ImageWish {
  /** The disk, as it was named. */
  readonly target: string;
  /** Absent: as this machine starts. */
  readonly firmware?: 'bios' | 'efi';
  readonly layout: Pick<WantedLayout, 'kind' | 'partitions' | 'extra'>;
  readonly partitions: 'made' | 'kept';
  /** Installs anew where the same is installed, beside labels of another disk, and over a system on kept partitions. */
  readonly again: 'no' | 'yes';
  readonly recovery: {
    readonly label: string;
    readonly fs: string;
    readonly sizeBytes: number;
    readonly source?: ImageSource;
  };
  readonly squashOptions: readonly string[];
  /** Paths and addresses of files for COS_OEM. */
  readonly cloudInit: readonly string[];
  /** File or address of a medium that holds the source: its path is known when it is mounted. */
  readonly iso?: string;
  /** Boot menu for an image that brings none. */
  readonly menu: string;
  readonly bootEntry: InstallRequest['bootEntry'];
  readonly medium: InstallRequest['medium'];
}

/** What was found out, and what follows from it. */
export interface InstallPlan {
  readonly wish: InstallWish;
  readonly disk: string;
  readonly firmware: 'bios' | 'efi';
  readonly facts: SourceFacts;
  readonly hooks: readonly HookFile[];
  readonly key: string;
  readonly requestFor: (session: Session) => InstallRequest;
}

export async function planInstallation(
  machinery: Machinery,
  wish: InstallWish,
  { signal }: Controls,
): Promise<InstallPlan> {
  const { system } = machinery;
  const look = wish.partitions === 'kept' ? mustBeADisk : mustBeFree;
  const { device: disk, bytes, sectorBytes } = await look(system, wish.target);
  const [facts, hooks, host] = await Promise.all([
    system.images.inspect(wish.source, { signal }),
    system.stages.files(wish.extraPaths),
    system.host.facts(),
  ]);
  if (facts.files === 0) throw emptySource(wish.source);
  const recoveryFacts = await recoverySource(machinery, wish, signal);
  const firmware = wish.firmware ?? host.firmware;
  mustFitFirmware({ disk, sectorBytes }, firmware);
  const recoveryBytes =
    recoveryFacts === undefined
      ? imageBytes(wish, facts)
      : imageBytes(wish.recovery, recoveryFacts);
  mustHoldContent('system', imageBytes(wish, facts), facts);
  if (recoveryFacts !== undefined) mustHoldContent('recovery-system', recoveryBytes, recoveryFacts);
  const imageLabels = labelsOf(wish);
  refuseImageLabels([], imageLabels);
  const table =
    wish.partitions === 'kept'
      ? undefined
      : layOutDisk({
          ...wish.layout,
          disk,
          bytes,
          firmware,
          imageLabels,
          needs: needsOf(imageBytes(wish, facts), recoveryBytes),
        });
  await mustHavePrograms(system, table);
  await mustHaveLoader(system, { firmware, arch: host.arch, source: wish.source });
  const cloudInit = await fetchAll(machinery, wish.cloudInit, signal);
  const { source, label, fs } = wish.recovery;
  const recovery = {
    label,
    fs,
    bytes: recoveryBytes,
    ...(source === undefined || recoveryFacts === undefined
      ? {}
      : { source: { ...source, ...recoveryFacts } }),
  };
  const parts = {
    ...{ disk, firmware, cloudInit, recovery, bootEntry: wish.bootEntry },
    ...(table === undefined ? {} : { table }),
  };
  return {
    wish,
    disk,
    firmware,
    facts,
    hooks,
    key: keyOf(machinery, 'install', {
      ...keyParts(wish, facts, hooks),
      install: JSON.stringify({ ...parts, cloudInit: cloudInit.map(({ digest }) => digest) }),
    }),
    requestFor: (session) => ({
      ...imageRequestOf(
        wish,
        { facts, hooks, session },
        { passive: 'copy', squashOptions: wish.squashOptions },
      ),
      ...parts,
      menu: wish.menu,
      medium: wish.medium,
      startedIn: session.device.bootedFrom,
    }),
  };
}

async function recoverySource(
  { system }: Machinery,
  { recovery }: InstallWish,
  signal: AbortSignal,
): Promise<SourceFacts | undefined> {
  if (recovery.source === undefined) return undefined;
  const facts = await system.images.inspect(recovery.source, { signal });
  if (facts.files === 0) throw emptyRecoverySource(recovery.source);
  return facts;
}

/** In memory, for root alone, before anything is written to a disk. */
async function fetchAll(
  { system }: Machinery,
  sources: readonly string[],
  signal: AbortSignal,
): Promise<InstallRequest['cloudInit']> {
  const fetched: InstallRequest['cloudInit'] = [];
  for (const [index, from] of sources.entries()) {
    const name = cloudInitName(index);
    try {
      const { digest } = await system.images.fetch(from, fetchedPath(name), 0o600, { signal });
      fetched.push({ name, from: withoutSecrets(from), digest });
    } catch (error) {
      throw signal.aborted ? error : notFetched(from, error);
    }
  }
  return fetched;
}

/** As the reference calls them (spec 3.1, step 6). */
export const cloudInitName = (index: number): string => `9${index}_custom.yaml`;

const MIB = 2 ** 20;

/** A packed image has none. */
function labelsOf({ label, passiveLabel, recovery }: InstallWish): readonly string[] {
  return [label, passiveLabel, ...(recovery.fs === 'squashfs' ? [] : [recovery.label])];
}

/**
 * MiB: the images, the next one beside them, inode tables and journal, and room for the log. A disk that no upgrade fits on is refused
 * while nothing is lost yet.
 */
function needsOf(image: number, recovery: number): WantedLayout['needs'] {
  const holding = (bytes: number): number => Math.ceil((bytes / MIB) * 1.03) + 64;
  return { state: holding(3 * image), recovery: holding(2 * recovery) };
}
