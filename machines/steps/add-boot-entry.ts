import { installRequestOf } from '../install-request.ts';
import type { Step } from '../step.ts';
import { loaderStart } from './stage-loader.ts';

/** Name of the entry, as the reference has it: it takes the place of one from there. */
const ENTRY = 'elemental-shim';

/** The firmware's own list of what to start. A disk with one system starts without it, so its failure is only told. */
export const addBootEntry: Step = {
  name: 'add-boot-entry',
  title: 'Tell the firmware of the new system',
  needs: [],
  whenInterrupted: 'repeat',
  onFailure: 'report',
  touches: () => [],

  skip(context) {
    const { firmware, bootEntry } = installRequestOf(context);
    if (firmware === 'bios') return 'a BIOS keeps no entries';
    return bootEntry === 'none' ? 'none is wanted' : undefined;
  },

  async run(context) {
    const { disk } = installRequestOf(context);
    const partition = context.device.partitions.find(({ role }) => role === 'efi');
    const start = loaderStart(context);
    if (partition === undefined || start === undefined) return { added: false };
    const entry = { disk, partition: partition.device, label: ENTRY, loader: start };
    return { added: await context.system.boot.addBootEntry(entry) };
  },
};
