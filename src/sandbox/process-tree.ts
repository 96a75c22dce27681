import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { SystemError } from '../errors.ts';

/** The only child of a process, as soon as it has one. Rejects when the process is gone before. */
export async function childOf(pid: number | undefined): Promise<number> {
  for (let tries = 0; tries < 2000 && pid !== undefined; tries += 1) {
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(
      () => undefined,
    );
    if (children === undefined) break;
    const child = Number.parseInt(children, 10);
    if (!Number.isNaN(child)) return child;
    await delay(1);
  }
  throw new SystemError({
    code: 'sandbox-process-gone',
    message: 'a process of the sandbox ended before it began to work',
    reason: 'it was killed, or the program is missing inside',
    hint: 'run the command again; `slotwright sandbox shell` shows what is there',
  });
}
