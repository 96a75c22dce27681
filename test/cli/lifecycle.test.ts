/** The commands that make systems anew, on a simulated machine. */
import { describe, expect, it } from 'vitest';
import type { SimulatedMachine } from '../../src/system/simulated/machine.ts';
import { newMachine, type NewMachine } from '../../src/system/simulated/new-machine.ts';
import { sourceOf } from '../../src/system/simulated/sources.ts';
import { EXIT } from '../../src/exit-codes.ts';
import { runCli } from './run-cli.ts';
import { simulatedServices } from './simulated-services.ts';

const machineWith = (more: Partial<NewMachine> = {}): SimulatedMachine =>
  newMachine({
    slots: { active: 'one', passive: 'zero', recovery: 'rescue' },
    bootVariables: { saved_entry: 'recovery' },
    files: { '/oem/settings': 'of the user', '/usr/local/data': 'of the user' },
    sources: {
      '/new': sourceOf('two'),
      '/run/initramfs/cos-state/cOS/recovery.img': { ...sourceOf('rescue'), kind: 'file' },
    },
    ...more,
  });

const cli = (machine: SimulatedMachine, line: string) =>
  runCli(line, { services: simulatedServices(machine) });

describe('reset', () => {
  it('says where it works, and changes nothing elsewhere', async () => {
    const { exit, stderr } = await cli(machineWith({ bootVariables: {} }), 'reset');
    expect(exit).toBe(EXIT.readCommandConfig);
    expect(stderr).toMatchInlineSnapshot(`
      "error: reset works in the recovery system only
        why:  this machine is booted from active
        next: choose recovery in the boot menu, or: grub2-editenv /oem/grubenv set next_entry=recovery, and reboot
      "
    `);
  });

  it('makes the system of recovery again, and keeps what users wrote', async () => {
    const machine = machineWith();
    const { exit, stdout } = await cli(machine, 'reset');
    expect(exit).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "reset sim00002 completed in 52.0 s

        active    on-trial   boots next  457 MiB  6aaf80281ac6  file:///run/initramfs/cos-state/cOS/recovery.img
        passive   unknown    fallback    457 MiB  -             file:///run/initramfs/cos-state/cOS/recovery.img
        recovery  confirmed  on request  456 MiB  -             (running)

      next: reboot to start it
      "
    `);
    const kept = await cli(machine, 'reset --json');
    expect(JSON.parse(kept.stdout)).toMatchObject({ operation: 'reset', outcome: 'completed' });
  });

  it('erases what is named, and says how much in the history', async () => {
    const machine = machineWith();
    expect((await cli(machine, 'reset --reset-persistent --reset-oem')).exit).toBe(0);
    const { stdout } = await cli(machine, 'history last');
    expect(stdout).toContain('erase-volumes: erased 1 names on persistent, 2 names on oem');
  });

  it('refuses a source and a kind of image that are not built', async () => {
    const { exit, stderr } = await cli(machineWith(), 'reset --system.uri oci:os/image');
    expect(exit).toBe(EXIT.notBuilt);
    expect(stderr).toContain('container sources are not built yet');
  });
});

describe('deploy', () => {
  it('takes its image as an argument, and tells a machine with a system what to use', async () => {
    const empty = machineWith({ slots: { recovery: 'rescue' } });
    expect((await cli(empty, 'deploy dir:/new')).exit).toBe(0);
    const { exit, stderr } = await cli(machineWith(), 'deploy dir:/new');
    expect(exit).toBe(EXIT.alreadyInstalled);
    expect(stderr).toMatchInlineSnapshot(`
      "error: this machine has a system already
        why:  /run/cos/state/cOS/active.img exists
        next: use "slotwright upgrade" to replace it, or add --force to deploy over it
      "
    `);
  });

  it('needs an image', async () => {
    const { exit, stderr } = await cli(machineWith(), 'deploy');
    expect(exit).toBe(EXIT.readCommandConfig);
    expect(stderr).toContain('undefined upgrade source');
  });
});
