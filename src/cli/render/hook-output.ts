/** What hooks print, in whole lines: chunks end anywhere, and a progress bar that rewrites its line counts as what it ends as. */
import { printable } from './width.ts';

export interface HookOutput {
  readonly take: (chunk: string) => void;
  /** Tells a last line that has no end. */
  readonly end: () => void;
}

export function hookOutput(tell: (line: string) => void): HookOutput {
  let partial = '';
  return {
    take: (chunk) => {
      const lines = (partial + chunk).split('\n');
      partial = lines.pop() ?? '';
      for (const line of lines) tell(printable(lastWritten(line)));
    },
    end: () => {
      if (partial !== '') tell(printable(lastWritten(partial)));
      partial = '';
    },
  };
}

function lastWritten(line: string): string {
  const text = line.replace(/\r+$/, '');
  return text.slice(text.lastIndexOf('\r') + 1);
}
