/**
 * `npm run mutants [-- NAME...]`: plants one fault after the other into a copy of the sources and demands that the test named with it
 * fails, because of the promise that it guards. Names are those of faults or of levels; all without names. Ends with 1 when a fault was
 * not noticed.
 */
import { MUTANTS } from './catalogue.ts';
import { LEVELS, type Mutant, type Sighting } from './mutant.ts';
import { summaryOf, tableOf, toldOf, type Judged } from './table.ts';
import { openCourt } from './trial.ts';
import { openWorkshop } from './workshop.ts';

interface Case {
  readonly mutant: Mutant;
  readonly sighting: Sighting;
}

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !CASES.some((one) => isMeant(one, name)));
  if (unknown.length > 0) {
    say(`no fault and no level is called ${unknown.join(', ')}; there are:`);
    for (const { name, fault } of MUTANTS) say(`  ${name}: ${fault}`);
    say(`levels: ${LEVELS.join(', ')}`);
    return 2;
  }
  const wanted = CASES.filter((one) => names.length === 0 || names.some((n) => isMeant(one, n)));
  const workshop = await openWorkshop(process.cwd());
  const judged: Judged[] = [];
  try {
    const court = openCourt(workshop);
    for (const { mutant, sighting } of wanted) {
      const from = performance.now();
      const verdict = await court.judge(mutant, sighting);
      judged.push({ mutant, sighting, verdict });
      const seconds = ((performance.now() - from) / 1000).toFixed(0);
      say(`${mutant.name} (${sighting.level}, ${seconds} s): ${toldOf(verdict)}`);
      if (verdict.verdict === 'no proof') say(verdict.why);
    }
  } finally {
    await workshop.destroy();
  }
  say(`\n${tableOf(judged)}\n\n${summaryOf(judged)}`);
  const missed = judged.some(({ verdict }) => ['survived', 'no proof'].includes(verdict.verdict));
  return missed ? 1 : 0;
}

/** Cheapest level first. */
const CASES: readonly Case[] = LEVELS.flatMap((level) =>
  MUTANTS.flatMap((mutant) =>
    mutant.foundBy
      .filter((sighting) => sighting.level === level)
      .map((sighting) => ({ mutant, sighting })),
  ),
);

function isMeant({ mutant, sighting }: Case, name: string): boolean {
  return mutant.name === name || sighting.level === name;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

process.exitCode = await main(process.argv.slice(2));
