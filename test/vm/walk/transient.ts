import type { WalkContext } from '../context.ts';

/** What is changed on a running system is gone after a reboot, except on COS_OEM and COS_PERSISTENT. */
export async function transient(context: WalkContext): Promise<void> {
  const { check, part } = context;
  const disk = await part('disk: busybox', () => context.disk('busybox'));
  const machine = await disk.start();
  try {
    const first = await part('power on', () => machine.ready());
    await part('change everything that can be changed', async () => {
      for (const path of [...GONE, ...KEPT]) await machine.sure(['touch', path]);
      const { code } = await machine.run(['touch', '/usr/share/vm/changed']);
      check(code !== 0, '/usr cannot be changed');
      await machine.sure(['sync']);
    });
    const second = await part('reboot', async () => {
      await machine.run(['reboot']);
      return machine.ready();
    });
    check(first.bootId !== second.bootId, 'it is another boot');
    await part('look again', async () => {
      const there = async (path: string): Promise<boolean> =>
        (await machine.run(['test', '-e', path])).code === 0;
      for (const path of GONE) check(!(await there(path)), `${path} is gone`);
      for (const path of KEPT) check(await there(path), `${path} is there`);
    });
  } finally {
    await machine.cutPower();
  }
}

const GONE = ['/etc/changed', '/var/lib/changed', '/root/changed'];
const KEPT = ['/oem/changed', '/usr/local/changed'];
