/** One test against one copy of the sources: did it notice, and for the right reason? */
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { REPORT_FILE, SELECTED_BY, type FailureReport } from './failure-report.ts';
import type { Level, Mutant, Sighting } from './mutant.ts';
import type { Workshop } from './workshop.ts';

export type Verdict =
  /** The promise failed, in these words. */
  | { readonly verdict: 'found'; readonly title: string; readonly said: string }
  /** The tests pass although the fault is there. */
  | { readonly verdict: 'survived' }
  /** The tests cannot run on this machine. */
  | { readonly verdict: 'left out' }
  /** Something else failed than the promise, or the tests fail without the fault, too. */
  | { readonly verdict: 'no proof'; readonly why: string };

/** A fault may make a pure test run for ever; the others wait for real disks and have limits of their own, which clean up. */
const LIMIT_MS: Readonly<Partial<Record<Level, number>>> = { unit: 300_000, model: 300_000 };

export interface Court {
  judge(mutant: Mutant, sighting: Sighting): Promise<Verdict>;
}

/** Tests that have to pass without any fault are run once each. */
export function openCourt(workshop: Workshop): Court {
  const controls = new Map<string, Promise<FailureReport>>();
  const control = (sighting: Sighting): Promise<FailureReport> => {
    const key = `${sighting.test} ${sighting.title}`;
    const report = controls.get(key) ?? runTests(workshop, sighting, []);
    controls.set(key, report);
    return report;
  };
  return {
    async judge(mutant, sighting) {
      const sound = await control(sighting);
      const [wrong] = [...sound.broken, ...sound.failures.map(({ text }) => text)];
      if (wrong !== undefined) return { verdict: 'no proof', why: `without the fault: ${wrong}` };
      if (sound.passed === 0 && sound.skipped === 0) {
        return { verdict: 'no proof', why: `no test is called "${sighting.title}"` };
      }
      if (sound.passed === 0) return { verdict: 'left out' };
      const report = await workshop.with(mutant, () =>
        runTests(workshop, sighting, ['--bail', '1']),
      );
      return verdictOf(report, sighting);
    },
  };
}

/** Errors of a fault that is no program any more: they break no promise. */
const OUR_OWN = new Set(['SyntaxError', 'TypeError', 'ReferenceError']);

export function verdictOf(
  { passed, failures, broken }: FailureReport,
  { says }: Sighting,
): Verdict {
  for (const { title, error, text } of failures) {
    if (OUR_OWN.has(error)) continue;
    const said = text.split('\n').find((line) => says.test(line));
    if (said !== undefined) return { verdict: 'found', title, said: bare(said) };
  }
  const [other] = [...failures.map(({ error, text }) => `${error}: ${text}`), ...broken];
  if (other !== undefined) return { verdict: 'no proof', why: `it failed otherwise: ${other}` };
  return passed > 0 ? { verdict: 'survived' } : { verdict: 'no proof', why: 'no test was run' };
}

/** A line of a difference, without its sign, quotes and comma. */
function bare(line: string): string {
  return line.replace(/^\s*[+-]?\s*"?|"?,?\s*$/g, '');
}

async function runTests(
  { folder }: Workshop,
  { level, test, title }: Sighting,
  flags: readonly string[],
): Promise<FailureReport> {
  const file = path.join(folder, 'report.json');
  const vitest = path.join(folder, 'node_modules/vitest/vitest.mjs');
  const reporter = path.join(folder, 'test/mutations/failure-report.ts');
  const selected = [test, '--testNamePattern', title, '--reporter', reporter, ...flags];
  const result = await execa(process.execPath, [vitest, 'run', ...selected], {
    cwd: folder,
    extendEnv: false,
    env: { ...plainEnvironment(), [REPORT_FILE]: file, [SELECTED_BY]: title },
    stdin: 'ignore',
    all: true,
    reject: false,
    ...(LIMIT_MS[level] === undefined ? {} : { timeout: LIMIT_MS[level] }),
  });
  const text = await readFile(file, 'utf8').catch(() => undefined);
  await rm(file, { force: true });
  if (text !== undefined) return JSON.parse(text) as FailureReport;
  const why = result.timedOut ? 'the tests did not come to an end' : result.all.slice(-2000);
  return { passed: 0, skipped: 0, failures: [], broken: [why] };
}

/** A run inside a run must not take itself for a worker of the outer one; snapshots are compared, never written. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^VITEST|^NODE_ENV$/.test(name),
  );
  return { ...Object.fromEntries(inherited), CI: 'true', NO_COLOR: '1' };
}
