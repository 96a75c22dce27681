/** QEMU's monitor: one command at a time, each answered. */
import * as z from 'zod';
import { createWaiting } from './waiting.ts';
import { listenOn } from './wire.ts';

export interface Monitor {
  readonly path: string;
  /** Resolves with what it returned. */
  ask(command: string, given?: Readonly<Record<string, unknown>>): Promise<unknown>;
  close(): void;
}

const REPLY = z.object({
  id: z.number().optional(),
  return: z.unknown().optional(),
  error: z.object({ desc: z.string() }).optional(),
});

export async function openMonitor(path: string): Promise<Monitor> {
  const replies = new Map<number, z.infer<typeof REPLY>>();
  const waiting = createWaiting((what) => new Error(what));
  let greeted = false;
  let rest = '';
  let count = 0;
  const wire = await listenOn(path, (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines.filter((one) => one.trim() !== '')) {
      const reply = REPLY.parse(JSON.parse(line));
      greeted = true;
      if (reply.id !== undefined) replies.set(reply.id, reply);
    }
    waiting.changed();
  });
  const ask: Monitor['ask'] = async (command, given = {}) => {
    const id = (count += 1);
    await waiting.until('waiting for the monitor', LIMIT_MS, () => greeted || undefined);
    wire.send(`${JSON.stringify({ execute: command, arguments: given, id })}\n`);
    const reply = await waiting.until(`monitor: ${command}`, LIMIT_MS, () => replies.get(id));
    if (reply.error !== undefined) throw new Error(`monitor: ${command}: ${reply.error.desc}`);
    return reply.return;
  };
  let ready: Promise<unknown> | undefined;
  return {
    path,
    ask: async (command, given) => {
      ready ??= ask('qmp_capabilities');
      await ready;
      return ask(command, given);
    },
    close: () => {
      wire.close();
      waiting.end('the machine is off');
    },
  };
}

const LIMIT_MS = 60_000;
