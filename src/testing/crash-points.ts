/** Every moment at which a command may be cut, each as a machine of its own that was switched on again. */
import { boot } from '../system/simulated/cold-machine.ts';
import type { SimulatedMachine } from '../system/simulated/machine.ts';
import { TestMachine } from './machine.ts';

export interface CrashPoint {
  /** What was happening, and how it was cut: "rename ...: done; power, nothing kept". */
  readonly name: string;
  /** What is left of the machine. Where nothing boots, law 1 is broken: then it is absent. */
  readonly machine: TestMachine | undefined;
}

export interface Sampling {
  /** One moment in so many; 1 by default. */
  readonly oneIn?: number;
}

/** A killed process; and a power cut of which nothing, half or everything that was not durable got to the disk. */
const WAYS: readonly (readonly [
  string,
  (machine: SimulatedMachine) => () => SimulatedMachine | undefined,
])[] = [
  [
    'killed',
    (machine) => {
      const left = machine.kill();
      return () => left;
    },
  ],
  ...(['lost', 'torn', 'kept'] as const).map(
    (data) =>
      [
        `power, unsettled data ${data}`,
        (machine: SimulatedMachine) => {
          const cold = machine.cut(data);
          return () => boot(cold);
        },
      ] as const,
  ),
];

/** The command runs once, uncut; each of its moments then is the beginning of another story. */
export async function* crashPoints(
  machine: TestMachine,
  command: (machine: TestMachine) => Promise<unknown>,
  { oneIn = 1 }: Sampling = {},
): AsyncGenerator<CrashPoint> {
  const left: { name: string; machine: () => SimulatedMachine | undefined }[] = [];
  let moments = 0;
  machine.simulated.onMoment = (what, now) => {
    moments += 1;
    if (moments % oneIn !== 0) return;
    for (const [how, way] of WAYS) left.push({ name: `${what}; ${how}`, machine: way(now) });
  };
  await command(machine);
  machine.simulated.onMoment = () => undefined;
  for (const { name, machine: after } of left) {
    const booted = after();
    const of = booted === undefined ? undefined : new TestMachine(booted, machine.before);
    yield { name, machine: of };
  }
}
