import { mountNext, type WalkContext, type WorkingDisk } from '../context.ts';
import type { Machine } from '../machine.ts';

/** Soon enough for a walk, late enough for a boot that is well. */
const SOON = `mkdir -p /etc/systemd/system/slotwright-trial-deadline.timer.d && printf '[Timer]\\nOnBootSec=\\nOnBootSec=150s\\n' >/etc/systemd/system/slotwright-trial-deadline.timer.d/soon.conf`;

interface Trouble {
  readonly title: string;
  /** What a hook does to the new system. */
  readonly commands: readonly string[];
  /** What the console says of the one unit that reboots. */
  readonly told: RegExp;
}

const TROUBLES: readonly Trouble[] = [
  {
    title: 'a boot that hangs before sysinit.target',
    commands: [
      SOON,
      unit('hang', {
        before: 'sysinit.target',
        runs: '/usr/bin/sleep infinity',
        link: 'sysinit.target.wants',
      }),
    ],
    told: /not judged in time/,
  },
  {
    title: 'a boot that ends in emergency mode',
    commands: [
      unit('break', {
        before: 'local-fs.target',
        runs: '/usr/bin/false',
        link: 'local-fs.target.requires',
      }),
    ],
    told: /came up in emergency mode/,
  },
];

/** With systemd: an upgrade, the same machine id in all boots, and the units that reboot an image on trial that nobody judges. */
export async function systemd(context: WalkContext): Promise<void> {
  const next = await context.part('next system: 2.0', () => context.source('systemd', '2.0'));
  const drives = [{ file: next, mode: 'ro' as const }];
  await upgrades(context, drives);
  for (const trouble of TROUBLES) {
    context.note(`-- ${trouble.title}`);
    await fallsBack(context, trouble, drives);
  }
}

type Drives = readonly { readonly file: string; readonly mode: 'ro' }[];

async function upgrades(context: WalkContext, drives: Drives): Promise<void> {
  const { check, note, part } = context;
  const disk = await part('disk: systemd', () => context.disk('systemd'));
  const machine = await disk.start({ drives });
  try {
    await part('power on', () => machine.ready(LONG_MS));
    const id = await identity(machine);
    check(/^[0-9a-f]{32}$/.test(id), `the machine has an id: ${id}`);
    const first = await machine.run(['systemctl', 'is-active', 'first-boot-complete.target']);
    check(first.output.trim() === 'inactive', 'this is no first boot to systemd');
    await mountNext(machine);
    await part('elemental upgrade', () => machine.sure(['elemental', 'upgrade'], LONG_MS));
    const booted = await part('reboot', async () => {
      await machine.run(['reboot']);
      return machine.ready(LONG_MS);
    });
    check(booted.mode === 'active' && booted.version === '2.0', 'the new system runs');
    check((await identity(machine)) === id, 'the machine has the same id');
    const status = await machine.sure(['elemental', 'status']);
    note(status.trimEnd().replaceAll('\n', '\n   '));
    check(!status.includes('on trial'), 'the boot was judged by its unit');
    const failed = await machine.sure(['systemctl', '--failed', '--plain', '--no-legend']);
    check(!/slotwright|cos-setup/.test(failed), 'none of our units has failed');
    note((await machine.sure(['systemd-analyze', 'blame'])).split('\n').slice(0, 12).join('\n   '));
  } finally {
    await machine.cutPower();
  }
}

async function fallsBack(context: WalkContext, trouble: Trouble, drives: Drives): Promise<void> {
  const { check, note, part } = context;
  const disk = await part(`disk: ${trouble.title}`, () => troubled(context, trouble));
  const machine = await disk.start({ drives });
  try {
    await part('power on', () => machine.ready(LONG_MS));
    await mountNext(machine);
    // One attempt shows what three do.
    await machine.sure([
      'sh',
      '-c',
      `mkdir -p /etc/elemental/config.d && printf 'boot:\\n  attempts: 1\\n' >/etc/elemental/config.d/attempts.yaml`,
    ]);
    await part('elemental upgrade', () => machine.sure(['elemental', 'upgrade'], LONG_MS));
    const back = await part('reboot, until something runs again', async () => {
      machine.mark();
      await machine.run(['reboot']);
      return machine.ready(LONG_MS);
    });
    check(trouble.told.test(machine.screen()), `the console told it: ${String(trouble.told)}`);
    check(back.mode === 'passive' && back.version === '1.0', 'the passive image runs');
    const why = await machine.sure(['elemental', 'why']);
    note(why.trimEnd().replaceAll('\n', '\n   '));
    check(/was started (once|1 time) and not confirmed/.test(why), 'it knows how often was tried');
  } finally {
    await machine.cutPower();
  }
}

const LONG_MS = 900_000;

async function identity(machine: Machine): Promise<string> {
  return (await machine.sure(['cat', '/etc/machine-id'])).trim();
}

async function troubled(context: WalkContext, { commands }: Trouble): Promise<WorkingDisk> {
  const disk = await context.disk('systemd');
  const hook = { name: 'break the new system', commands };
  await disk.files.write(
    'oem',
    '/90_break.yaml',
    `${JSON.stringify({ stages: { 'after-upgrade-chroot': [hook] } })}\n`,
  );
  return disk;
}

/** Command that adds a unit which runs early in the boot. */
function unit(
  name: string,
  { before, runs, link }: { readonly before: string; readonly runs: string; readonly link: string },
): string {
  const text = [
    ...['[Unit]', 'DefaultDependencies=no', `Before=${before}`],
    ...['[Service]', 'Type=oneshot', `ExecStart=${runs}`, ''],
  ].join('\\n');
  const folder = '/etc/systemd/system';
  return (
    `printf '${text}' >${folder}/${name}.service && mkdir -p ${folder}/${link} && ` +
    `ln -s ../${name}.service ${folder}/${link}/${name}.service`
  );
}
