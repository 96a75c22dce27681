/** A machine whose new image panics at every start, cut before passive was made: what it falls back to, and what is left after that. */
import { expect, it } from 'vitest';
import { judgeCut, judgeEnd } from '../../src/proof/laws.ts';
import { factsNow, factsOf } from '../../src/proof/simulated-facts.ts';
import { boot } from '../../src/system/simulated/cold-machine.ts';
import type { SimulatedMachine } from '../../src/system/simulated/machine.ts';
import { beforeOf } from '../support/simulated/carry-on.ts';
import { assess, resume } from '../support/simulated/commands.ts';
import { endings, type Left } from '../support/simulated/endings.ts';
import { ask, booted } from '../support/simulated/stories.ts';

const LONG = 120_000;

it(
  'keeps the image that ran before the upgrade, wherever the switch was cut',
  { timeout: LONG },
  async () => {
    const story = booted.judged;
    const machine = await story.begin();
    const before = beforeOf(machine, story);
    const left: { readonly where: string; readonly left: Left }[] = [];
    const known = new Set<string>();
    let switching = false;
    machine.onMoment = (what, now) => {
      if (what.startsWith('append step.started set-active')) switching = true;
      if (what.startsWith('append step.started publish-state')) switching = false;
      if (!switching) return;
      for (const ending of endings(now).filter(({ key }) => !known.has(key))) {
        known.add(ending.key);
        left.push({ where: what, left: ending });
      }
    };
    await ask(story, machine);
    const found = new Set<string>();
    let fallbacks = 0;
    for (const { where, left: ending } of left) {
      const fallen = panicking(ending);
      if (fallen === undefined) continue;
      fallbacks += 1;
      fallen.onMoment = (what, now) => {
        for (const { sentence } of judgeCut(factsOf(now.cut('torn')), before))
          found.add(`${sentence} [${where}; then ${what}]`);
      };
      await assess(fallen, { by: 'resume' });
      expect(await resume(fallen, { reach: 'past-the-pivot' })).toMatchObject({ exit: 0 });
      expect(await resume(fallen)).toMatchObject({ exit: 0 });
      const next = boot(fallen.shutDown());
      expect(next?.facts.commandLine).toContain('passive.img');
      const facts = next === undefined ? before.facts : factsNow(next);
      for (const { sentence } of judgeEnd(facts, before))
        found.add(`${sentence} [${where}; ${ending.how}]`);
    }
    expect([...found]).toEqual([]);
    expect(fallbacks).toBeGreaterThan(10);
  },
);

/** The machine that runs its fallback after every start of the new image ended in a panic; none where the new image is not active yet. */
function panicking({ cold }: Left): SimulatedMachine | undefined {
  let machine = cold === undefined ? undefined : boot(cold);
  for (let start = 1; machine !== undefined && start <= 3; start += 1) {
    if (!machine.facts.commandLine.includes('slotwright.trial=')) return undefined;
    machine = boot(machine.cut('kept'));
  }
  return machine;
}
