import { describe, expect, it } from 'vitest';
import { SystemError } from '../../src/errors.ts';
import { EXIT } from '../../src/exit-codes.ts';
import type { DiskRequest, MediaServices } from '../../src/cli/services.ts';
import { fakeServices } from './fake-services.ts';
import { runCli } from './run-cli.ts';

const built = {
  output: '/work/disk.raw',
  bytes: 2_511_339_520,
  imageBytes: 294_649_856,
  partitions: [{ name: 'bios', offset: 1_048_576, bytes: 1_048_576 }],
  hookFailures: [],
};

function recording(): { readonly asked: DiskRequest[]; readonly media: MediaServices } {
  const asked: DiskRequest[] = [];
  return {
    asked,
    media: {
      ...fakeServices().media,
      buildDisk: async (request, { note }) => {
        asked.push(request);
        note('images of 281 MiB: active, passive, recovery');
        return built;
      },
    },
  };
}

describe('build-disk', () => {
  it('builds disk.raw in the working directory unless it is told otherwise', async () => {
    const { asked, media } = recording();
    const { exit, stdout, stderr } = await runCli('build-disk root', { services: { media } });
    expect(exit).toBe(0);
    expect(asked).toEqual([
      {
        root: '/work/root',
        type: 'raw',
        output: '/work/disk.raw',
        oem: [],
        labels: {},
        mebibytes: {},
        extent: 'whole',
        strict: false,
      },
    ]);
    expect(stderr).toBe('images of 281 MiB: active, passive, recovery\n');
    expect(stdout).toBe('built /work/disk.raw: 2.3 GiB, images of 281 MiB\n');
  });

  it('takes files, sizes and the labels of the reference', async () => {
    const { asked, media } = recording();
    await runCli(
      'build-disk /root -o /out/a.raw -t raw --oem a.yaml --oem /b.yaml --persistent data --size state=900 --size image=100 --oem_label MY_OEM --recovery_label MY_RECOVERY',
      { services: { media } },
    );
    expect(asked).toEqual([
      {
        root: '/root',
        type: 'raw',
        output: '/out/a.raw',
        oem: ['/work/a.yaml', '/b.yaml'],
        persistent: '/work/data',
        labels: { oem: 'MY_OEM', recovery: 'MY_RECOVERY' },
        mebibytes: { state: 900, image: 100 },
        extent: 'whole',
        strict: false,
      },
    ]);
  });

  it.each([
    ['elemental,--debug,reset,--reboot', 'elemental --debug reset --reboot'],
    ['my-deploy a,b', 'my-deploy a,b'],
  ])('leaves the rest to the first boot, which deploys with %s', async (given, line) => {
    const { asked, media } = recording();
    const words = ['build-disk', 'root', '--expandable', '--strict', '--deploy-command', given];
    await runCli(words, { services: { media } });
    expect(asked).toEqual([
      expect.objectContaining({ extent: 'expandable', deployCommand: line, strict: true }),
    ]);
  });

  it('refuses a command for a first boot that has nothing to deploy', async () => {
    const { asked, media } = recording();
    const { exit, stderr } = await runCli('build-disk root --deploy-command x', {
      services: { media },
    });
    expect(exit).toBe(EXIT.usage);
    expect(stderr).toContain('goes with --expandable only');
    expect(asked).toEqual([]);
  });

  it.each(['azure', 'gce', 'qcow2'])('builds for %s', async (type) => {
    const { asked, media } = recording();
    await runCli(`build-disk root -t ${type}`, { services: { media } });
    expect(asked).toEqual([expect.objectContaining({ type })]);
  });

  it('prints one document with --json', async () => {
    const { media } = recording();
    const { stdout } = await runCli('build-disk root --json', { services: { media } });
    expect(JSON.parse(stdout)).toEqual({ ok: true, ...built });
  });

  it.each([
    ['build-disk', EXIT.noSource, 'there is no root tree'],
    ['build-disk root -t floppy', EXIT.usage, 'floppy'],
    ['build-disk root --size state', EXIT.usage, '--size cannot be "state"'],
    ['build-disk root --size bios=2', EXIT.usage, '--size cannot be "bios=2"'],
    ['build-disk root --size oem=0', EXIT.usage, '--size cannot be "oem=0"'],
  ])('refuses "%s" with exit code %i', async (line, code, message) => {
    const { exit, stderr } = await runCli(line);
    expect(exit).toBe(code);
    expect(stderr).toContain(message);
  });

  it('tells a failure in three parts', async () => {
    const media: MediaServices = {
      ...fakeServices().media,
      buildDisk: async () =>
        Promise.reject(
          new SystemError({ code: 'x', message: 'no', reason: 'because', hint: 'do it', exit: 64 }),
        ),
    };
    const { exit, stderr } = await runCli('build-disk root', { services: { media } });
    expect(exit).toBe(64);
    expect(stderr).toBe('error: no\n  why:  because\n  next: do it\n');
  });
});
