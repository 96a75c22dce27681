import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setupSources, stageWords } from '../../cloud-init/command-line.ts';
import { defaultPaths, runStage } from '../../cloud-init/run-stage.ts';
import type { SourceReader, SourceText } from '../../cloud-init/sources.ts';
import { isUrl, readPath, readUrl } from '../../cloud-init/sources.ts';
import type { Target } from '../../cloud-init/target.ts';
import type { HookFile, StageRequest, StagesPort } from '../port.ts';
import { openChroot } from './chroot.ts';
import { hasCode } from './confined-error.ts';
import { ConfinedFiles } from './confined-files.ts';
import { linuxTarget } from './stage-target.ts';

export interface LinuxStagesOptions {
  /** The caller's environment, of which hooks get the proxy variables only. */
  readonly callerEnvironment: Readonly<Record<string, string | undefined>>;
  /** The running system; another root is for tests. */
  readonly hostRoot?: string;
  /** Text of the kernel command line; another file is for tests. */
  readonly commandLineFile?: string;
}

/** Runs stages on this machine: on the running system, or in the chroot of a target. */
export function createLinuxStages(options: LinuxStagesOptions): StagesPort {
  const { hostRoot = '/', commandLineFile = '/proc/cmdline' } = options;

  return {
    async run(request) {
      const environment = hookEnvironment(request.environment, options.callerEnvironment);
      const commandLine = await readTextFile(commandLineFile);
      const run = (target: Target) => runStage({ ...request, commandLine, target });
      const machine = await ConfinedFiles.open(hostRoot);
      try {
        return await (request.root === undefined
          ? run(runningSystem(machine, environment))
          : inChroot(request.root, (chroot) =>
              run(
                linuxTarget({
                  scope: 'chroot',
                  files: chroot.files,
                  machine,
                  place: { prefix: chroot.prefix, environment, startIn: '/' },
                  workingDirectory: '/',
                }),
              ),
            ));
      } finally {
        await machine.close();
      }
    },

    async files(extraPaths) {
      const commandLine = (await readTextFile(commandLineFile)) ?? '';
      const machine = await ConfinedFiles.open(hostRoot);
      try {
        const reader = {
          target: runningSystem(machine, hookEnvironment({}, options.callerEnvironment)),
          signal: new AbortController().signal,
        };
        // What the image itself brings is part of the image's digest.
        const paths = defaultPaths.filter((path) => path !== '/system/oem');
        const texts: HookFile[] = [];
        for (const path of [...paths, ...extraPaths, ...setupSources(commandLine)]) {
          texts.push(...(await textsOf(path, reader)).map(hookFile));
        }
        return [...texts, ...commandLineFiles(commandLine)];
      } finally {
        await machine.close();
      }
    },
  };
}

/**
 * The whole environment of a hook. Small on purpose: a hook that works here works at the next boot, and no secret of the
 * caller gets into an image.
 */
export function hookEnvironment(
  wanted: StageRequest['environment'],
  caller: LinuxStagesOptions['callerEnvironment'],
): Readonly<Record<string, string>> {
  const proxies = ['http_proxy', 'https_proxy', 'no_proxy'].flatMap((name) =>
    [name, name.toUpperCase()].flatMap((spelling) => {
      const value = caller[spelling];
      return value === undefined ? [] : [[spelling, value] as const];
    }),
  );
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: '/root',
    TERM: 'dumb',
    LANG: 'C.UTF-8',
    PWD: '/',
    ...Object.fromEntries(proxies),
    ...wanted,
  };
}

/** The running system as a target; for the `cloud-init` and `run-stage` commands, too. */
export function runningSystem(
  files: ConfinedFiles,
  environment: Readonly<Record<string, string>>,
  workingDirectory = '/',
): Target {
  return linuxTarget({
    scope: 'running-system',
    files,
    machine: files,
    place: { prefix: dyingWithUs(), environment, startIn: workingDirectory },
    workingDirectory,
  });
}

/** Not everywhere: an early boot image may lack the program, and its hooks must run all the same. */
function dyingWithUs(): readonly string[] {
  const program = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));
  return program === undefined ? [] : [program, '--pdeathsig', 'KILL', '--'];
}

async function inChroot<T>(
  root: string,
  act: (chroot: Awaited<ReturnType<typeof openChroot>>) => Promise<T>,
): Promise<T> {
  const chroot = await openChroot(root);
  try {
    return await act(chroot);
  } finally {
    await chroot.close();
  }
}

async function textsOf(path: string, reader: SourceReader): Promise<readonly SourceText[]> {
  return isUrl(path) ? [await readUrl(path, reader)] : ((await readPath(path, reader)) ?? []);
}

/** A text that cannot be had has a digest, too: once it can be had again, something else would apply. */
function hookFile(text: SourceText): HookFile {
  return { path: text.name, digest: sha256('text' in text ? text.text : text.error) };
}

function commandLineFiles(commandLine: string): readonly HookFile[] {
  const words = stageWords(commandLine);
  return words.length === 0 ? [] : [{ path: '/proc/cmdline', digest: sha256(words.join('\0')) }];
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

async function readTextFile(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, ['ENOENT', 'ENOTDIR'])) {
      return undefined;
    }
    throw error;
  }
}
