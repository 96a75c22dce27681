/** The laws as judge over the disks of a walk: what is on a disk that is off, against what was there before. */
import { createDiskReader } from '../../src/proof/disk-facts.ts';
import { judgeCut, judgeEnd, type DiskFacts, type Violation } from '../../src/proof/laws.ts';
import { VmError } from './failure.ts';

export interface Judge {
  /** Rejects with what is wrong when a law that holds at every instant does not hold on this disk. */
  cut(disk: string): Promise<void>;
  /** The same for a disk on which nothing is owed. */
  end(disk: string): Promise<void>;
  /** The log on a disk. */
  log(disk: string): Promise<DiskFacts['log']>;
}

/**
 * Judges against this disk, whose active image is good. Every image whose file system is sound counts as a version: what hooks
 * install is not the same to the byte twice. Copies live below `scratch`.
 */
export async function judgeAgainst(disk: string, scratch: string): Promise<Judge> {
  const reader = createDiskReader(scratch);
  const facts = await reader.read({ path: disk }, 'any');
  const lastGood = facts.images['active.img']?.content;
  if (lastGood === undefined) throw new VmError(`${disk} has no active image`);
  const before = { facts, lastGood, hookFiles: [] };
  return {
    cut: async (path) => refuse(judgeCut(await reader.read({ path }, 'any'), before)),
    end: async (path) => refuse(judgeEnd(await reader.read({ path }, 'any'), before)),
    log: async (path) => (await reader.read({ path }, 'any')).log,
  };
}

function refuse(violations: readonly Violation[]): void {
  if (violations.length === 0) return;
  throw new VmError(
    violations.map(({ law, sentence }) => `law ${String(law)}: ${sentence}`).join('\n'),
  );
}
