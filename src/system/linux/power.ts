import { SystemError } from '../../errors.ts';
import type { PowerPort } from '../port.ts';
import type { Exec } from './exec.ts';

/** Ends this boot: in order where systemd runs, else at once. Everything is written back before. */
export function createPower(exec: Exec): PowerPort {
  const end = async (how: 'reboot' | 'poweroff') => {
    await exec.change('sync', []);
    try {
      await exec.change('systemctl', [how]);
    } catch (error) {
      // Without systemd as init this is the reference's way.
      if (!(error instanceof SystemError)) throw error;
      await exec.change(how, ['-f']);
    }
  };
  return { reboot: () => end('reboot'), poweroff: () => end('poweroff') };
}
