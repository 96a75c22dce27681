/**
 * `npm run vm`: walks through what this program promises in virtual machines, without hardware virtualisation.
 * Arguments: names of scenarios; none means all. Prints how long each part took.
 */
import { createContext, type WalkContext } from './context.ts';
import { boots } from './walk/boots.ts';
import { cuts } from './walk/cuts.ts';
import { debugrw } from './walk/debugrw.ts';
import { fallback } from './walk/fallback.ts';
import { transient } from './walk/transient.ts';
import { upgrade } from './walk/upgrade.ts';

const SCENARIOS: Readonly<Record<string, (context: WalkContext) => Promise<void>>> = {
  boots,
  transient,
  debugrw,
  upgrade,
  fallback,
  cuts,
};

const print = (line: string): void => void process.stdout.write(`${line}\n`);

process.exitCode = await main(process.argv.slice(2));

async function main(names: readonly string[]): Promise<number> {
  const wanted = names.length === 0 ? Object.keys(SCENARIOS) : names;
  const unknown = wanted.filter((name) => !Object.hasOwn(SCENARIOS, name));
  if (unknown.length > 0 || process.getuid?.() !== 0) {
    print(unknown.length > 0 ? `no such scenario: ${unknown.join(', ')}` : 'this needs root');
    print(`scenarios: ${Object.keys(SCENARIOS).join(' ')}`);
    return 1;
  }
  const context = await createContext('dist/slotwright.cjs', print);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void context.end().finally(() => process.exit(130)));
  }
  try {
    for (const name of wanted) {
      print(`== ${name}`);
      await SCENARIOS[name]?.(context);
    }
    return 0;
  } catch (error) {
    print(error instanceof Error ? error.message : String(error));
    return 1;
  } finally {
    tellTimings(context);
    await context.end();
  }
}

function tellTimings({ timings }: WalkContext): void {
  print('== timings');
  for (const { title, seconds } of timings) print(`${seconds.toFixed(1).padStart(7)} s  ${title}`);
}
