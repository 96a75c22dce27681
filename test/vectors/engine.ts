import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { runCloudInit } from '../../src/cloud-init/run-cloud-init.ts';
import { runStage } from '../../src/cloud-init/run-stage.ts';
import type { Target } from '../../src/cloud-init/target.ts';
import { UsageError } from '../../src/errors.ts';
import type { HookEvent, StageResult } from '../../src/system/port.ts';
import { ConfinedFiles } from '../../src/system/linux/confined-files.ts';
import { linuxTarget } from '../../src/system/linux/stage-target.ts';
import type { Outcome, VectorCase } from './case.ts';
import { readCase } from './case.ts';
import { changesOf, mountLayers } from './layers.ts';

/**
 * Runs one case with our engine, from outside on the case's root. To be called in fresh mount, UTS, network, IPC and PID
 * namespaces.
 */
export async function runVector(found: {
  readonly vectors: string;
  readonly base: string;
  readonly work: string;
  readonly id: string;
}): Promise<Outcome> {
  process.umask(0o022);
  writeFileSync('/proc/sys/kernel/hostname', 'vectorhost');
  execFileSync('busybox', ['ip', 'link', 'set', 'lo', 'up']);
  const directory = join(found.vectors, found.id);
  const vector = readCase(directory);
  const layers = mountLayers(found, vector);
  const server =
    vector.http === undefined ? undefined : await serve(join(directory, vector.http.serve));
  const files = await ConfinedFiles.open(layers.root);
  const warnings: string[] = [];
  const emit = async (event: HookEvent): Promise<void> => {
    if (event.type === 'hook.warned') {
      warnings.push(event.warning);
    }
  };
  try {
    const given: Record<string, string> = {};
    for (const word of vector.env ?? []) {
      given[word.replace(/=.*/s, '')] = word.replace(/^[^=]*=/, '');
    }
    const environment = {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: '/root',
      ...given,
    };
    const target = linuxTarget({
      scope: 'running-system',
      files,
      machine: files,
      place: {
        prefix: ['unshare', `--root=${layers.root}`, '--wd=/vec', '--'],
        environment,
        startIn: '/',
      },
      workingDirectory: '/vec',
    });
    const stdin =
      vector.stdin === undefined ? '' : readFileSync(join(directory, vector.stdin), 'utf8');
    const result = await command(vector, { target, emit, stdin });
    const log = join(layers.root, 'vec/log');
    const hostname = readFileSync('/proc/sys/kernel/hostname', 'utf8').trim();
    return {
      result: result.ok ? 'ok' : 'fail',
      log: existsSync(log) ? readFileSync(log, 'utf8').replace(/\n$/, '').split('\n') : [],
      changes: changesOf(layers),
      ...(hostname === 'vectorhost' ? {} : { hostname }),
      failures: result.failures,
      warnings,
    };
  } finally {
    await files.close();
    server?.close();
  }
}

interface Run {
  readonly target: Target;
  readonly emit: (event: HookEvent) => Promise<void>;
  readonly stdin: string;
}

interface Ended {
  readonly ok: boolean;
  readonly failures: readonly string[];
}

async function command(vector: VectorCase, run: Run): Promise<Ended> {
  const [name, ...rest] = vector.argv;
  const flags = readFlags(rest);
  const common = { target: run.target, emit: run.emit, signal: new AbortController().signal };
  if (name === 'run-stage') {
    const result = await runStage({
      ...common,
      stage: flags.words[0] ?? '',
      extraPaths: await configuredPaths(run.target, flags.configuration),
      commandLine: await textOf(run.target, '/proc/cmdline'),
    });
    return { ok: !flags.strict || result.failures.length === 0, failures: result.failures };
  }
  try {
    const result: StageResult = await runCloudInit({
      ...common,
      stage: flags.stage,
      sources: flags.words,
      notation: flags.dot ? 'dot' : 'yaml',
      stdin: async () => run.stdin,
    });
    return { ok: result.failures.length === 0, failures: result.failures };
  } catch (error) {
    if (error instanceof UsageError) {
      return { ok: false, failures: [error.message] };
    }
    throw error;
  }
}

function readFlags(words: readonly string[]) {
  const flags = {
    stage: 'default',
    dot: false,
    strict: false,
    configuration: '',
    words: [] as string[],
  };
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    switch (word) {
      case '--stage':
      case '-s':
        flags.stage = words[(at += 1)] ?? '';
        break;
      case '--config-dir':
        flags.configuration = words[(at += 1)] ?? '';
        break;
      case '--dotnotation':
      case '-d':
        flags.dot = true;
        break;
      case '--strict':
        flags.strict = true;
        break;
      default:
        flags.words.push(word);
    }
  }
  return flags;
}

async function configuredPaths(target: Target, directory: string): Promise<readonly string[]> {
  const text = directory === '' ? undefined : await textOf(target, `${directory}/config.yaml`);
  const config = load(text ?? '{}') as Readonly<Record<string, readonly string[]>>;
  return config['cloud-init-paths'] ?? [];
}

async function textOf(target: Target, path: string): Promise<string | undefined> {
  const bytes = await target.files.read(path);
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('utf8');
}

async function serve(directory: string): Promise<Server> {
  const server = createServer((request, response) => {
    const path = join(directory, new URL(request.url ?? '/', 'http://x').pathname);
    if (existsSync(path)) {
      response.end(readFileSync(path));
    } else {
      response.writeHead(404).end('stages: {default: [{commands: ["echo 404 >> /vec/log"]}]}\n');
    }
  });
  await new Promise<void>((resolve) => server.listen(8099, '127.0.0.1', resolve));
  return server;
}
