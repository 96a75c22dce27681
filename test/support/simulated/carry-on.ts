/** The machine comes back and the tool finishes what it owed: what must be true then. */
import { UsageError } from '../../../src/errors.ts';
import type { Outcome } from '../../../src/engine/machinery.ts';
import { judgeEnd, judgeRepeat, type Before } from '../../../src/proof/laws.ts';
import { factsNow, factsOf, runningContent } from '../../../src/proof/simulated-facts.ts';
import type { SimulatedMachine } from '../../../src/system/simulated/machine.ts';
import { resume } from './commands.ts';
import type { Blame } from './crash-matrix.ts';
import type { Left } from './endings.ts';
import { ask, HOOK_FILES, type Story } from './stories.ts';

export interface Continuation {
  readonly story: Story;
  readonly before: Before;
  /** What an undisturbed upgrade leaves. */
  readonly goals: Goals;
  readonly mayRollBack: boolean;
  readonly left: Left;
  readonly ran: readonly string[];
  /** A boot unit resumes, an orchestrator asks again: both must end the same. */
  readonly how: 'resume' | 'same request';
  /** Shown every machine that has finished. */
  readonly finished: ((machine: SimulatedMachine) => void) | undefined;
  readonly watch: ((what: string, machine: SimulatedMachine, since: Before) => void) | undefined;
}

export interface Goals {
  readonly slots: string;
  readonly userData: Readonly<Record<string, string>>;
}

export async function carryOn(given: Continuation, blame: Blame): Promise<void> {
  const { story, left, watch, how } = given;
  const machine = left.machine();
  if (machine === undefined) {
    blame(1, 'nothing boots');
    return;
  }
  if (left.cold === undefined) {
    // A dead tool may leave file systems writable; everything else died with it.
    const held = factsNow(machine).held.filter((clause) => !clause.endsWith(' is writable'));
    for (const clause of held) blame(5, `${clause} although the tool is dead`);
  }
  const running = runningContent(machine);
  const before = {
    ...given.before,
    ...(running !== undefined && isGood(story, machine) ? { lastGood: running } : {}),
  };
  if (watch !== undefined) {
    machine.onMoment = (what, now) => {
      watch(what, now, before);
    };
  }
  try {
    let outcome = how === 'resume' ? await comeBack(given, machine) : await ask(story, machine);
    if (outcome.outcome === 'nothing-to-do' || outcome.outcome === 'rolled-back') {
      judgeAll(machine, before, blame);
      if (outcome.outcome === 'rolled-back' && !given.mayRollBack) {
        blame(3, `it was rolled back: ${outcome.error?.message ?? 'without an error'}`);
      }
      if (outcome.outcome === 'rolled-back' && slotsOf(machine) !== slotsIn(given.before)) {
        blame(2, `rolled back, the slots hold ${slotsOf(machine)}`);
      }
      outcome = await ask(story, machine);
    }
    // What failed without stopping the upgrade is run again by asking again.
    if (outcome.reported.length > 0) outcome = await ask(story, machine);
    machine.onMoment = () => undefined;
    if (outcome.exit !== 0) {
      blame(3, `it ended ${outcome.outcome} (${outcome.exit}): ${outcome.error?.message ?? ''}`);
      return;
    }
    judgeAll(machine, before, blame);
    judgeGoals(machine, given, running, blame);
    given.finished?.(machine);
    if (how === 'resume' || story.again === 'done') return;
    const first = factsNow(machine);
    await ask(story, machine);
    for (const { law, sentence } of judgeRepeat(first, factsNow(machine))) blame(law, sentence);
  } catch (error) {
    // Refused, and rightly so: an image runs that nobody has confirmed, or another system than what is asked for works in.
    if (error instanceof UsageError && ['on-trial', 'not-in-recovery'].includes(error.code)) {
      machine.onMoment = () => undefined;
      await resume(machine);
      judgeAll(machine, before, blame);
      return;
    }
    blame(4, `it threw ${error instanceof Error ? (error.stack ?? '') : String(error)}`);
  }
}

/** What runs is good; where the story says which image is, only a slot in place of recovery is news. */
function isGood({ lastGood }: Story, { facts }: SimulatedMachine): boolean {
  const inRecovery = facts.commandLine.includes('recovery.img');
  return lastGood === undefined || (lastGood === 'recovery' && !inRecovery);
}

/** A boot first does what needs no network; a person or the boot unit then resumes the rest. */
async function comeBack({ left }: Continuation, machine: SimulatedMachine): Promise<Outcome> {
  if (left.cold === undefined) return resume(machine);
  const early = await resume(machine, { reach: 'past-the-pivot' });
  return early.outcome === 'nothing-to-do' ? resume(machine) : early;
}

/** What an undisturbed upgrade of this story leaves. */
export async function afterwards(story: Story): Promise<Goals> {
  const machine = await story.begin();
  await ask(story, machine);
  // What hooks wrote counts although nobody settled it yet: an undisturbed machine keeps it.
  return { slots: slotsOf(machine), userData: factsOf(machine.shutDown()).userData };
}

export function beforeOf(
  machine: SimulatedMachine,
  {
    lastGood,
    changes = [],
    always,
    givenUp,
  }: Pick<Story, 'lastGood' | 'changes' | 'always' | 'givenUp'> = {},
): Before {
  const facts = factsNow(machine);
  const good =
    lastGood === undefined ? runningContent(machine) : facts.images[`${lastGood}.img`]?.content;
  return {
    facts,
    ...(good === undefined ? {} : { lastGood: good }),
    hookFiles: [...HOOK_FILES, ...changes],
    ...(always === undefined ? {} : { always }),
    ...(givenUp === undefined ? {} : { givenUp }),
  };
}

function judgeAll(machine: SimulatedMachine, before: Before, blame: Blame): void {
  for (const { law, sentence } of judgeEnd(factsNow(machine), before)) blame(law, sentence);
}

function judgeGoals(
  machine: SimulatedMachine,
  { goals, ran }: Continuation,
  running: string | undefined,
  blame: Blame,
): void {
  // After a cut a newer system may run than before: then that one is kept as passive.
  const kept = [...ran, ...(running === undefined ? [] : [running])];
  const allowed = [goals.slots, ...kept.map((content) => withPassive(goals.slots, content))];
  const slots = slotsOf(machine);
  if (!allowed.includes(slots)) blame(2, `the slots hold ${slots} instead of ${goals.slots}`);
  const { userData } = factsOf(machine.shutDown());
  for (const [path, text] of Object.entries(goals.userData)) {
    if (userData[path] !== text) blame(4, `${path}, which a hook wrote, is lost`);
  }
}

function withPassive(slots: string, content: string): string {
  return slots.replace(/passive\.img=\w+/, `passive.img=${short(content)}`);
}

function slotsOf(machine: SimulatedMachine): string {
  return slotsIn({ facts: factsNow(machine) });
}

/** Content and label of each image, as text. */
function slotsIn({ facts }: Pick<Before, 'facts'>): string {
  return Object.entries(facts.images)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { content, label }]) => `${name}=${short(content)}:${label ?? ''}`)
    .join(' ');
}

function short(content: string): string {
  return content.slice(0, 6);
}
