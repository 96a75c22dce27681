import type { ExecRequest, ExecResult } from '../target.ts';
import { throwIfInterrupted } from '../interruption.ts';
import { EntryError } from './entry-error.ts';
import type { PartContext } from './part.ts';
import { endOf } from './run-program.ts';

/** What a program printed (standard output and error, together) and how it ended. */
export interface ProgramOutput {
  readonly result: ExecResult;
  readonly bytes: Buffer;
  readonly text: string;
}

/** No answer of a tool is larger; user data neither. */
const mostBytes = 16 * 1024 * 1024;

/** Runs a program for its answer, in the C locale. The answer is not kept as output of the part; a missing program is an error. */
export async function readProgram(
  context: PartContext,
  argv: ExecRequest['argv'],
  options: { readonly stdin?: string } = {},
): Promise<ProgramOutput> {
  throwIfInterrupted(context.signal);
  const chunks: Uint8Array[] = [];
  let total = 0;
  const result = await context.target.exec({
    argv,
    signal: context.signal,
    environment: { LC_ALL: 'C' },
    ...options,
    output: (chunk) => {
      total += chunk.byteLength;
      if (total <= mostBytes) {
        chunks.push(Uint8Array.from(chunk));
      }
    },
  });
  throwIfInterrupted(context.signal);
  if (result.ended === 'missing') {
    throw new EntryError(`\`${argv[0]}\` ${endOf(result)}`);
  }
  if (total > mostBytes) {
    throw new EntryError(`\`${argv[0]}\` gave more than 16 MiB`);
  }
  const bytes = Buffer.concat(chunks);
  return { result, bytes, text: bytes.toString('utf8') };
}

/** Pairs out of lines `KEY=VALUE`; other lines (warnings of a tool) are left out. */
export function pairsOf(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split('\n').flatMap((line) => {
      const [, key, value = ''] = /^([A-Z_]+)=(.*)$/.exec(line) ?? [];
      return key === undefined ? [] : [[key, value.replace(/\\(.)/g, '$1')] as const];
    }),
  );
}
