/**
 * `npm run vm`: walks through what this program promises in virtual machines, without hardware virtualisation.
 * Arguments: names of scenarios, none means all but `short`; and which part of one. Prints how long each part took.
 */
import { parseArguments, USAGE, type WalkArguments } from './arguments.ts';
import { createContext, type WalkContext } from './context.ts';
import { boots } from './walk/boots.ts';
import { cuts } from './walk/cuts.ts';
import { debugrw } from './walk/debugrw.ts';
import { expandable } from './walk/expandable.ts';
import { fallback } from './walk/fallback.ts';
import { install } from './walk/install.ts';
import { lifecycle } from './walk/lifecycle.ts';
import { short } from './walk/short.ts';
import { states } from './walk/states.ts';
import { systemd } from './walk/systemd.ts';
import { transient } from './walk/transient.ts';
import { upgrade } from './walk/upgrade.ts';

type Scenario = (context: WalkContext, given: WalkArguments) => Promise<void>;

const ALL: Readonly<Record<string, Scenario>> = {
  boots,
  transient,
  debugrw,
  upgrade,
  fallback,
  lifecycle,
  expandable,
  install,
  cuts,
  states,
  systemd,
};

/** `short` shows nothing that the others do not. */
const SCENARIOS: Readonly<Record<string, Scenario>> = { ...ALL, short };

const print = (line: string): void => void process.stdout.write(`${line}\n`);

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  const given = parseArguments(argv);
  const names = 'wrong' in given ? [] : given.scenarios;
  const unknown = names.filter((name) => !Object.hasOwn(SCENARIOS, name));
  if ('wrong' in given || unknown.length > 0 || process.getuid?.() !== 0) {
    if ('wrong' in given) print(given.wrong);
    else print(unknown.length > 0 ? `no such scenario: ${unknown.join(', ')}` : 'this needs root');
    print(`scenarios: ${Object.keys(SCENARIOS).join(' ')}`);
    print(USAGE);
    return 1;
  }
  const wanted = names.length === 0 ? Object.keys(ALL) : names;
  const context = await createContext('dist/slotwright.cjs', print);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void context.end().finally(() => process.exit(130)));
  }
  try {
    for (const name of wanted) {
      print(`== ${name}`);
      await SCENARIOS[name]?.(context, given);
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
