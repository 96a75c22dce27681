/** Entry of the program. What can be answered at once is answered before anything heavy is loaded. */
import type { LogFile } from './cli/host.ts';
import { needsNamespace, runInNamespace } from './cli/private-namespace.ts';
import { FULL_VERSION } from './cli/version.ts';

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});

async function main(args: readonly string[]): Promise<number> {
  if (isVersionQuestion(args)) {
    process.stdout.write(`${FULL_VERSION}\n`);
    return 0;
  }
  const caller = {
    args,
    environment: process.env,
    root: process.getuid?.() === 0,
    parent: process.ppid,
  };
  if (needsNamespace(caller)) {
    const self = [process.execPath, ...process.execArgv, process.argv[1] ?? '', ...args];
    return runInNamespace(self, (text) => void process.stderr.write(text));
  }
  const [{ runProgram }, { processHost }, { createClock }] = await Promise.all([
    import('./cli/program.ts'),
    import('./cli/process-host.ts'),
    import('./system/linux/clock.ts'),
  ]);
  return runProgram(processHost({ openLog, clock: createClock() }), async () => {
    const { composeServices } = await import('./composition.ts');
    return composeServices();
  });
}

/** The log may hold what hooks print: nobody else may read it. What cannot be written is lost, the work goes on. */
async function openLog(path: string): Promise<LogFile> {
  const { open } = await import('node:fs/promises');
  const file = await open(path, 'a', 0o600);
  let written = Promise.resolve();
  return {
    write: (text) => {
      written = written.then(() => file.appendFile(text)).catch(() => undefined);
    },
    close: async () => {
      await written;
      await file.close();
    },
  };
}

function isVersionQuestion(args: readonly string[]): boolean {
  const [only, ...more] = args;
  return more.length === 0 && (only === '--version' || only === 'version');
}
