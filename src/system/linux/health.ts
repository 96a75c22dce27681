/** Health of the running system: executables of three directories, and units that systemd calls active. */
import { access, constants, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SystemError } from '../../errors.ts';
import { ifThere } from './file-error.ts';
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

export function createHealth(exec: Exec, directories = HEALTH_DIRECTORIES): HealthPort {
  return {
    async check({ units, timeoutMs }, effort) {
      const results: HealthResult[] = [];
      for (const program of await programsIn(directories)) {
        results.push(await runProgram(exec, program, timeoutMs, effort));
      }
      for (const unit of units) results.push(await lookAtUnit(exec, unit, effort));
      return results;
    },
  };
}

async function programsIn(directories: readonly string[]): Promise<readonly string[]> {
  const found = new Map<string, string>();
  for (const directory of directories) {
    const names = await ifThere(`read ${directory}`, () => readdir(directory));
    for (const name of names ?? []) {
      const path = join(directory, name);
      if (name.startsWith('.') || !(await isProgram(path))) continue;
      found.set(name, path);
    }
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
}

/** A text beside the checks is no check; a check that nobody may execute is one that fails to run, not one that is left out. */
async function isProgram(path: string): Promise<boolean> {
  const found = await ifThere(`look at ${path}`, () => stat(path));
  if (found?.isFile() !== true) return false;
  return access(path, constants.X_OK).then(
    () => true,
    () => !/(^|\/)README|\.(md|txt)$/.test(path),
  );
}

async function runProgram(
  exec: Exec,
  program: string,
  timeoutMs: number,
  { signal }: Effort,
): Promise<HealthResult> {
  try {
    const wanted = { accept: ANY_EXIT_CODE, signal, timeoutMs };
    const { stdout, stderr, exitCode } = await exec.change(program, [], wanted);
    const said = end(stdout + stderr);
    return { check: program, healthy: exitCode === 0, said: said || `exit code ${exitCode}` };
  } catch (error) {
    if (signal.aborted || !(error instanceof SystemError)) throw error;
    return { check: program, healthy: false, said: end(error.reason ?? error.message) };
  }
}

async function lookAtUnit(exec: Exec, unit: string, { signal }: Effort): Promise<HealthResult> {
  const wanted = { accept: ANY_EXIT_CODE, signal };
  const { stdout, exitCode } = await exec.read('systemctl', ['is-active', '--', unit], wanted);
  return { check: unit, healthy: exitCode === 0, said: stdout.trim() };
}

function end(text: string): string {
  return text.trim().slice(-KEPT);
}
