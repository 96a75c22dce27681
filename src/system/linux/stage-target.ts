import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import type { Target, TargetFiles, Values } from '../../cloud-init/target.ts';
import { randomText } from '../../cloud-init/template/sprig-random.ts';
import type { ExecPlace } from './stage-exec.ts';
import { execAt } from './stage-exec.ts';
import { createFetch } from './stage-fetch.ts';
import { gatherValues } from './stage-values.ts';

export interface LinuxTargetParts {
  readonly scope: Target['scope'];
  /** Files of the target. */
  readonly files: TargetFiles;
  /** Files of the running machine; for a stage of the running system they are the target's. */
  readonly machine: TargetFiles;
  readonly place: ExecPlace;
  /** Where relative paths of the target start. */
  readonly workingDirectory: string;
}

/** The target of a stage on a real machine. */
export function linuxTarget(parts: LinuxTargetParts): Target {
  const { scope, files, machine, place, workingDirectory } = parts;
  let values: Promise<Values> | undefined;
  const random = (bytes: number): Uint8Array => randomBytes(bytes);
  return {
    scope,
    files,
    workingDirectory,
    exec: (request) => execAt(place, request),
    fetch: createFetch({ environment: place.environment }),
    async hostname() {
      const bytes = await machine.read('/proc/sys/kernel/hostname');
      return Buffer.from(bytes ?? [])
        .toString('utf8')
        .trim();
    },
    async setHostname(name) {
      await writeFile('/proc/sys/kernel/hostname', name);
    },
    values() {
      values ??= gatherValues({
        machine,
        system: files,
        random: randomText('0123456789abcdefghijklmnopqrstuvwxyz', 32, random),
      });
      return values;
    },
    random,
    now: () => Date.now(),
    today: () => Math.floor(Date.now() / 86_400_000),
  };
}
