import { LEVELS, type Mutant, type Sighting } from './mutant.ts';
import type { Verdict } from './trial.ts';

export interface Judged {
  readonly mutant: Mutant;
  readonly sighting: Sighting;
  readonly verdict: Verdict;
}

/** The result of a run, as it stands in the documentation. */
export function tableOf(all: readonly Judged[]): string {
  const rows = all.map(({ mutant, sighting, verdict }) => [
    mutant.fault,
    String(mutant.law),
    sighting.level,
    toldOf(verdict),
  ]);
  const head = ['what was broken', 'law', 'level', 'what fails then: a law, or a test'];
  return [head, head.map(() => '---'), ...rows].map(line).join('\n');
}

/** How many faults there were, and how many each level has found. */
export function summaryOf(all: readonly Judged[]): string {
  const found = all.filter(({ verdict }) => verdict.verdict === 'found');
  const names = (some: readonly Judged[]): number =>
    new Set(some.map(({ mutant }) => mutant.name)).size;
  const levels = LEVELS.map((level) => {
    const here = found.filter(({ sighting }) => sighting.level === level);
    return `${level} ${here.length}`;
  });
  const missed = all.filter(({ verdict }) => ['survived', 'no proof'].includes(verdict.verdict));
  const leftOut = all.length - found.length - missed.length;
  return (
    `${names(found)} of ${names(all)} faults were found (${levels.join(', ')}); ` +
    `${missed.length} missed, ${leftOut} left out`
  );
}

export function toldOf(verdict: Verdict): string {
  switch (verdict.verdict) {
    case 'found':
      return shortened(/\blaw \d: .*/.exec(verdict.said)?.[0] ?? `"${verdict.title}"`);
    case 'survived':
      return '**not noticed**';
    case 'left out':
      return 'not tried: needs root and loop devices';
    case 'no proof':
      return `**no proof**: ${shortened(verdict.why.split('\n')[0] ?? '')}`;
  }
}

const LONGEST = 150;

/** Names that differ from run to run are left out. */
function shortened(text: string): string {
  const plain = text.replaceAll(/\b[0-9a-f]{12,}\b/g, '…').replaceAll(/\s+/g, ' ');
  return plain.length <= LONGEST ? plain : `${plain.slice(0, LONGEST - 1)}…`;
}

function line(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
