/** Health of a simulated machine: each file below the health directories of its image is a check, and says how it ends. */
import type { HealthPort } from '../port.ts';
import type { SimulatedMachine } from './machine.ts';
import { stopWhenAborted } from './refusal.ts';

const DIRECTORY = '/etc/slotwright/health.d/';

/** Content of a check that is well; any other content is what an unwell one says. */
export const WELL = 'well';

export function simulatedHealth(machine: SimulatedMachine): HealthPort {
  return {
    async check({ units }, { signal }) {
      machine.moment('check health');
      stopWhenAborted(signal);
      const root = machine.mounts.find(({ at }) => at === '/')?.root;
      const image =
        root?.in === 'image' ? machine.fileSystem(root.fs).tree.inodes.get(root.ino) : undefined;
      const files = image?.kind === 'image' ? [...image.contents] : [];
      return [
        ...files
          .filter(([path]) => path.startsWith(DIRECTORY))
          .map(([check, said]) => ({ check, healthy: said === WELL, said })),
        ...units.map((check) => ({ check, healthy: true, said: 'active' })),
      ];
    },
  };
}
