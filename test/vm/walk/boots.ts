import type { WalkArguments } from '../arguments.ts';
import type { WalkContext } from '../context.ts';
import { VmError } from '../failure.ts';
import type { Firmware } from '../qemu.ts';
import type { TreeKind } from '../context.ts';
import type { Machine } from '../machine.ts';

/** A disk boots to a login, by either firmware, with either init and either initramfs; its root is read-only and its partitions are where they belong. */
export async function boots(context: WalkContext, { trees }: WalkArguments): Promise<void> {
  const ways: readonly (readonly [TreeKind, Firmware])[] = [
    ['busybox', 'bios'],
    ['busybox', 'efi'],
    ['systemd', 'bios'],
    ['dracut', 'bios'],
  ];
  const wanted = ways.filter(([kind]) => trees.length === 0 || trees.includes(kind));
  if (wanted.length === 0) throw new VmError(`no such tree: ${trees.join(', ')}`);
  for (const [kind, firmware] of wanted) {
    const disk = await context.part(`disk: ${kind}`, () => context.disk(kind));
    const machine = await disk.start({ firmware });
    try {
      await context.part(`power on: ${kind}, ${firmware}`, async () => {
        const { mode, version } = await machine.ready();
        context.check(mode === 'active' && version === '1.0', 'the active image runs');
      });
      await context.part('log in on the serial console', () => logIn(context, machine));
      await context.part('look around', () => lookAround(context, machine));
      await context.part('power off', () => machine.shutdown());
    } finally {
      await machine.cutPower();
    }
  }
}

async function logIn(context: WalkContext, machine: Machine): Promise<void> {
  await machine.seen(/login: /);
  machine.mark();
  machine.type('root\n');
  await machine.seen(/# /);
  machine.type('echo "it is $((40 + 2))"\n');
  await machine.seen(/it is 42/);
  context.note('yes  a person can log in');
}

async function lookAround({ check, note }: WalkContext, machine: Machine): Promise<void> {
  const words = (await machine.sure(['cat', '/proc/cmdline'])).trim();
  note(words);
  const { code } = await machine.run(['touch', '/usr/share/vm/changed']);
  check(code !== 0, 'nothing can be written to /usr');
  check((await machine.run(['touch', '/etc/changed'])).code === 0, '/etc can be written to');
  check((await machine.run(['test', '-f', '/oem/install.yaml'])).code === 0, '/oem is there');
  check((await machine.run(['test', '-d', '/usr/local/rpms'])).code === 0, '/usr/local is there');
  note((await machine.sure(['elemental', 'status'])).trimEnd().split('\n').join('\n   '));
}
