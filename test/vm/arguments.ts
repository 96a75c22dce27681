import { parseArgs } from 'node:util';

/** What a walk was asked for. */
export interface WalkArguments {
  readonly scenarios: readonly string[];
  /** Of `boots`: kinds of trees; empty means all. */
  readonly trees: readonly string[];
  /** Of `fallback`: names of the faults to walk through; empty means all. */
  readonly faults: readonly string[];
  /** Of `install`: ways to walk through, as `bios-gpt`; empty means all. */
  readonly ways: readonly string[];
  readonly cuts: CutArguments;
  /** Of `cuts`: folder that gets the history of each machine that was cut, as bundles. */
  readonly keep?: string;
  /** Of `states`: numbers of the moments to boot, from 1; empty means all. */
  readonly moments: readonly number[];
}

/** Of `cuts`: how many of each kind, and what the times are drawn from. */
export interface CutArguments {
  readonly upgrade: number;
  readonly boot: number;
  readonly reset: number;
  readonly install: number;
  /** Of each kind, the number of the first one: earlier ones are drawn and left out. */
  readonly from: number;
  readonly seed: number;
}

export const USAGE = `options: --tree NAME (of boots), --fault NAME (of fallback), --way NAME (of install; all may be repeated)
         --upgrade N --boot N --reset N --install N (of cuts: how many of each kind; of resets, of each of two ways)
         --from N --seed N (of cuts: the first one, where chance begins)
         --keep DIR (of cuts: gets the history of each machine that was cut in its upgrade)
         --moment N (of states; may be repeated)`;

/** Names are checked by whoever knows them; here only the form. */
export function parseArguments(
  argv: readonly string[],
): WalkArguments | { readonly wrong: string } {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        tree: { type: 'string', multiple: true, default: [] },
        fault: { type: 'string', multiple: true, default: [] },
        upgrade: { type: 'string', default: '20' },
        boot: { type: 'string', default: '10' },
        reset: { type: 'string', default: '5' },
        install: { type: 'string', default: '10' },
        way: { type: 'string', multiple: true, default: [] },
        moment: { type: 'string', multiple: true, default: [] },
        keep: { type: 'string' },
        from: { type: 'string', default: '1' },
        seed: { type: 'string', default: '20261123' },
      },
    });
    const { upgrade, boot, reset, install, from, seed, moment } = values;
    const numbers = [upgrade, boot, reset, install, from, seed, ...moment];
    const wrong = numbers.find((text) => !/^[0-9]{1,9}$/.test(text));
    if (wrong !== undefined) return { wrong: `not a number: ${wrong}` };
    const cuts = {
      upgrade: Number(upgrade),
      boot: Number(boot),
      reset: Number(reset),
      install: Number(install),
      from: Number(from),
      seed: Number(seed),
    };
    return {
      scenarios: positionals,
      trees: values.tree,
      faults: values.fault,
      ways: values.way,
      cuts,
      moments: moment.map(Number),
      ...(values.keep === undefined ? {} : { keep: values.keep }),
    };
  } catch (error) {
    return { wrong: error instanceof Error ? error.message : String(error) };
  }
}
