/** Puts the program together on the machine it runs on: the only place that knows every part. */
import { createHash } from 'node:crypto';
import { createReadStream, realpathSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createStateAccess } from '../state/access.ts';
import type { StageOutcome } from './cli/outcome.ts';
import type { Services, StageCommand, StageHooks } from './cli/services.ts';
import { FULL_VERSION } from './cli/version.ts';
import { runCloudInit } from './cloud-init/run-cloud-init.ts';
import type { Machinery } from './engine/machinery.ts';
import { conclude } from './inspect/log-reading.ts';
import { hookFileServices } from './hook-file-services.ts';
import { lifecycleServices } from './lifecycle-services.ts';
import { logServices } from './log-services.ts';
import { stoppableAt } from './proof/stop-after-record.ts';
import { createClock, createIds } from './system/linux/clock.ts';
import { ConfinedFiles } from './system/linux/confined-files.ts';
import { createLinuxSystem } from './system/linux/index.ts';
import { createLinuxStages, hookEnvironment, runningSystem } from './system/linux/stages.ts';
import type { System } from './system/port.ts';

export function composeServices(): Services {
  const clock = createClock();
  const stages = createLinuxStages({ callerEnvironment: process.env });
  const system = createLinuxSystem({ stages });
  const state = stoppableAt(
    process.env['SLOTWRIGHT_STOP_AFTER_RECORD'],
    createStateAccess(clock, { by: FULL_VERSION, conclude }),
  );
  const machinery: Machinery = {
    system,
    state,
    ids: createIds(),
    tool: `slotwright ${FULL_VERSION}`,
    digest: (text) => createHash('sha256').update(text).digest('hex'),
  };

  const menu = join(imageFolder(), 'etc/cos/grub.cfg');
  return {
    ...lifecycleServices(machinery, clock, menu),
    ...logServices(machinery),
    plan: async (...asked) => {
      const { planService } = await import('./plan-services.ts');
      return planService(machinery, clock, menu)(...asked);
    },
    runStage: (command, hooks) => runStageCommand(system, command, hooks),
    cloudInit: (command, hooks) => cloudInitCommand(command, hooks),
    hookFiles: hookFileServices(system, readStandardInput),
    pages: {
      write: async (path, text) => {
        const { writeOwnerFile } = await import('./system/linux/owner-file.ts');
        return writeOwnerFile(path, text);
      },
      serve: async (server, hooks) => {
        const { servePages } = await import('./system/linux/loopback-server.ts');
        return servePages(server, hooks);
      },
    },
    media: {
      buildDisk: async (request, hooks) => {
        const { buildDisk } = await import('./media/build-disk.ts');
        return buildDisk(
          { ...request, date: clock.now().replace(/\.\d+Z$/, 'Z') },
          { ...hooks, stages },
        );
      },
      buildIso: async (request, hooks) => {
        const { buildIso } = await import('./media/build-iso.ts');
        return buildIso(request, hooks);
      },
      pullImage: async (request, hooks) => {
        const { pullImage } = await import('./media/pull-image.ts');
        return pullImage(system, request, hooks);
      },
      prepareImage: async (request, hooks) => {
        const { prepareImage } = await import('./system/linux/prepare-image/prepare-image.ts');
        const bundle = await realpath(process.argv[1] ?? '');
        const folder = imageFolder();
        return prepareImage(request, { ...hooks, bundle, folder, environment: process.env });
      },
    },
    prove: async ({ hooks: paths, ...request }, hooks) => {
      const [{ prove }, { hookTexts }] = await Promise.all([
        import('./proof/prove/prove.ts'),
        sandboxParts(),
      ]);
      const program = await realpath(process.argv[1] ?? '');
      return prove(system, { ...request, hooks: await hookTexts(paths), program }, hooks);
    },
    sandbox: {
      create: async (directory, recipe, hooks) =>
        (await sandbox()).sandboxCreate(directory, hooks, recipe),
      shell: async (directory) => (await sandbox()).sandboxShell(directory),
      run: async (directory, command) => (await sandbox()).sandboxRun(directory, command),
      destroy: async (directory) => (await sandbox()).sandboxDestroy(directory),
      demo: async (directory, hooks) => (await sandbox()).sandboxDemo(directory, hooks),
    },
  };
}

/** What is laid over images, beside the bundle; where the program is not one, the default of an installation. */
function imageFolder(): string {
  try {
    return join(dirname(realpathSync(process.argv[1] ?? '')), 'image');
  } catch {
    return '/usr/lib/slotwright/image';
  }
}

const sandbox = () => import('./sandbox/commands.ts');
const sandboxParts = () => import('./sandbox/create.ts');

async function runStageCommand(
  system: System,
  { stage, extraPaths }: StageCommand,
  { signal, output, event }: StageHooks,
): Promise<StageOutcome> {
  const result = await system.stages.run({
    stage,
    extraPaths,
    environment: { ELEMENTAL_STAGE: stage },
    signal,
    emit: async (told) => event?.(told),
    show: output,
  });
  return { stage, ...result, failures: [...result.failures] };
}

async function cloudInitCommand(
  { stage, sources = [], dotNotation }: StageCommand,
  { signal, output, event }: StageHooks,
): Promise<StageOutcome> {
  const files = await ConfinedFiles.open('/');
  try {
    const environment = hookEnvironment({ ELEMENTAL_STAGE: stage }, process.env);
    const result = await runCloudInit({
      stage,
      sources,
      notation: dotNotation ? 'dot' : 'yaml',
      stdin: readStandardInput,
      target: runningSystem(files, environment, process.cwd()),
      signal,
      emit: async (told) => event?.(told),
      show: output,
    });
    return { stage, ...result, failures: [...result.failures] };
  } finally {
    await files.close();
  }
}

async function readStandardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream('', { fd: 0 }) as AsyncIterable<Buffer>) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
