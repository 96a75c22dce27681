/** From signals to an `AbortSignal`: the first asks to stop, later ones say that it was heard. */
import { InterruptedError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { Host, StopSignal } from './host.ts';
import type { Screen } from './screen.ts';

export interface Interruption {
  readonly signal: AbortSignal;
  /** Exit code of whoever was stopped by it. */
  readonly exit: () => number | undefined;
  readonly end: () => void;
}

export function listenForStop(host: Host, screen: Screen): Interruption {
  const controller = new AbortController();
  let first: StopSignal | undefined;
  const end = host.onStop((signal) => {
    if (first !== undefined) {
      screen.note('still recording where it stopped, so that it can be continued from there');
      screen.note(`to force: kill -KILL ${host.pid} (safe, the next start repairs what it finds)`);
      return;
    }
    first = signal;
    screen.note(`stopping after ${signal}; what was begun will be recorded`);
    controller.abort(
      new InterruptedError({
        code: 'interrupted',
        message: `stopped by ${signal}`,
        exit: exitFor(signal),
      }),
    );
  });
  return {
    signal: controller.signal,
    exit: () => (first === undefined ? undefined : exitFor(first)),
    end,
  };
}

function exitFor(signal: StopSignal): number {
  return signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated;
}
