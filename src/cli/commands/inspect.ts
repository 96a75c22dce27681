import { resolve } from 'node:path';
import * as z from 'zod';
import { UsageError } from '../../errors.ts';
import { EXIT } from '../../exit-codes.ts';
import type { HistoryRow } from '../../inspect/history-row.ts';
import { historyRows, type ReadSegment } from '../../inspect/history-rows.ts';
import type { Inspection } from '../../inspect/inspection.ts';
import { machineChartSchema } from '../../inspect/machine-chart.ts';
import { operationNamed } from '../../inspect/operation-named.ts';
import { pathTakenSchema } from '../../inspect/path-taken.ts';
import {
  isGiven,
  textFlag,
  type Command,
  type CommandResult,
  type Context,
  type Invocation,
} from '../command.ts';
import { bytes } from '../render/quantity.ts';
import type { ServedPage, Services } from '../services.ts';
import { FROM, fromOf } from '../shared-flags.ts';

const FORMATS = ['mermaid', 'dot', 'svg'] as const;
const WAYS = ['html', 'format', 'serve'] as const;

export const inspect: Command = {
  name: 'inspect',
  summary: 'draw an operation: a page of it, its chart with the path taken, or both live',
  description: [
    'Without a flag, the chart of the last operation in mermaid. Reads the log only; nothing is locked or changed.',
    'The page of --html is one file that needs no network: it opens from a USB stick. Hook output may hold secrets, so only its owner may read the file; an existing plain file is replaced.',
    'With --serve the page follows the log while the operation runs, on 127.0.0.1 only and at an address that is told once; Ctrl-C ends it. From elsewhere: ssh -L.',
  ],
  arguments: [
    {
      name: 'ID',
      presence: 'optional',
      says: 'an id, the beginning of one, its number, or "last"; without it a page shows the whole history',
    },
  ],
  flags: [
    { name: 'html', value: 'FILE', completes: 'file', says: 'write one page to this file' },
    {
      name: 'format',
      value: 'FORMAT',
      choices: FORMATS,
      says: 'print the chart: mermaid (default), dot for Graphviz, svg',
    },
    { name: 'serve', says: 'show the page on this machine, live' },
    { name: 'port', value: 'N', says: 'where to serve (default any that is free)' },
    FROM,
  ],
  examples: [
    { says: 'what the last operation did, as a page', line: 'inspect last --html last.html' },
    { says: 'the whole history', line: 'inspect --html history.html' },
    { says: 'a picture for a report', line: 'inspect V1StGXR8 --format svg > upgrade.svg' },
    { says: 'watch a running one', line: 'inspect last --serve' },
    { says: 'of a machine elsewhere', line: 'inspect last --from machine.bundle --html oslo.html' },
  ],
  exits: ['statFile', 'logDamaged', 'logForeign'],
  output: z.union([
    z.object({
      file: z.string(),
      bytes: z.number(),
      operation: z.string().exactOptional().describe('absent for a page of the history'),
    }),
    z.object({ chart: machineChartSchema, path: pathTakenSchema }),
    z.object({ url: z.string().describe('where it was served') }),
  ]),
  run: async (context, invocation) => {
    const way = wayOf(invocation);
    const services = await context.services();
    const { pages } = services;
    const from = fromOf(context, invocation);
    const source = sourceOf(async () => (await services.log(from)).segments);
    const [id] = invocation.arguments;
    const file = textFlag(invocation, 'html');
    if (file !== undefined) return toFile(context, { pages, source }, { id, file });
    if (way === 'serve') {
      return serve(context, { pages, source }, { id, port: portOf(invocation) });
    }
    return picture(source, id ?? 'last', textFlag(invocation, 'format'));
  },
};

/** The log, read anew by each question: it grows while it is served. */
interface Source {
  rows(): Promise<readonly HistoryRow[]>;
  /** Named as `history` does. */
  inspection(id: string): Promise<Inspection>;
}

interface Means {
  readonly pages: Services['pages'];
  readonly source: Source;
}

function sourceOf(read: () => Promise<readonly ReadSegment[]>): Source {
  return {
    rows: async () => historyRows(await read()),
    async inspection(id) {
      const segments = await read();
      const { inspectionOf } = await import('../../inspect/inspection.ts');
      const inspection = inspectionOf(segments, operationNamed(segments, id));
      if (inspection === undefined) throw new TypeError(`operation ${id} never began`);
      return inspection;
    },
  };
}

