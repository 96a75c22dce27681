/** Health of the running system: executables of three directories, and units that systemd calls active. */
import { spawn } from 'node:child_process';
import { access, constants, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ifThere } from './file-error.ts';
import { refuseAborted } from './interruption.ts';
import type { Effort, HealthPort, HealthResult } from '../port.ts';
import type { Exec } from './exec.ts';

/** Of the image, of the administrator, of the user. A later file of the same name takes the place of an earlier one. */
export const HEALTH_DIRECTORIES = [
  '/etc/slotwright/health.d',
  '/oem/slotwright/health.d',
  '/usr/local/slotwright/health.d',
];

/** Characters of output that are kept: the end says why. */
const KEPT = 2000;
const ANY_EXIT_CODE = Array.from({ length: 256 }, (_, code) => code);
/** What a check has printed may still be on its way when it has ended. */
const DRAIN_MS = 200;

export function createHealth(exec: Exec, directories = HEALTH_DIRECTORIES): HealthPort {
  return {
    async check({ units, timeoutMs }, effort) {
      const results: HealthResult[] = [];
      for (const check of await checksIn(directories)) {
        const unfit = await whyUnfit(check);
        results.push(
          unfit === undefined
            ? await runCheck(check, timeoutMs, effort)
            : { check, healthy: false, said: unfit },
        );
      }
      for (const unit of units) results.push(await lookAtUnit(exec, unit, effort));
      return results;
    },
  };
}

async function checksIn(directories: readonly string[]): Promise<readonly string[]> {
  const found = new Map<string, string>();
  for (const directory of directories) {
    const names = await ifThere(`read ${directory}`, () => readdir(directory));
    for (const name of names ?? []) {
      if (name.startsWith('.') || /^README|\.(?:md|txt)$/.test(name)) continue;
      const path = join(directory, name);
      if ((await stat(path).catch(() => undefined))?.isDirectory() !== true) found.set(name, path);
    }
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
}

/** It runs as root: nobody else may have written it. What cannot be run has failed; it is not passed over. */
async function whyUnfit(check: string): Promise<string | undefined> {
  const found = await stat(check).catch(() => undefined);
  if (found === undefined) return 'it is a link that leads nowhere';
  const owner = process.getuid?.() ?? 0;
  if (found.uid !== owner && found.uid !== 0) return 'it does not belong to root';
  if ((found.mode & 0o022) !== 0) return 'others than root may write to it';
  return access(check, constants.X_OK).then(
    () => undefined,
    () => 'it is not executable',
  );
}

/** In a process group of its own, so that nothing of it is left; it has ended when it exits, whatever it left running. */
async function runCheck(
  check: string,
  timeoutMs: number,
  { signal }: Effort,
): Promise<HealthResult> {
  refuseAborted(signal);
  const child = spawn(check, [], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let said = '';
  const keep = (chunk: Buffer): void => {
    said = (said + chunk.toString('utf8')).slice(-KEPT);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const endAll = (): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // Nothing of it is left.
    }
  };
  const late = { yes: false };
  const limit = setTimeout(() => {
    late.yes = true;
    endAll();
  }, timeoutMs);
  signal.addEventListener('abort', endAll, { once: true });
  const ended = await new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, by) => resolve(code === 0 ? undefined : told(code, by)));
  });
  clearTimeout(limit);
  signal.removeEventListener('abort', endAll);
  endAll();
  await drained(child);
  refuseAborted(signal);
  if (ended === undefined) return { check, healthy: true, said: said.trim() };
  const why = late.yes ? `it did not end within ${Math.round(timeoutMs / 1000)} s` : ended;
  return { check, healthy: false, said: said.trim() === '' ? why : said.trim() };
}

function told(code: number | null, by: string | null): string {
  return code === null ? `killed by ${by ?? 'a signal'}` : `exit code ${code}`;
}

async function drained(child: ReturnType<typeof spawn>): Promise<void> {
  await new Promise<void>((resolve) => {
    const enough = setTimeout(resolve, DRAIN_MS);
    child.once('close', () => {
      clearTimeout(enough);
      resolve();
    });
  });
  child.stdout?.destroy();
  child.stderr?.destroy();
}

async function lookAtUnit(exec: Exec, unit: string, { signal }: Effort): Promise<HealthResult> {
  const wanted = { accept: ANY_EXIT_CODE, signal };
  const { stdout, exitCode } = await exec.read('systemctl', ['is-active', '--', unit], wanted);
  return { check: unit, healthy: exitCode === 0, said: stdout.trim() };
}
