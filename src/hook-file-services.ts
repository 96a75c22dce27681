/** What commands ask about hook files of this machine; nothing is run, so nothing has to be stopped either. */
import type { HookFileServices } from './cli/services.ts';
import type { Target } from './cloud-init/target.ts';
import { ConfinedFiles } from './system/linux/confined-files.ts';
import { hookEnvironment, runningSystem } from './system/linux/stages.ts';
import type { System } from './system/port.ts';

/** `stdin` reads standard input to its end. */
export function hookFileServices(system: System, stdin: () => Promise<string>): HookFileServices {
  return {
    async analyze({ stage, extraPaths }) {
      const { analyzeStage } = await import('./cloud-init/analyze-stage.ts');
      const commandLine = await system.files.readText('/proc/cmdline');
      return reading((reader) => analyzeStage({ stage, extraPaths, commandLine, ...reader }));
    },
    async lint(sources) {
      const { lintSources } = await import('./cloud-init/lint/lint-sources.ts');
      const { files, findings } = await reading((reader) =>
        lintSources({ sources, stdin, ...reader }),
      );
      return {
        files: [...files],
        findings: findings.map(({ at, ...finding }) => ({ ...finding, ...at })),
      };
    },
    async schema(form) {
      const { hookFileSchema } = await import('./cloud-init/json-schema.ts');
      return hookFileSchema(form === 'cloud-init' ? 'stages' : form);
    },
  };
}

interface Reader {
  readonly target: Target;
  readonly signal: AbortSignal;
}

async function reading<T>(work: (reader: Reader) => Promise<T>): Promise<T> {
  const files = await ConfinedFiles.open('/');
  try {
    const target = runningSystem(files, hookEnvironment({}, process.env), process.cwd());
    return await work({ target, signal: new AbortController().signal });
  } finally {
    await files.close();
  }
}
