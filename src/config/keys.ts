/**
 * Every configuration key (spec 6.2), its type, default and meaning. One declaration gives the type, the check, the JSON schema
 * and the documentation. Keys without a built feature are read all the same: the file is shared with the reference.
 */
import * as z from 'zod';
import { list, switchedOn, text, wholeNumber } from './weak-types.ts';

const partition = z.object({
  label: text().exactOptional().describe('file-system label'),
  size: wholeNumber().exactOptional().describe('MiB; 0 takes the rest of the disk'),
  fs: text().exactOptional().describe('file system'),
  flags: list(z.string()).exactOptional().describe('partition flags'),
});

const image = z.object({
  label: text().exactOptional().describe('file-system label inside the image'),
  size: wholeNumber().exactOptional().describe('MiB; 0 fits the content'),
  fs: text().exactOptional().describe('file system of the image'),
  uri: text().exactOptional().describe('source: dir:PATH, file:PATH'),
});

const extraPartition = z.looseObject({
  name: text().exactOptional(),
  label: text().exactOptional(),
  size: wholeNumber().exactOptional(),
  fs: text().exactOptional(),
});

const install = z.object({
  target: text().exactOptional().describe('disk to install to'),
  firmware: text().exactOptional().describe('efi or bios; default: as the host'),
  'part-table': text().exactOptional().describe('gpt or msdos'),
  partitions: z
    .object({
      oem: partition.prefault({}),
      recovery: partition.prefault({}),
      state: partition.prefault({}),
      persistent: partition.prefault({}),
    })
    .prefault({}),
  'extra-partitions': list(extraPartition)
    .default([])
    .describe('further partitions: name, label, size, fs'),
  'no-format': switchedOn().default(false).describe('keep the partitions'),
  force: switchedOn()
    .default(false)
    .describe('install where the reference or this would refuse; see install'),
  'cloud-init': list(z.string())
    .default([])
    .describe('hook files copied to COS_OEM: paths, http(s) addresses'),
  iso: text().exactOptional().describe('medium to install from: path or http(s) address'),
  'grub-entry-name': text().exactOptional().describe('menu title'),
  system: image.prefault({}),
  'recovery-system': image.prefault({}),
  passive: image.prefault({}),
  'disable-boot-entry': switchedOn().default(false).describe('no EFI boot entry'),
});

const upgrade = z.object({
  recovery: switchedOn().default(false).describe('upgrade the recovery image instead'),
  system: image.prefault({}).describe('the image to upgrade to'),
  'recovery-system': image.prefault({}),
  'grub-entry-name': text()
    .exactOptional()
    .describe('menu title for an image whose os-release has no GRUB_ENTRY_NAME'),
});

const boot = z.object({
  attempts: wholeNumber()
    .default(3)
    .describe('automatic starts of a new image before the fallback, 1 to 9'),
  'health-units': list(z.string())
    .default([])
    .describe('units that must be active before a new image is confirmed'),
  'health-timeout': wholeNumber().default(300).describe('seconds that one health check may take'),
});

const reset = z.object({
  'reset-persistent': switchedOn().default(false).describe('erase COS_PERSISTENT'),
  'reset-oem': switchedOn().default(false).describe('erase COS_OEM'),
  system: image.prefault({}),
  'grub-entry-name': text().default('cOS').describe('menu title'),
  'disable-boot-entry': switchedOn().default(false).describe('no EFI boot entry'),
  target: text().exactOptional().describe('disk that gets the boot loader (BIOS)'),
});

export const configSchema = z.object({
  reboot: switchedOn().default(false).describe('reboot after success'),
  poweroff: switchedOn().default(false).describe('power off after success'),
  'eject-cd': switchedOn().default(false).describe('eject the medium when powering down'),
  strict: switchedOn().default(false).describe('a failing hook fails the operation'),
  'cloud-init-paths': list(z.string())
    .default([])
    .describe('further hook sources, after /system/oem, /oem and /usr/local/cloud-config'),
  cosign: switchedOn().default(false).describe('verify signatures (not built yet)'),
  'cosign-key': text().exactOptional().describe('public key for cosign'),
  verify: switchedOn().default(false).describe('accepted; every image is verified anyway'),
  platform: text().exactOptional().describe('of container images, for instance linux/amd64'),
  arch: text().exactOptional().describe('deprecated: platform'),
  'squash-compression': list(z.string()).exactOptional().describe('compression of squashfs images'),
  'squash-no-compression': switchedOn()
    .default(false)
    .describe('no compression of squashfs images'),
  local: switchedOn().default(false).describe('container image from the local daemon'),
  install: install.prefault({}),
  upgrade: upgrade.prefault({}),
  boot: boot.prefault({}),
  reset: reset.prefault({}),
});

export type Config = z.infer<typeof configSchema>;
