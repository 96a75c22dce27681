/** A program that runs the demonstration in the directory it is given, as whoever started it. Bundled by the test that runs it. */
import { sandboxDemo } from '../../../src/sandbox/commands.ts';

const output = (text: string): void => void process.stdout.write(`${text}\n`);
const signal = new AbortController().signal;
void sandboxDemo(process.argv[2] ?? '', { signal, output, note: output }).then((code) => {
  process.exitCode = code;
});
