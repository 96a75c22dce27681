import type { Part } from './part.ts';
import { runProgram } from './run-program.ts';

/** One call of systemd-firstboot with all settings, sorted; the value `true` is a bare flag. */
export const systemdFirstboot: Part = {
  name: 'systemd_firstboot',
  isAskedFor: (step) => (step.systemd_firstboot ?? []).length > 0,
  async run(step, context) {
    const words = (step.systemd_firstboot ?? []).map(({ key, value }) =>
      value === 'true' ? `--${key.toLowerCase()}` : `--${key.toLowerCase()}=${value}`,
    );
    await runProgram(context, ['systemd-firstboot', ...words.sort()]);
  },
};
