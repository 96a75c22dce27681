/** What a machine makes of an operation that was cut, once it runs again. */
import { judgeEnd, type Violation } from '../laws.ts';
import type { Booted } from '../../sandbox/boot.ts';
import { heldBeyond } from './live-machine.ts';
import type { Rig } from './rig.ts';
import { missed, type Scenario } from './scenario.ts';

/** One sentence for everything that is wrong at the end. The machine is shut down by then. */
export async function carryOn(
  rig: Rig,
  scenario: Scenario,
  booted: Booted,
  { command, quiet }: { readonly command: readonly string[]; readonly quiet: readonly string[] },
): Promise<readonly string[]> {
  const wrong: string[] = [];
  const outcome = await booted.run(command);
  if (!scenario.ends.exits.includes(outcome.code)) {
    wrong.push(`then "${command.join(' ')}" ended with ${told(outcome)}`);
  }
  const held = await heldBeyond(quiet, booted);
  await booted.shutdown();
  const end = { ...(await rig.facts(booted.disk)), held };
  wrong.push(
    ...sentences(judgeEnd(end, scenario.before)),
    ...missed(end, scenario.ends, rig.differences),
  );
  return wrong;
}

export function sentences(violations: readonly Violation[]): readonly string[] {
  return violations.map(({ law, sentence }) => `law ${String(law)}: ${sentence}`);
}

export function told({ code, stderr }: { readonly code: number; readonly stderr: string }): string {
  return `code ${String(code)}: ${stderr.trim().split('\n').slice(-4).join(' / ')}`;
}
