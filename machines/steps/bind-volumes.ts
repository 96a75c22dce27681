import type { Step } from '../step.ts';

/** Holds `/oem` and `/usr/local` inside the new image; the engine does it, because this step needs them. */
export const bindVolumes: Step = {
  name: 'bind-volumes',
  title: 'Bind OEM and persistent into the new system',
  needs: ['partitions', 'target', 'volumes'],
  whenInterrupted: 'repeat',
  touches: () => [],
  run: async () => undefined,
};
