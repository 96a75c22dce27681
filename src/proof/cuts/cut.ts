/** One cut at one recorded boundary, by SIGKILL or by the power, and what comes of it. */
import { rm } from 'node:fs/promises';
import { judgeCut, type DiskFacts } from '../laws.ts';
import type { Booted } from '../../sandbox/boot.ts';
import { copyDisk, type Disk } from '../../sandbox/disk.ts';
import { cutPower } from '../../sandbox/power.ts';
import type { Slot } from '../../system/port.ts';
import { carryOn, sentences, told } from './carry-on.ts';
import { heldBeyond, heldBy, WRITABLE } from './live-machine.ts';
import { RESUME, type Rig } from './rig.ts';
import { begin, type Scenario } from './scenario.ts';
import { kill, runUntilRecord, type Stopped } from './stop.ts';

/** `process`: SIGKILL, the machine stays up. `power`: every file system loses what it has not written. */
export type Level = 'process' | 'power';

/** What came of the cuts that were made. */
export interface Judged {
  readonly cuts: number;
  readonly wrong: readonly string[];
}

/**
 * Cuts the command after the first of these records, what carries it on after the second, and so on; then it is carried on uncut. `uncut`
 * when the command ended before it came to the first one.
 */
export async function cutAfterRecords(
  rig: Rig,
  scenario: Scenario,
  level: Level,
  records: readonly number[],
): Promise<Judged | 'uncut'> {
  const [first = 1] = records;
  const disk = await begin(rig, scenario, first);
  const machine: { booted: Booted } = { booted: await rig.boot(disk, scenario.slot ?? 'active') };
  const wrong: string[] = [];
  let command: readonly string[] = scenario.command;
  let cuts = 0;
  try {
    let quiet = await heldBy(machine.booted);
    for (const record of records) {
      const stopped = await runUntilRecord(machine.booted, command, record);
      if (!('tool' in stopped)) {
        if (!scenario.ends.exits.includes(stopped.code)) {
          throw new Error(`uncut, "${command.join(' ')}" ended with ${told(stopped)}`);
        }
        if (cuts === 0) return 'uncut';
        // What carried it on was done before its own cut.
        command = RESUME;
        break;
      }
      const cut = await (level === 'process'
        ? killed(rig, machine.booted, stopped, { disk, quiet, record })
        : powerless(rig, machine.booted, stopped, disk));
      cuts += 1;
      const where = `after record ${records.slice(0, cuts).join(' and ')} (${lastRecord(cut.facts)})`;
      const found = [...cut.wrong, ...sentences(judgeCut(cut.facts, scenario.before))];
      wrong.push(...found.map((one) => `${where}: ${one}`));
      if (level === 'power') {
        const slot = scenario.slot ?? slotThatBoots(cut.facts);
        if (slot === undefined) return { cuts, wrong: [...wrong, `${where}: nothing boots`] };
        machine.booted = await rig.boot(disk, slot);
        quiet = await heldBy(machine.booted);
      }
      command = scenario.carryOn[first % scenario.carryOn.length] ?? [];
    }
    const end = await carryOn(rig, scenario, machine.booted, { command, quiet });
    wrong.push(...end.map((one) => `after record ${records.join(' and ')}: ${one}`));
    return { cuts, wrong };
  } finally {
    await machine.booted.shutdown();
    await rm(disk.path);
  }
}

interface Cut {
  readonly wrong: string[];
  readonly facts: DiskFacts;
}

/** Either the tool dies, or the process that waits for it and takes it along. */
async function killed(
  rig: Rig,
  booted: Booted,
  stopped: Stopped,
  { disk, quiet, record }: { disk: Disk; quiet: readonly string[]; record: number },
): Promise<Cut> {
  await kill(stopped, record % 2 === 0 ? stopped.tool.pid : stopped.wrapper);
  const held = await heldBeyond(quiet, booted, [WRITABLE]);
  // A kill alone loses nothing that was written: the copy gets all of it.
  await booted.run(['sync']);
  const copy = await copyDisk(disk, `${disk.path}.looked-at`);
  const facts = await rig.facts(copy);
  await rm(copy.path);
  return { wrong: held.map((one) => `law 5: ${one}`), facts };
}

async function powerless(rig: Rig, booted: Booted, stopped: Stopped, disk: Disk): Promise<Cut> {
  await cutPower(booted);
  await stopped.outcome;
  return { wrong: [], facts: await rig.facts(disk) };
}

/** What the boot loader takes: its default entry, and the fallback where that has nothing to boot. */
export function slotThatBoots({ loader }: DiskFacts): Slot | undefined {
  const [view] = loader;
  for (const slot of ['active', 'passive'] as const) {
    const sight = view?.[slot];
    if (typeof sight === 'object' && sight.condition === 'complete') return slot;
  }
  return undefined;
}

function lastRecord({ log }: DiskFacts): string {
  const event = 'damage' in log ? undefined : log.at(-1)?.at(-1)?.event;
  if (event === undefined) return 'no record';
  return 'step' in event ? `${event.type} ${event.step}` : event.type;
}
