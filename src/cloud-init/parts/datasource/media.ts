import { EntryError } from '../entry-error.ts';
import { labelledDevices } from '../layout-device.ts';
import { failureOf } from './failure.ts';
import { readFatFile } from './fat.ts';
import type { Findings, Provider } from './findings.ts';
import { readIsoFile } from './iso9660.ts';
import { openMedium } from './medium.ts';
import { withinLimit } from './program.ts';

interface Kind {
  readonly label: string;
  /** The label of the file system, in capitals or in small letters. */
  readonly volume: string;
  /** Tried in this order. */
  readonly paths: readonly (readonly string[])[];
}

const readers = new Map([
  ['iso9660', readIsoFile],
  ['vfat', readFatFile],
]);

/** NoCloud media. */
export const cdrom = provider({
  label: 'CDROM',
  volume: 'cidata',
  paths: [['user-data'], ['config']],
});

/** The configuration drive of OpenStack. */
export const configDrive = provider({
  label: 'CONFIG_DRIVE',
  volume: 'config-2',
  paths: [['openstack', 'latest', 'user_data']],
});

/** Looks on media with the label, then on every optical disc; the first with user data in it counts. */
function provider({ label, volume, paths }: Kind): Provider {
  return (search): Promise<Findings> =>
    withinLimit(search, async (context) => {
      const devices = (await labelledDevices(context)).filter(({ type }) => readers.has(type));
      const labelled = devices.filter((device) => device.label.trim().toLowerCase() === volume);
      const discs = devices.filter(({ node }) => /^\/dev\/sr\d+$/.test(node));
      const failures: string[] = [];
      for (const { node, type } of new Set([...labelled, ...discs])) {
        const read = openMedium(node, context);
        for (const path of paths) {
          try {
            const userData = await readers.get(type)?.(read, path);
            if (userData !== undefined && userData.byteLength > 0) {
              return { label: `${label} ${node}`, mode: 0o600, userData };
            }
          } catch (error) {
            failures.push(`${node}: ${damageOf(error)}`);
          }
        }
        failures.push(`${node} has no ${paths.map((path) => path.join('/')).join(' and no ')}`);
      }
      throw new EntryError(
        failures.length === 0
          ? `there is no medium with the label ${volume} and no optical disc`
          : failures.join('; '),
      );
    });
}

/** What the readers throw: they trust no number of a medium, and a number that leads out of a buffer is a `RangeError`. */
function damageOf(error: unknown): string {
  return error instanceof RangeError ? 'its file system is damaged' : failureOf(error);
}
