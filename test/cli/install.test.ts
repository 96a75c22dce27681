/** The command `install` on a simulated machine that runs from a medium. */
import { describe, expect, it } from 'vitest';
import { installRequest } from '../../src/config/install.ts';
import type { InstallRequest } from '../../src/config/install-request.ts';
import { configSchema } from '../../src/config/keys.ts';
import { SystemError } from '../../src/errors.ts';
import { EXIT } from '../../src/exit-codes.ts';
import { liveMachine } from '../support/simulated/installing.ts';
import { memoryReader } from '../unit/config/memory-reader.ts';
import { runCli } from './run-cli.ts';
import { simulatedServices } from './simulated-services.ts';

const cli = (line: string, machine = liveMachine()) =>
  runCli(line, { services: simulatedServices(machine) });

describe('install', () => {
  it('says what it did, and what the slots hold', async () => {
    const { exit, stdout } = await cli('install /dev/vda --system.uri dir:/run/rootfsbase');
    expect(exit).toBe(EXIT.ok);
    expect(stdout).toMatch(/^install \w+ completed in/);
    expect(stdout).toContain('dir:///run/rootfsbase');
  });

  it.each([
    ['', { format: true, force: false }],
    [' --no-format', { format: false }],
    [' --no-format=false', { format: true }],
    [' --no-format --force', { format: false, force: true }],
  ])('keeps the partitions exactly when it is told to:%s', async (flags, wanted) => {
    const asked: InstallRequest[] = [];
    await runCli(`install /dev/vda --system.uri dir:/run/rootfsbase${flags}`, {
      services: {
        install: async (request) => {
          asked.push(request);
          throw new SystemError({ code: 'enough', message: 'enough' });
        },
      },
    });
    expect(asked).toEqual([expect.objectContaining(wanted)]);
  });

  it('tells the outcome as JSON', async () => {
    const { stdout } = await cli('install /dev/vda --system.uri dir:/run/rootfsbase --json');
    expect(JSON.parse(stdout)).toMatchObject({
      operation: 'install',
      outcome: 'completed',
      exit: 0,
    });
  });

  it.each([
    [
      'without a disk',
      'install --system.uri dir:/run/rootfsbase',
      EXIT.invalidTarget,
      'no disk to install to',
    ],
    [
      'to what is not there',
      'install /dev/none --system.uri dir:/run/rootfsbase',
      EXIT.invalidTarget,
      'there is no /dev/none',
    ],
    [
      'for EFI with an msdos table',
      'install /dev/vda --system.uri dir:/run/rootfsbase --firmware efi --part-table msdos',
      EXIT.readCommandConfig,
      'do not go together',
    ],
    [
      'from a container',
      'install /dev/vda --system.uri oci:os/image',
      EXIT.notBuilt,
      'container sources are not built yet',
    ],
    [
      'with a file that cannot be fetched',
      'install /dev/vda --system.uri dir:/run/rootfsbase -c /none.yaml',
      EXIT.download,
      'cannot be fetched',
    ],
  ])('refuses %s, and touches nothing', async (_how, line, exit, message) => {
    const machine = liveMachine();
    const moments: string[] = [];
    machine.onMoment = (what) => moments.push(what);
    const told = await cli(line, machine);
    expect(told.stderr).toContain(message);
    expect(told.stderr).toContain('next:');
    expect(told.exit).toBe(exit);
    expect(moments.filter((what) => what.startsWith('divide'))).toEqual([]);
  });

  it('takes the tree of the live system by itself, and refuses where there is none', async () => {
    expect((await cli('install /dev/vda')).exit).toBe(EXIT.ok);
    const services = { ...simulatedServices(liveMachine()), configFiles: memoryReader({}) };
    const { exit, stderr } = await runCli('install /dev/vda', { services });
    expect(exit).toBe(EXIT.readCommandConfig);
    expect(stderr).toContain('undefined install source');
  });

  it('says of a failure that nothing on the disk boots', async () => {
    const machine = liveMachine();
    machine.onMoment = (what) => {
      if (what === 'format /dev/vda5 as ext4')
        throw new SystemError({ code: 'disk-failed', message: 'the disk does not answer' });
    };
    const { exit, stderr } = await cli(
      'install /dev/vda --system.uri dir:/run/rootfsbase',
      machine,
    );
    expect(exit).not.toBe(EXIT.ok);
    expect(stderr).toContain('nothing on the disk boots');
  });
});

describe('the configuration of an installation', () => {
  const requestOf = (install: object, more: object = {}) =>
    installRequest({
      config: configSchema.parse({ install, ...more }),
      device: '/dev/sda',
      directory: '/root',
      liveTree: '/run/rootfsbase',
    });

  it('has the sizes, labels and file systems of the reference', () => {
    expect(requestOf({})).toMatchObject({
      target: '/dev/sda',
      table: 'gpt',
      format: true,
      source: { kind: 'dir', path: '/run/rootfsbase' },
      partitions: {
        oem: { label: 'COS_OEM', mebibytes: 64, fs: 'ext4' },
        recovery: { label: 'COS_RECOVERY', mebibytes: 4096, fs: 'ext4' },
        state: { label: 'COS_STATE', mebibytes: 8192, fs: 'ext4' },
        persistent: { label: 'COS_PERSISTENT', mebibytes: 0, fs: 'ext4' },
      },
      recovery: { label: 'COS_SYSTEM', fs: 'ext2' },
      passiveLabel: 'COS_PASSIVE',
      bootEntry: true,
    });
  });

  it('takes the source from a medium, wherever that is', () => {
    expect(requestOf({ iso: './os.iso' })).toMatchObject({
      iso: '/root/os.iso',
      source: { kind: 'file', uri: '/root/os.iso' },
    });
    expect(requestOf({ iso: 'https://server/os.iso' })).toMatchObject({
      iso: 'https://server/os.iso',
    });
  });

  it('keeps addresses, and makes paths absolute', () => {
    const { cloudInit } = requestOf({ 'cloud-init': ['a.yaml', 'http://server/b.yaml'] });
    expect(cloudInit).toEqual(['/root/a.yaml', 'http://server/b.yaml']);
  });

  it('gives partitions without a name one of their own', () => {
    const { extra } = requestOf({ 'extra-partitions': [{ size: 100 }, { label: 'DATA' }] });
    expect(extra.map(({ name }) => name)).toEqual(['extra1', 'DATA']);
  });

  it('names the setting that is no choice', () => {
    expect(() => requestOf({ firmware: 'uboot' })).toThrow('install.firmware cannot be "uboot"');
  });
});
