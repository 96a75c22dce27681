/**
 * Hooks of a simulated machine. A hook is declared with what it does and belongs to a file: it runs as long as that file is
 * there. Effects of a chroot stage land where their path leads inside the target, so bound volumes are reached too.
 */
import { createHash } from 'node:crypto';
import type { HookFile, StageRequest, StagesPort } from '../port.ts';
import { inodeAt } from './tree.ts';
import { imageAt } from './location.ts';
import { writePlainly } from './files.ts';
import type { SimulatedMachine } from './machine.ts';
import { stopWhenAborted } from './refusal.ts';

/** One step of a hook file. */
export interface SimulatedHook {
  /** With `.before` or `.after` where it is of those. */
  readonly stage: string;
  /** File it stands in, for instance `/oem/install.yaml`. */
  readonly source: string;
  readonly step: string;
  readonly writes?: Readonly<Record<string, string>>;
  readonly outputs?: readonly string[];
  /** Why it fails, after its writes. */
  readonly fails?: string;
  /** It starts a process and does not wait for it. */
  readonly leavesProcess?: string;
}

const DEFAULT_PATHS = ['/system/oem', '/oem', '/usr/local/cloud-config'];

export function simulatedStages(machine: SimulatedMachine): StagesPort {
  return {
    async run(request) {
      const failures: string[] = [];
      let stepsRun = 0;
      const started = new Set<string>();
      for (const suffix of ['.before', '', '.after']) {
        for (const hook of machine.surroundings.hooks) {
          if (hook.stage !== request.stage + suffix || textAt(machine, hook.source) === undefined) {
            continue;
          }
          stopWhenAborted(request.signal);
          stepsRun += 1;
          const failure = await perform(machine, hook, request);
          if (hook.leavesProcess !== undefined) started.add(hook.leavesProcess);
          if (failure !== undefined) failures.push(failure);
        }
      }
      // The holder of a chroot stage takes its processes with it; those of a host stage are the user's.
      if (request.root !== undefined) for (const name of started) machine.processes.delete(name);
      return { stepsRun, stepsSkipped: 0, failures };
    },

    async files(extraPaths) {
      return [...DEFAULT_PATHS, ...extraPaths].flatMap((path) => filesIn(machine, path));
    },
  };
}

async function perform(
  machine: SimulatedMachine,
  hook: SimulatedHook,
  { root, emit, show }: StageRequest,
): Promise<string | undefined> {
  const { stage, source, step } = hook;
  await emit({ type: 'hook.started', stage, source, step });
  if (hook.leavesProcess !== undefined) {
    machine.processes.add(hook.leavesProcess);
  }
  for (const [path, text] of Object.entries(hook.writes ?? {})) {
    const place = (root ?? '') + path;
    writePlainly(machine, place, text);
  }
  for (const text of hook.outputs ?? []) {
    show?.(text);
    const part = 'commands';
    await emit({ type: 'hook.output', stage, source, step, part, text, truncated: false });
  }
  if (hook.fails === undefined) {
    await emit({ type: 'hook.completed', stage, source, step });
    return undefined;
  }
  await emit({ type: 'hook.failed', stage, source, step, error: hook.fails });
  return `${source}: ${step}: ${hook.fails}`;
}

function filesIn(machine: SimulatedMachine, path: string): readonly HookFile[] {
  const at = machine.locate(path);
  const fs = machine.fileSystem(at.fs);
  const names =
    at.in === 'image'
      ? [...(imageAt(fs, at.ino)?.contents.keys() ?? [])]
      : [...fs.tree.names.keys()];
  const base = at.path === '/' ? '' : at.path;
  return names
    .filter((name) => name === base || name.startsWith(`${base}/`))
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .flatMap((name) => {
      const file = path + name.slice(base.length);
      const text = textAt(machine, file);
      if (text === undefined) return [];
      return [{ path: file, digest: createHash('sha256').update(text).digest('hex') }];
    });
}

function textAt(machine: SimulatedMachine, path: string): string | undefined {
  const at = machine.locate(path);
  const fs = machine.fileSystem(at.fs);
  if (at.in === 'image') return imageAt(fs, at.ino)?.contents.get(at.path);
  const inode = inodeAt(fs.tree, at.path);
  return inode?.kind === 'text' ? inode.text : undefined;
}
