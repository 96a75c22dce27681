/** Entry of the program. What can be answered at once is answered before anything heavy is loaded. */
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
  const [{ runProgram }, { processHost }] = await Promise.all([
    import('./cli/program.ts'),
    import('./cli/process-host.ts'),
  ]);
  return runProgram(processHost(), async () => {
    const { composeServices } = await import('./composition.ts');
    return composeServices();
  });
}

function isVersionQuestion(args: readonly string[]): boolean {
  const [only, ...more] = args;
  return more.length === 0 && (only === '--version' || only === 'version');
}
