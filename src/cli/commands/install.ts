import { installRequest } from '../../config/install.ts';
import { powerAction } from '../../config/upgrade.ts';
import type { Config } from '../../config/keys.ts';
import { isGiven, type Command, type Flag, type Invocation } from '../command.ts';
import { sourceFlags, SQUASH, VERIFY } from '../image-flags.ts';
import { ASKING_EXITS, CARRYING_OUT_EXITS } from '../image-operation.ts';
import { runOperation } from '../operation.ts';
import { operationOutcomeSchema } from '../outcome.ts';
import { requireRoot } from '../root.ts';
import { settingsFor } from '../settings.ts';
import { CONFIGURED_POWER, DRY_RUN, STRICT } from '../shared-flags.ts';

/** The root tree of a live system (spec 1.3). */
const LIVE_TREE = '/run/rootfsbase';

const DEPRECATED: readonly Flag[] = [
  { name: 'force-efi', says: 'install for EFI', deprecated: 'use --firmware efi' },
  { name: 'force-gpt', says: 'make a GPT', deprecated: 'use --part-table gpt' },
  { name: 'tty', value: 'TTY', says: 'ignored', deprecated: 'it has no effect' },
  {
    name: 'partition-layout',
    short: 'p',
    value: 'FILE',
    says: 'ignored',
    deprecated: 'use install.partitions in the configuration',
  },
  { name: 'arch', value: 'ARCH', says: 'ignored', key: 'arch', deprecated: 'it has no effect' },
];

export const install: Command = {
  name: 'install',
  summary: 'install a system to a disk',
  description: [
    'Erases the disk, makes partitions and file systems, writes the image three times (active, passive, recovery), runs the hooks in it, and makes the disk bootable as its last write: interrupted, it holds a whole system or none. The same command again goes on from there; when all is installed, it changes nothing.',
    'Sizes, labels and file systems of the partitions, and further ones, stand in the configuration: install.partitions, install.extra-partitions.',
  ],
  arguments: [
    {
      name: 'DEVICE',
      presence: 'optional',
      says: 'whole disk, for instance /dev/sda; default: install.target',
      completes: 'file',
    },
  ],
  flags: [
    ...sourceFlags(
      `image to install: dir:PATH or file:PATH (default: dir:${LIVE_TREE} of a live system)`,
      'install.system.uri',
    ),
    {
      name: 'recovery-system.uri',
      value: 'URI',
      says: 'image of the recovery system (default: a copy of the system)',
      key: 'install.recovery-system.uri',
    },
    {
      name: 'iso',
      short: 'i',
      value: 'ISO',
      completes: 'file',
      says: 'install from the rootfs.squashfs of a medium: path or http(s) address',
      key: 'install.iso',
    },
    {
      name: 'cloud-init',
      short: 'c',
      value: 'FILE',
      repeatable: true,
      completes: 'file',
      says: 'hook file for COS_OEM: path or http(s) address (repeatable)',
      key: 'install.cloud-init',
    },
    {
      name: 'firmware',
      value: 'FIRMWARE',
      choices: ['efi', 'bios'],
      says: 'what starts the disk (default: what started this machine)',
      key: 'install.firmware',
    },
    {
      name: 'part-table',
      value: 'TABLE',
      choices: ['gpt', 'msdos'],
      says: 'partition table (default gpt)',
      key: 'install.part-table',
    },
    {
      name: 'no-format',
      says: 'keep the partitions that the disk has',
      key: 'install.no-format',
    },
    {
      name: 'force',
      says: 'install anew where the same is installed, over a system with --no-format, beside labels of another disk',
      key: 'install.force',
    },
    {
      name: 'disable-boot-entry',
      says: 'add no entry to the list of EFI firmware',
      key: 'install.disable-boot-entry',
    },
    { name: 'eject-cd', says: 'eject the medium when powering down', key: 'eject-cd' },
    DRY_RUN,
    STRICT,
    ...CONFIGURED_POWER,
    ...VERIFY,
    ...SQUASH,
    { name: 'local', says: 'take a container image from the local daemon', key: 'local' },
    { name: 'platform', value: 'PLATFORM', says: 'of a container image', key: 'platform' },
    ...DEPRECATED,
  ],
  examples: [
    { says: 'from a live system, then start it', line: 'install /dev/sda --reboot' },
    {
      says: 'from a root tree, with hooks of your own',
      line: 'install /dev/vda --system.uri dir:/mnt/root -c ./oem.yaml -c http://server/site.yaml',
    },
    { says: 'from a downloaded medium', line: 'install /dev/sda --iso ./os.iso' },
    {
      says: 'over a system, on the partitions it has',
      line: 'install /dev/sda --no-format --force',
    },
  ],
  changes: 'machine',
  exits: [
    ...ASKING_EXITS,
    'invalidTarget',
    'installLoader',
    'beforeInstall',
    'afterInstall',
    'afterInstallChroot',
    'download',
    'partitioning',
    'alreadyInstalled',
    'formatPartitions',
    'postInstall',
    ...CARRYING_OUT_EXITS,
  ],
  output: operationOutcomeSchema,
  run: async (context, invocation) => {
    requireRoot(context);
    const services = await context.services();
    const config = withDeprecated(await settingsFor(context, invocation, 'install'), invocation);
    const live = await services.configFiles.stat(LIVE_TREE);
    const request = installRequest({
      config,
      device: invocation.arguments[0],
      directory: context.host.directory,
      liveTree: live?.kind === 'directory' ? LIVE_TREE : undefined,
    });
    return runOperation(context, invocation, {
      run: (engine, hooks) => engine.install(request, hooks),
      power: powerAction(config),
    });
  },
};

function withDeprecated(config: Config, invocation: Invocation): Config {
  return {
    ...config,
    install: {
      ...config.install,
      ...(isGiven(invocation, 'force-efi') ? { firmware: 'efi' } : {}),
      ...(isGiven(invocation, 'force-gpt') ? { 'part-table': 'gpt' } : {}),
    },
  };
}
