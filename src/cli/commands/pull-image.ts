import * as z from 'zod';
import { sourceOf } from '../../config/image-settings.ts';
import { absolutePath } from '../../config/image-source.ts';
import { EXIT } from '../../exit-codes.ts';
import type { Command } from '../command.ts';
import { listenForStop } from '../interruption.ts';
import { bytes } from '../render/quantity.ts';
import { requireRoot } from '../root.ts';

const pulledImageSchema = z.object({
  source: z.string(),
  destination: z.string(),
  digest: z.string().describe('of what was written'),
  bytes: z.number(),
  files: z.number(),
});

/** An image as it was unpacked. */
export type PulledImageView = z.infer<typeof pulledImageSchema>;

const SOURCE = {
  what: 'image',
  flag: 'IMAGE',
  variable: 'the environment',
  key: 'the configuration',
};

export const pullImage: Command = {
  name: 'pull-image',
  summary: 'unpack an image into a directory',
  description: [
    'Unpacks a root tree or an image file with owners, links, capabilities and times: all of it, or nothing. Container images are not built yet.',
  ],
  arguments: [
    { name: 'IMAGE', presence: 'required', says: 'dir:PATH or file:PATH', completes: 'file' },
    {
      name: 'DESTINATION',
      presence: 'required',
      says: 'a free name, or an empty directory',
      completes: 'directory',
    },
  ],
  flags: [
    { name: 'local', says: 'take a container image from the local daemon' },
    { name: 'platform', value: 'PLATFORM', says: 'of a container image' },
  ],
  examples: [
    { says: 'of an installed machine', line: 'pull-image file:/mnt/cOS/active.img ./root' },
  ],
  changes: 'machine',
  exits: [
    'outputExists',
    'readCommandConfig',
    'notRoot',
    'unpackImage',
    'noSource',
    'noSpace',
    'notBuilt',
    'interrupted',
  ],
  output: pulledImageSchema,
  run: async (context, invocation) => {
    requireRoot(context);
    const { host, screen } = context;
    const [image, destination = ''] = invocation.arguments;
    const source = sourceOf(image, SOURCE, host.directory);
    const { media } = await context.services();
    const stop = listenForStop(host, screen);
    try {
      const pulled = await media.pullImage(
        { source, destination: absolutePath(destination, host.directory) },
        { signal: stop.signal, note: screen.note },
      );
      return {
        exit: EXIT.ok,
        document: { ...pulled },
        text: `unpacked ${pulled.source} into ${pulled.destination}: ${pulled.files} files, ${bytes(pulled.bytes)}`,
        says: 'summary',
      };
    } finally {
      stop.end();
    }
  },
};
