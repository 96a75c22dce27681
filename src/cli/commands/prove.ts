import * as z from 'zod';
import { sourceOf } from '../../config/image-settings.ts';
import { absolutePath } from '../../config/image-source.ts';
import { EXIT } from '../../exit-codes.ts';
import { OPERATION_NAMES, pointFrom, type Point } from '../../proof/prove/points.ts';
import { textFlag, type Command, type Context, type Invocation } from '../command.ts';
import { listenForStop } from '../interruption.ts';
import { proofText } from '../render/proof.ts';
import { requireRoot } from '../root.ts';
import type { ProofWish } from '../services.ts';
import { shellWords } from '../shell-words.ts';
import { misused } from '../usage-error.ts';

const operationName = z.enum(OPERATION_NAMES);

const proofSchema = z.object({
  seed: z.number(),
  operations: z.array(
    z.object({
      operation: operationName,
      records: z.number().describe('that it appends to the log'),
      seconds: z.number().describe('that it takes when nothing cuts it'),
      leftOut: z.array(z.string()).describe('paths of the new system that differ from run to run'),
      failedHooks: z.array(z.string()),
    }),
  ),
  points: z.object({ tried: z.number(), all: z.number() }),
  cuts: z.object({ power: z.number(), kill: z.number() }),
  violations: z.array(z.object({ point: z.string(), sentences: z.array(z.string()) })),
  ended: z.enum(['everything tried', 'budget', 'violation', 'stopped']),
  seconds: z.number(),
});

/** What a proof came to. */
export type ProofReportView = z.infer<typeof proofSchema>;

export const prove: Command = {
  name: 'prove',
  summary: 'cut the power everywhere under an upgrade to your image, with your hooks',
  description: [
    'Makes a throw-away machine in a file, runs each operation on it twice without a cut, then again and again: killed or without power after one of its records, started again, and carried on. After each cut and at each end the disk is judged without asking this tool: something boots, the last good image is there, the log is true, nothing is left over, user data is untouched, and the new system is what it is when nothing is cut.',
    'It ends with the budget, with the first violation, or when every point was tried, and every point a second time with a cut in what carries it on. Paths of the new system that differ between the two runs are left out and listed.',
    'Needs root, loop devices, busybox and grub-fstest. The machine that runs it is not touched.',
  ],
  flags: [
    {
      name: 'image',
      value: 'IMAGE',
      completes: 'file',
      says: 'what is installed: dir:PATH or file:PATH (default: a tiny system)',
    },
    {
      name: 'hooks',
      value: 'PATH',
      repeatable: true,
      completes: 'file',
      says: 'hook file, or directory of them, for /oem (repeatable)',
    },
    {
      name: 'persistent',
      value: 'DIR',
      completes: 'directory',
      says: 'what COS_PERSISTENT is filled with',
    },
    {
      name: 'operation',
      value: 'NAME',
      repeatable: true,
      says: `${OPERATION_NAMES.join(', ')} (repeatable; default: upgrade and reset)`,
    },
    { name: 'budget', value: 'TIME', says: 'begin no cut after it: 90s, 10m (default), 2h' },
    { name: 'seed', value: 'NUMBER', says: 'order of the points (default 1)' },
    { name: 'point', value: 'POINT', says: 'this point alone, as a report names it' },
  ],
  examples: [
    { says: 'your hooks', line: 'prove --hooks ./install.yaml' },
    {
      says: 'before a release, over night',
      line: 'prove --image dir:./root --hooks ./oem --budget 8h --json > proof.json',
    },
    { says: 'what was found, once more', line: 'prove --hooks ./oem --point upgrade:power:17' },
  ],
  exits: [
    'statFile',
    'readCommandConfig',
    'notRoot',
    'unsupported',
    'noSource',
    'noSpace',
    'lawBroken',
    'interrupted',
  ],
  output: proofSchema,
  run: async (context, invocation) => {
    const { host, screen } = context;
    const wish = wishOf(context, invocation);
    requireRoot(context);
    const services = await context.services();
    const stop = listenForStop(host, screen);
    try {
      const report = await services.prove(wish, { signal: stop.signal, note: screen.note });
      return {
        exit: report.violations.length > 0 ? EXIT.lawBroken : (stop.exit() ?? EXIT.ok),
        document: { ...report },
        text: proofText(report, (point) => again(context, point)),
        says: 'answer',
      };
    } finally {
      stop.end();
    }
  },
};

const SOURCE = {
  what: 'image',
  flag: '--image',
  variable: 'the environment',
  key: 'the configuration',
};

function wishOf({ host }: Context, invocation: Invocation): ProofWish {
  const image = textFlag(invocation, 'image');
  const persistent = textFlag(invocation, 'persistent');
  const point = pointOf(textFlag(invocation, 'point'));
  const operations = listFlag(invocation, 'operation').map(operationOf);
  return {
    ...(image === undefined ? {} : { image: sourceOf(image, SOURCE, host.directory) }),
    hooks: listFlag(invocation, 'hooks').map((path) => absolutePath(path, host.directory)),
    ...(persistent === undefined ? {} : { persistent: absolutePath(persistent, host.directory) }),
    operations: operations.length === 0 ? ['upgrade', 'reset'] : [...new Set(operations)],
    budgetSeconds: secondsOf(textFlag(invocation, 'budget') ?? '10m'),
    seed: seedOf(textFlag(invocation, 'seed') ?? '1'),
    ...(point === undefined ? {} : { point }),
  };
}

function listFlag({ flags }: Invocation, name: string): readonly string[] {
  const value = flags[name];
  return Array.isArray(value) ? value.map(String) : [];
}

function operationOf(name: string) {
  const known = OPERATION_NAMES.find((one) => one === name);
  if (known !== undefined) return known;
  throw misused('prove', '--operation', name, `one of ${OPERATION_NAMES.join(', ')}`);
}

function pointOf(text: string | undefined): Point | undefined {
  if (text === undefined) return undefined;
  const point = pointFrom(text);
  if (point !== undefined) return point;
  throw misused('prove', '--point', text, 'written as upgrade:power:17 or reset:kill:9+4');
}

const UNITS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600 };

function secondsOf(text: string): number {
  const [, number, unit = ''] = /^([0-9]{1,6})([smh]?)$/.exec(text) ?? [];
  const seconds = Number(number) * (UNITS[unit] ?? 1);
  if (seconds > 0) return seconds;
  throw misused('prove', '--budget', text, 'a time like 90s, 10m or 2h');
}

function seedOf(text: string): number {
  if (/^[0-9]{1,9}$/.test(text)) return Number(text);
  throw misused('prove', '--seed', text, 'a whole number of up to nine digits');
}

/** The same command for one point alone. */
function again({ host }: Context, point: string): string {
  const kept: string[] = [];
  const { args } = host;
  for (let index = 0; index < args.length; index += 1) {
    const word = args[index] ?? '';
    const [flag = ''] = word.split('=');
    if (['--budget', '--seed', '--point', '--operation'].includes(flag)) {
      if (flag === word) index += 1;
    } else if (flag !== '--json') kept.push(word);
  }
  return `${host.program} ${shellWords([...kept, '--point', point])}`;
}
