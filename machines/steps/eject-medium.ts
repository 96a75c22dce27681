import { installRequestOf } from '../install-request.ts';
import type { Step } from '../step.ts';

/** systemd runs what lies here when all else has ended (spec 3.1, step 19). */
const SCRIPT = '/usr/lib/systemd/system-shutdown/eject';

/** Lets the live system eject its medium when it goes down. */
export const ejectMedium: Step = {
  name: 'eject-medium',
  title: 'Eject the medium at the end',
  needs: [],
  whenInterrupted: 'repeat',
  onFailure: 'report',
  touches: () => [],

  skip(context) {
    if (installRequestOf(context).medium === 'keep') return 'not asked for';
    const words = context.device.commandLine.split(/\s+/);
    return words.includes('cdroot') ? undefined : 'this system does not run from a medium';
  },

  async run({ system }) {
    await system.files.makeDirectory(SCRIPT.slice(0, SCRIPT.lastIndexOf('/')), 0o755);
    await system.files.writeText(SCRIPT, '#!/bin/sh\n/usr/bin/eject -rmF\n', 0o744);
    return undefined;
  },
};