async function toFile(
  { host }: Context,
  { pages, source }: Means,
  { id, file }: { readonly id: string | undefined; readonly file: string },
): Promise<CommandResult> {
  const at = resolve(host.directory, file);
  const { program } = host;
  const page =
    id === undefined
      ? { text: await historyOf(source, program) }
      : await operationOf(source, id, program);
  await pages.write(at, page.text);
  const size = Buffer.byteLength(page.text);
  return {
    exit: EXIT.ok,
    document: {
      file: at,
      bytes: size,
      ...('operation' in page ? { operation: page.operation } : {}),
    },
    text: `wrote ${at}: ${bytes(size)}`,
    says: 'summary',
  };
}

async function historyOf(
  source: Source,
  program: string,
  addressOf?: (id: string) => string,
): Promise<string> {
  const { historyPage } = await import('../render/page/history-page.ts');
  const options = { program, ...(addressOf === undefined ? {} : { addressOf }) };
  return historyPage(await source.rows(), options);
}

async function operationOf(
  source: Source,
  id: string,
  program: string,
  live?: string,
): Promise<{ readonly text: string; readonly operation: string }> {
  const { operationPage } = await import('../render/page/operation-page.ts');
  const inspection = await source.inspection(id);
  const options = { program, ...(live === undefined ? {} : { live }) };
  return { text: operationPage(inspection, options), operation: inspection.timeline.id };
}

async function picture(
  source: Source,
  id: string,
  asked: string | undefined,
): Promise<CommandResult> {
  const { chart, path } = await source.inspection(id);
  const format = FORMATS.find((one) => one === asked) ?? 'mermaid';
  const { chartText } = await import('../render/chart/chart-text.ts');
  return {
    exit: EXIT.ok,
    document: { chart, path },
    text: chartText(chart, format, path),
    says: 'answer',
  };
}

async function serve(
  { host, screen, globals }: Context,
  { pages, source }: Means,
  { id, port }: { readonly id: string | undefined; readonly port: number | undefined },
): Promise<CommandResult> {
  // A wrong name is told now, not to the browser.
  const one = id === undefined ? undefined : (await source.inspection(id)).timeline.id;
  const stop = new AbortController();
  const end = host.onStop(() => stop.abort());
  let url = '';
  try {
    await pages.serve(
      {
        ...(port === undefined ? {} : { port }),
        answer: (place, base) => answer(source, host.program, { one, place, base }),
      },
      {
        signal: stop.signal,
        listening: (at) => {
          url = at;
          const say = globals.json ? screen.note : screen.answer;
          say(`${at}\nonly for this machine, until Ctrl-C`);
        },
      },
    );
  } finally {
    end();
  }
  return { exit: EXIT.ok, document: { url }, text: '', says: 'summary' };
}

interface Asked {
  /** The operation that is served; absent: all of them, below their ids. */
  readonly one: string | undefined;
  readonly place: string;
  readonly base: string;
}

async function answer(
  source: Source,
  program: string,
  { one, place, base }: Asked,
): Promise<ServedPage | undefined> {
  if (one === undefined && place === '') {
    const text = await historyOf(source, program, (id) => `${base}/${id}/`);
    return { type: 'text/html', text };
  }
  const [, below, rest] = /^([A-Za-z0-9_-]+)\/(.*)$/.exec(place) ?? [];
  const [id, what] = one === undefined ? [below, rest] : [one, place];
  if (id === undefined || !(await source.rows()).some((row) => row.id === id)) {
    return undefined;
  }
  if (what === 'version') {
    const { entries } = (await source.inspection(id)).timeline;
    return {
      type: 'application/json',
      text: JSON.stringify({ version: entries.at(-1)?.seq ?? 0 }),
    };
  }
  if (what !== '') return undefined;
  const live = one === undefined ? `${base}/${id}` : base;
  const { text } = await operationOf(source, id, program, live);
  return { type: 'text/html', text };
}

/** At most one way to show it. */
function wayOf(invocation: Invocation): (typeof WAYS)[number] | undefined {
  const given = WAYS.filter(
    (name) => isGiven(invocation, name) || textFlag(invocation, name) !== undefined,
  );
  if (given.length > 1) {
    throw usage(
      `--${given.join(' and --')} cannot be given together`,
      'each of them is another way to show the operation',
      'run the command once for each',
    );
  }
  if (given[0] !== 'serve' && textFlag(invocation, 'port') !== undefined) {
    throw usage('--port needs --serve', 'nothing is served without it', 'add --serve');
  }
  return given[0];
}

function portOf(invocation: Invocation): number | undefined {
  const text = textFlag(invocation, 'port');
  if (text === undefined) return undefined;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65535) return port;
  throw usage(`--port cannot be "${text}"`, 'it is a number from 1 to 65535', 'for instance 8080');
}

function usage(message: string, reason: string, hint: string): UsageError {
  return new UsageError({ code: 'flag-invalid', message, reason, hint, exit: EXIT.usage });
}
