/** What the driver and the agent in the machine say to each other on the second serial line (see `trees/agent.ts`). */

/** What the agent says when it starts, once for each boot. */
export interface Greeting {
  /** Image that was booted: `active`, `passive`, `recovery`, `live` from a medium, or `unknown`. */
  readonly mode: string;
  /** `VERSION_ID` of its os-release. */
  readonly version: string;
  readonly bootId: string;
}

/** How a command in the machine ended. */
export interface Outcome {
  readonly code: number;
  /** Standard output and standard error, as they came. */
  readonly output: string;
}

export type Heard =
  | { readonly type: 'greeting'; readonly greeting: Greeting }
  /** The initramfs gave up. */
  | { readonly type: 'lost'; readonly reason: string }
  | { readonly type: 'outcome'; readonly id: number; readonly outcome: Outcome };

/** A line that asks the agent to run a command: words travel as they are, whatever is in them. */
export function request(id: number, argv: readonly string[]): string {
  const words = argv.map((word) => (word === '' ? '-' : Buffer.from(word).toString('base64')));
  return `RUN ${id} ${words.join(' ')}\n`;
}

/** Takes text in pieces; answers with what was said in them. */
export function agentEar(): (text: string) => readonly Heard[] {
  let rest = '';
  let body = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    return lines.flatMap((line): readonly Heard[] => {
      const [word = '', ...words] = line.replaceAll('\r', '').split(' ');
      switch (word) {
        case 'AGENT-READY': {
          const [mode = '', version = '', bootId = ''] = words;
          return [{ type: 'greeting', greeting: { mode, version, bootId } }];
        }
        case 'INITRAMFS-FAILED':
          return [{ type: 'lost', reason: words.join(' ') }];
        case 'BEGIN':
          body = '';
          return [];
        case 'END': {
          const output = Buffer.from(body, 'base64').toString('utf8');
          const [id, code] = words.map(Number);
          return [{ type: 'outcome', id: id ?? 0, outcome: { code: code ?? -1, output } }];
        }
        default:
          body += word;
          return [];
      }
    });
  };
}
