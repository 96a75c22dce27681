import { changeVariables, EMPTY_BLOCK, encodeBlock } from '../../../src/boot/environment-block.ts';
import type { WalkContext } from '../context.ts';

/** `rd.cos.debugrw` makes changes in the image stay; in recovery it is refused. */
export async function debugrw(context: WalkContext): Promise<void> {
  const { check, part } = context;
  const disk = await part('disk: busybox', () => context.disk('busybox'));
  const menu = async (variables: Readonly<Record<string, string>>): Promise<void> => {
    await disk.files.replay('oem');
    const block = encodeBlock(changeVariables(EMPTY_BLOCK, { timeout: '1', ...variables }));
    await disk.files.write('oem', '/grubenv', block);
  };
  const boot = async (
    title: string,
    look: (run: (...argv: string[]) => Promise<number>) => Promise<void>,
  ): Promise<void> => {
    await part(title, async () => {
      const machine = await disk.start();
      try {
        await machine.ready();
        await look(async (...argv) => (await machine.run(argv)).code);
      } finally {
        await machine.shutdown();
        await machine.cutPower();
      }
    });
  };
  await menu({ extra_cmdline: 'rd.cos.debugrw' });
  await boot('boot with rd.cos.debugrw', async (run) => {
    check((await run('touch', '/usr/share/vm/debug')) === 0, '/usr can be changed');
    check((await run('touch', '/etc/debug')) === 0, '/etc can be changed');
  });
  await menu({});
  await boot('boot without it', async (run) => {
    check((await run('test', '-e', '/usr/share/vm/debug')) === 0, 'the change of /usr stayed');
    check((await run('test', '-e', '/etc/debug')) !== 0, 'the change of /etc is gone');
    check((await run('touch', '/usr/share/vm/more')) !== 0, '/usr cannot be changed any more');
  });
  await menu({ extra_cmdline: 'rd.cos.debugrw', saved_entry: 'recovery' });
  await boot('boot recovery with rd.cos.debugrw', async (run) => {
    check((await run('test', '-e', '/run/cos/recovery_mode')) === 0, 'recovery runs');
    check((await run('touch', '/usr/share/vm/debug')) !== 0, '/usr of recovery cannot be changed');
    const said = ['sh', '-c', 'dmesg | grep -q "debugrw is refused in recovery"'];
    check((await run(...said)) === 0, 'and the kernel log says that it was refused');
  });
}
