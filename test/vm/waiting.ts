/** Things that are waited for: each with a limit, all ended at once when the machine ends. */
export interface Waiting {
  /** Resolves with the first defined answer of `look`, which is asked now and at each `changed`. */
  until<T>(what: string, limitMs: number, look: () => T | undefined): Promise<T>;
  /** Something happened: everything that waits looks again. */
  changed(): void;
  /** Nothing more will happen: everything that waits, and will wait, fails with this. */
  end(reason: string): void;
}

export function createWaiting(failure: (what: string) => Error): Waiting {
  const looks = new Set<() => void>();
  let ended: string | undefined;
  return {
    until: async (what, limitMs, look) =>
      new Promise((resolve, reject) => {
        const stop = (): void => {
          clearTimeout(timer);
          looks.delete(again);
        };
        const again = (): void => {
          const found = look();
          if (found !== undefined) {
            stop();
            resolve(found);
          } else if (ended !== undefined) {
            stop();
            reject(failure(`${what}: ${ended}`));
          }
        };
        const timer = setTimeout(() => {
          stop();
          reject(failure(`${what}: not within ${limitMs / 1000} s`));
        }, limitMs);
        looks.add(again);
        again();
      }),
    changed: () => {
      for (const look of [...looks]) look();
    },
    end: (reason) => {
      ended ??= reason;
      for (const look of [...looks]) look();
    },
  };
}
