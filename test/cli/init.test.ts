import { describe, expect, it } from 'vitest';
import type { PreparedImage } from '../../src/cli/commands/init.ts';
import type { MediaServices, PrepareRequest } from '../../src/cli/services.ts';
import { fakeServices } from './fake-services.ts';
import { runCli } from './run-cli.ts';

const prepared: PreparedImage = {
  root: '/work/root',
  written: ['/etc/cos/grub.cfg', '/usr/bin/elemental'],
  unchanged: 3,
  kept: [],
  enabled: ['slotwright-confirm.service'],
  next: ['make the initramfs again'],
};

function recording(): { readonly asked: PrepareRequest[]; readonly media: MediaServices } {
  const asked: PrepareRequest[] = [];
  const prepareImage = async (request: PrepareRequest): Promise<PreparedImage> => {
    asked.push(request);
    return prepared;
  };
  return { asked, media: { ...fakeServices().media, prepareImage } };
}

describe('init', () => {
  it('prepares the tree that is named, and says what is left to do', async () => {
    const { asked, media } = recording();
    const { exit, stdout } = await runCli('init root --initrd', { services: { media } });
    expect(exit).toBe(0);
    expect(asked).toEqual([{ root: '/work/root', force: false, initrd: true }]);
    expect(stdout).toBe(
      'prepared /work/root: 2 written, 3 in place already, 1 unit enabled\n' +
        'left to do:\n  make the initramfs again\n',
    );
  });

  it('takes the words of the container builds of the reference', async () => {
    const { asked, media } = recording();
    await runCli('init -f --mkinitrd elemental-rootfs,grub-config,dracut-config boot-assessment', {
      services: { media },
    });
    expect(asked).toEqual([{ root: '/', force: true, initrd: true }]);
  });

  it('prints one document with --json', async () => {
    const { media } = recording();
    const { stdout } = await runCli('init root --json', { services: { media } });
    expect(JSON.parse(stdout)).toEqual({ ok: true, ...prepared });
  });

  it('refuses two trees', async () => {
    const { exit, stderr } = await runCli('init one two');
    expect(exit).toBe(1);
    expect(stderr).toContain('more than one root tree was named');
  });
});
