/** The command `build-iso`: what it makes of flags and manifest.yaml. */
import { describe, expect, it } from 'vitest';
import type { IsoRequest } from '../../src/cli/services.ts';
import { EXIT } from '../../src/exit-codes.ts';
import { memoryReader } from '../unit/config/memory-reader.ts';
import { fakeServices } from './fake-services.ts';
import { runCli } from './run-cli.ts';

async function asked(line: string, manifest?: string) {
  const requests: IsoRequest[] = [];
  const { media } = fakeServices();
  const ended = await runCli(line, {
    services: {
      configFiles: memoryReader(manifest === undefined ? {} : { '/work/manifest.yaml': manifest }),
      media: {
        ...media,
        buildIso: async (request) => {
          requests.push(request);
          return { output: request.output, bytes: 2048, sha256: 'ab12' };
        },
      },
    },
  });
  return { ...ended, request: requests[0] };
}

const MANIFEST = `
name: site
date: true
iso:
  rootfs: ["dir:/srv/root"]
  image: ["dir:/srv/medium"]
  label: SITE_LIVE
  grub-entry-name: Site
  bootloader-in-rootfs: true
`;

describe('build-iso', () => {
  it('names what it built', async () => {
    const { exit, stdout, request } = await asked('build-iso dir:root');
    expect(exit).toBe(EXIT.ok);
    expect(stdout).toContain('built /work/elemental.iso: 2.0 KiB, sha256 ab12');
    expect(request).toMatchObject({
      rootfs: ['/work/root'],
      label: 'COS_LIVE',
      menuTitle: 'cOS',
      efiLoader: 'ours',
      squashOptions: ['-comp', 'xz'],
    });
  });

  it('reads manifest.yaml, and lets flags win', async () => {
    const { request } = await asked('build-iso -n mine --label MINE --overlay-iso extra', MANIFEST);
    expect(request).toEqual({
      rootfs: ['/srv/root'],
      overlays: { uefi: [], iso: ['/srv/medium', '/work/extra'] },
      output: '/work/mine.20260301.iso',
      label: 'MINE',
      menuTitle: 'Site',
      efiLoader: 'tree',
      squashOptions: ['-comp', 'xz'],
    });
  });

  it.each([
    ['a container', 'build-iso oci:os/image', undefined, EXIT.notBuilt],
    ['an image file', 'build-iso file:/srv/os.img', undefined, EXIT.notBuilt],
    ['a manifest that does not parse', 'build-iso', 'iso: [', EXIT.readBuildConfig],
  ])('refuses %s', async (_what, line, manifest, exit) => {
    const ended = await asked(line, manifest);
    expect(ended.exit).toBe(exit);
    expect(ended.stderr).toContain('next:');
    expect(ended.request).toBeUndefined();
  });
});
