import { changeVariables, EMPTY_BLOCK, encodeBlock } from '../../../src/boot/environment-block.ts';
import { mountNext, type StartableDisk, type WalkContext } from '../context.ts';
import type { Greeting } from '../agent-line.ts';
import type { Machine, MachineOptions } from '../machine.ts';

/** Marks of the stages, as the field manual has them: in the new system where there is one, on COS_OEM else (recovery has no COS_PERSISTENT). */
export const MARKS = `name: marks
stages:
  after-install-chroot:
    - commands: [echo install > /etc/mark]
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
  const disk = await context.part('disk: busybox', () => context.disk('busybox'));
  const next = await context.part('next system: 2.0', () => context.source('busybox', '2.0'));
  await disk.files.write('oem', '/install.yaml', MARKS);
  await fromRecoveryToDeploy(context, disk, { drives: [{ file: next, mode: 'ro' }] });
}

/** The same on a disk whose hooks are {@link MARKS}, and that finds 2.0 on its first lent drive. */
export async function fromRecoveryToDeploy(
  context: WalkContext,
  disk: StartableDisk,
  options: Partial<MachineOptions>,
): Promise<void> {
  const { check, part } = context;
  const tell = teller(context);
  const boot: Boot = (title, entry, work) => bootEntry(context, disk, options)(title, entry, work);

  await boot('boot active', 'cos', async (machine) => {
    await machine.sure(['touch', '/usr/local/of-the-user']);
    await part('elemental upgrade --recovery', async () => {
      await mountNext(machine);
      const source = ['--recovery-system.uri', 'dir:/run/next'];
      tell(await machine.sure(['elemental', 'upgrade', '--recovery', ...source], LONG_MS));
    });
  });
  await boot('boot the new recovery', 'recovery', async (machine, { mode, version }) => {
    check(mode === 'recovery' && version === '2.0', 'the new recovery system runs');
    check((await text(machine, '/etc/mark')) === 'upgrade', 'with what its hook put into it');
    await part('elemental reset', async () => {
      tell(await machine.sure(['elemental', 'reset'], LONG_MS));
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
      tell(await machine.sure(['elemental', 'deploy', 'dir:/run/next'], LONG_MS));
    });
  });
  await boot('boot what was deployed', 'cos', async (machine, { mode, version }) => {
    check(mode === 'active' && version === '2.0', 'the deployed system runs');
    check((await text(machine, '/etc/mark')) === 'deploy', 'after-deploy-chroot ran in it');
  });
}

type Boot = (
  title: string,
  entry: 'cos' | 'recovery',
  work: (machine: Machine, booted: Greeting) => Promise<void>,
) => Promise<void>;

/** Boots an entry of the menu, works, and powers off. */
export function bootEntry(
  { part }: WalkContext,
  disk: StartableDisk,
  options: Partial<MachineOptions>,
): Boot {
  return async (title, entry, work) => {
    await chooseEntry(disk, entry);
    const machine = await disk.start(options);
    try {
      const booted = await part(title, () => machine.ready());
      await work(machine, booted);
      await machine.shutdown();
    } finally {
      await machine.cutPower();
    }
  };
}

/** For this boot and those after it (`saved_entry`), or for this one alone (`next_entry`). */
export async function chooseEntry(
  { files }: Pick<StartableDisk, 'files'>,
  entry: 'cos' | 'recovery',
  variable: 'saved_entry' | 'next_entry' = 'saved_entry',
): Promise<void> {
  const variables = { timeout: '1', [variable]: entry };
  await files.replay('oem');
  await files.write('oem', '/grubenv', encodeBlock(changeVariables(EMPTY_BLOCK, variables)));
}

/** Prints what a command said. */
export function teller({ note }: WalkContext): (said: string) => void {
  return (said) => note(said.trimEnd().replaceAll('\n', '\n   '));
}

/** Text of a file in the machine. */
export async function text(machine: Machine, path: string): Promise<string> {
  return (await machine.sure(['cat', path])).trim();
}

const LONG_MS = 900_000;
