/**
 * Who judges the boots of an image, and how far that is: looked at on the disk, because the boot loader counts there without us. The
 * block names an image by the UUID of its file system, so arming a new image says nothing about the one that still has the name.
 */
import * as z from 'zod';
import {
  JUDGEMENT_BLOCK,
  judgementVariables,
  readJudgement,
  standingOf,
  type Judgement,
} from '../src/boot/judgement.ts';
import { SystemError } from '../src/errors.ts';
import type { System } from '../src/system/port.ts';
import { slotPath } from './slots.ts';
import type { Device, StepContext } from './step.ts';

/** Who counts the boots of the new image. */
export const judge = z.object({
  judge: z.enum(['slotwright', 'elemental', 'none']),
  /** Why it is not ours. */
  reason: z.string().optional(),
});

/** What the new image brings to confirm its boots, as `relabel-target` found it. */
export const confirmer = z.object({ confirms: z.enum(['slotwright', 'elemental', 'nothing']) });

/** What the block says. A damaged one says nothing, as for the boot loader. */
export async function judgementOn(system: System, device: Device): Promise<Judgement> {
  try {
    return readJudgement(await system.boot.readEnvironment(blockOf(device)));
  } catch (error) {
    if (error instanceof SystemError && error.code === 'environment-damaged') return {};
    throw error;
  }
}

export async function writeJudgement(
  { system, device }: Pick<StepContext, 'system' | 'device'>,
  judgement: Judgement,
): Promise<void> {
  const [block, variables] = [blockOf(device), judgementVariables(judgement)];
  try {
    await system.boot.writeEnvironment(block, variables);
  } catch (error) {
    if (!(error instanceof SystemError) || error.code !== 'environment-damaged') throw error;
    // All of it is ours, and nobody can read it: made anew.
    await system.files.remove(block);
    await system.boot.writeEnvironment(block, variables);
  }
}

/** Says nothing of any image any more; a device that never had a block gets none. */
export async function clearJudgement(
  context: Pick<StepContext, 'system' | 'device'>,
): Promise<void> {
  const judgement = await judgementOn(context.system, context.device);
  if (Object.keys(judgement).length > 0) await writeJudgement(context, {});
}

/** How the image under the active name stands with its judge. */
export async function standingOfActive(
  system: System,
  device: Device,
): Promise<{
  readonly standing: ReturnType<typeof standingOf>;
  readonly judgement: Judgement;
  readonly uuid?: string;
}> {
  const judgement = await judgementOn(system, device);
  const path = slotPath(device, 'active');
  const stat = path === undefined ? undefined : await system.files.stat(path);
  const uuid = path === undefined || stat?.kind !== 'file' ? undefined : await uuidOf(system, path);
  return {
    standing: standingOf(judgement, uuid),
    judgement,
    ...(uuid === undefined ? {} : { uuid }),
  };
}

/** The running system is the active image, and what is known of it is not that it is good: on trial, or given up and started by hand. */
export async function runsUnconfirmed(system: System, device: Device): Promise<boolean> {
  const { standing, judgement } = await standingOfActive(system, device);
  if (standing === 'not-judged' || device.bootedFrom !== 'active') return false;
  const path = slotPath(device, 'active');
  const active = path === undefined ? undefined : await system.files.stat(path);
  if (device.runningImage !== undefined) return device.runningImage === active?.id;
  // What backs the root is not known: then the menu's own word counts, which it gives to the image on trial.
  return wordOf(device, 'slotwright.judged') === judgement.image;
}

/** Value of a word that the menu leaves on the kernel's command line. */
export function wordOf({ commandLine }: Device, name: string): string | undefined {
  const word = commandLine.split(/\s+/).find((candidate) => candidate.startsWith(`${name}=`));
  return word?.slice(name.length + 1);
}

function blockOf({ stateAt }: Device): string {
  return `${stateAt}/${JUDGEMENT_BLOCK}`;
}

/** An image whose superblock cannot be read has none, and is nobody's. */
export async function uuidOf(system: System, path: string): Promise<string | undefined> {
  return system.images.uuid(path).catch(() => undefined);
}
