import { changeVariables, EMPTY_BLOCK, encodeBlock } from '../../../src/boot/environment-block.ts';
import { mountNext, type WalkContext } from '../context.ts';
import type { Machine } from '../machine.ts';

/** Marks of the stages, as the field manual has them: in the new system where there is one, on COS_OEM else (recovery has no COS_PERSISTENT). */
const MARKS = `name: marks
stages:
  after-reset-chroot:
    - commands: [echo reset > /etc/mark]
  after-deploy-chroot:
    - commands: [echo deploy > /etc/mark]
  after-upgrade-chroot:
    - commands: [echo upgrade > /etc/mark]
  before-reset: &host
    - commands: [date >> /oem/host-stages]
  after-reset: *host
  post-reset: *host
`;

/** Recovery is upgraded and booted; from it, active and passive are made anew; a machine without either is filled again. */
export async function lifecycle(context: WalkContext): Promise<void> {
  const { check, note, part } = context;
  const disk = await part('disk: busybox', () => context.disk('busybox'));
  const next = await part('next system: 2.0', () => context.source('busybox', '2.0'));
  await disk.files.write('oem', '/install.yaml', MARKS);
  const drives = [{ file: next, mode: 'ro' }] as const;
  const tell = (said: string): void => note(said.trimEnd().replaceAll('\n', '\n   '));
  const boot = async (
    title: string,
    entry: 'cos' | 'recovery',
    work: (machine: Machine, booted: { mode: string; version: string }) => Promise<void>,
  ): Promise<void> => {
    const variables = { timeout: '1', saved_entry: entry };
    await disk.files.replay('oem');
    await disk.files.write('oem', '/grubenv', encodeBlock(changeVariables(EMPTY_BLOCK, variables)));
    const machine = await disk.start({ drives });
    try {
      const booted = await part(title, () => machine.ready());
      await work(machine, booted);
      await machine.shutdown();
    } finally {
      await machine.cutPower();
    }
  };

  await boot('boot active', 'cos', async (machine) => {
    await machine.sure(['touch', '/usr/local/of-the-user']);
    await part('elemental upgrade --recovery', async () => {
      await mountNext(machine);
      const source = ['--recovery-system.uri', 'dir:/run/next'];
      tell(await machine.sure(['elemental', 'upgrade', '--recovery', ...source], 900_000));
    });
  });
  await boot('boot the new recovery', 'recovery', async (machine, { mode, version }) => {
    check(mode === 'recovery' && version === '2.0', 'the new recovery system runs');
    check((await text(machine, '/etc/mark')) === 'upgrade', 'with what its hook put into it');
    await part('elemental reset', async () => {
      tell(await machine.sure(['elemental', 'reset'], 900_000));
    });
    tell(await machine.sure(['elemental', 'history']));
  });
  await boot('boot what the reset made', 'cos', async (machine, { mode, version }) => {
    check(mode === 'active' && version === '2.0', 'active is the system of recovery');
    check((await text(machine, '/etc/mark')) === 'reset', 'after-reset-chroot ran in it');
    const stages = (await text(machine, '/oem/host-stages')).split('\n');
    check(stages.length === 3, 'the three stages around it ran');
    check(
      (await machine.run(['test', '-e', '/usr/local/of-the-user'])).code === 0,
      'the data of the user is there',
    );
    tell(await machine.sure(['elemental', 'status']));
  });
  await boot('boot recovery', 'recovery', async (machine) => {
    const state = '/run/state';
    await machine.sure(['mkdir', '-p', state]);
    await machine.sure(['mount', '-L', 'COS_STATE', state]);
    await machine.sure(['rm', `${state}/cOS/active.img`, `${state}/cOS/passive.img`]);
    await machine.sure(['umount', state]);
    await part('elemental deploy', async () => {
      await mountNext(machine);
      tell(await machine.sure(['elemental', 'deploy', 'dir:/run/next'], 900_000));
    });
  });
  await boot('boot what was deployed', 'cos', async (machine, { mode, version }) => {
    check(mode === 'active' && version === '2.0', 'the deployed system runs');
    check((await text(machine, '/etc/mark')) === 'deploy', 'after-deploy-chroot ran in it');
  });
}

async function text(machine: Machine, path: string): Promise<string> {
  return (await machine.sure(['cat', path])).trim();
}
