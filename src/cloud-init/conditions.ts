import { EntryError } from './parts/entry-error.ts';
import type { PartContext } from './parts/part.ts';
import { endOf, isSuccess } from './parts/run-program.ts';
import type { Step } from './step.ts';
import type { Target } from './target.ts';

/**
 * Whether a step is to run: all its conditions hold, tested in this order, each when the step's turn comes. The answer is
 * the reason for leaving the step out, or nothing. A condition that cannot be judged (a bad expression) leaves it out.
 */
export async function reasonToSkip(step: Step, context: PartContext): Promise<string | undefined> {
  for (const condition of conditions) {
    const reason = await condition(step, context);
    if (reason !== undefined) {
      return reason;
    }
  }
  return undefined;
}

type Condition = (step: Step, context: PartContext) => Promise<string | undefined>;

const nodeMatches: Condition = async ({ node }, { target }) =>
  node ? expressionReason('node', node, await target.hostname()) : undefined;

const commandSucceeds: Condition = async (step, context) => {
  if (step.if === undefined || step.if.text === '') {
    return undefined;
  }
  const command = await context.render(step.if.text);
  if (!(await isInstalled(context.target, 'sh'))) {
    // Its exit code could not be told from that of a condition that does not hold.
    throw new EntryError('`if` cannot be judged: there is no shell');
  }
  const result = await context.exec(['sh', '-c', command]);
  return isSuccess(result) ? undefined : `\`if\` does not hold: it ${endOf(result)}`;
};

const osMatches: Condition = async (step, { target }) =>
  step.only_os
    ? expressionReason('only_os', step.only_os, await osFact(target, 'name'))
    : undefined;

const osVersionMatches: Condition = async (step, { target }) =>
  step.only_os_version
    ? expressionReason('only_os_version', step.only_os_version, await osFact(target, 'version'))
    : undefined;

const archMatches: Condition = async (step, { target }) =>
  step.only_arch
    ? expressionReason('only_arch', step.only_arch, await osFact(target, 'architecture'))
    : undefined;

const serviceManagerMatches: Condition = async (step, { target }) => {
  if (!step.only_service_manager) {
    return undefined;
  }
  const found: string[] = [];
  for (const [manager, program] of [
    ['systemd', 'systemctl'],
    ['openrc', 'openrc'],
  ] as const) {
    if (await isInstalled(target, program)) {
      found.push(manager);
    }
  }
  const wanted = step.only_service_manager.toLowerCase();
  return found.length === 1 && found[0] === wanted
    ? undefined
    : `\`only_service_manager\` is ${wanted}, found: ${found.join(' and ') || 'none'}`;
};

const filesExist: Condition = async (step, { target }) => {
  for (const { key, value: paths } of step.if_files ?? []) {
    const there: boolean[] = [];
    for (const path of paths) {
      there.push((await target.files.stat(path, 'follow')) !== undefined);
    }
    const holds = filesHold(key, there);
    if (holds !== true) {
      return holds ?? `\`if_files\` has no kind \`${key}\`: any, all and none are known`;
    }
  }
  return undefined;
};

function filesHold(kind: string, there: readonly boolean[]): true | string | undefined {
  switch (kind) {
    case 'any':
      return there.length === 0 || there.includes(true) || 'none of the files is there';
    case 'all':
      return !there.includes(false) || 'not all of the files are there';
    case 'none':
      return !there.includes(true) || 'one of the files is there';
    default:
      return undefined;
  }
}

const conditions: readonly Condition[] = [
  nodeMatches,
  commandSucceeds,
  osMatches,
  osVersionMatches,
  archMatches,
  serviceManagerMatches,
  filesExist,
];

async function expressionReason(
  key: string,
  source: string,
  text: string,
): Promise<string | undefined> {
  // Most hooks have no expression: they need not wait for the engine to be loaded.
  const { compileSearch } = await import('./search-expression.ts');
  const { search, problem } = compileSearch(source);
  if (problem !== undefined) {
    return `\`${key}\` is no regular expression: ${problem}`;
  }
  if (text === '') {
    return `\`${key}\` cannot be judged: the system does not tell`;
  }
  return search.test(text) ? undefined : `\`${key}: ${source}\` does not match \`${text}\``;
}

async function osFact(target: Target, name: string): Promise<string> {
  const os = (await target.values())['os'];
  const fact: unknown =
    typeof os === 'object' && os !== null
      ? Object.entries(os).find(([key]) => key === name)?.[1]
      : '';
  return typeof fact === 'string' ? fact : '';
}

async function isInstalled(target: Target, program: string): Promise<boolean> {
  for (const directory of ['/sbin', '/bin', '/usr/sbin', '/usr/bin']) {
    if ((await target.files.stat(`${directory}/${program}`, 'follow')) !== undefined) {
      return true;
    }
  }
  return false;
}
