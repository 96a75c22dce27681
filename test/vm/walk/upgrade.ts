import { mountNext, type WalkContext } from '../context.ts';

/** `elemental upgrade` with the hook of the field manual: the next boot is the new system, with the hook's effect in it. */
export async function upgrade(context: WalkContext): Promise<void> {
  const { check, note, part } = context;
  const disk = await part('disk: busybox', () => context.disk('busybox'));
  const next = await part('next system: 2.0', () => context.source('busybox', '2.0'));
  const machine = await disk.start({ drives: [{ file: next, mode: 'ro' }] });
  try {
    await part('power on', () => machine.ready());
    await part('elemental upgrade', async () => {
      await mountNext(machine);
      note((await machine.sure(['cat', '/oem/install.yaml'])).trimEnd().replaceAll('\n', '\n   '));
      const said = await machine.sure(['elemental', 'upgrade'], 900_000);
      note(said.trimEnd().replaceAll('\n', '\n   '));
    });
    const booted = await part('reboot', async () => {
      await machine.run(['reboot']);
      return machine.ready();
    });
    await part('look around', async () => {
      check(booted.mode === 'active' && booted.version === '2.0', 'the new system runs');
      const { code, output } = await machine.run(['vim']);
      check(
        code === 0 && output.includes('installed by zypper'),
        'the package of the hook is there',
      );
      check(
        (await machine.sure(['rpm', '--dbpath', '/var/lib/rpm', '-q', 'vim'])).startsWith('vim-9'),
        'and rpm knows it',
      );
      note((await machine.sure(['elemental', 'status'])).trimEnd().replaceAll('\n', '\n   '));
      note((await machine.sure(['elemental', 'history'])).trimEnd().replaceAll('\n', '\n   '));
    });
  } finally {
    await machine.cutPower();
  }
}
