import { SystemError } from '../../src/errors.ts';
import { EXIT } from '../../src/exit-codes.ts';
import { INSTALL_MEMORY, installRequestOf, type InstallRequest } from '../install-request.ts';
import { placeOf, type Step, type StepContext } from '../step.ts';

/** The user's configuration comes to COS_OEM, for nobody else to read: it may hold secrets. It was fetched before anything was written. */
export const copyCloudInit: Step = {
  name: 'copy-cloud-init',
  title: 'Copy the configuration to COS_OEM',
  needs: ['partitions'],
  whenInterrupted: 'repeat',
  skip: (context) =>
    installRequestOf(context).cloudInit.length === 0 ? 'none was given' : undefined,
  touches: ({ device }) => [placeOf(device, 'oem')].filter((at) => at !== undefined),

  async run(context) {
    const oem = placeOf(context.device, 'oem');
    if (oem === undefined) throw noOem();
    const copied: string[] = [];
    for (const file of installRequestOf(context).cloudInit) {
      await copy(context, file, `${oem}/${file.name}`);
      copied.push(file.name);
    }
    return { copied };
  },
};

/** Where it was fetched to; empty again after a reboot, and then it is fetched once more. */
export function fetchedPath(name: string): string {
  return `${INSTALL_MEMORY}/${name}`;
}

async function copy(
  { system, signal }: StepContext,
  { name, from, digest }: InstallRequest['cloudInit'][number],
  to: string,
): Promise<void> {
  const fetched = fetchedPath(name);
  const there = (await system.files.stat(fetched)) !== undefined;
  const found = await system.images
    .fetch(there ? fetched : from, to, 0o600, { signal })
    .catch((error: unknown) => {
      throw signal.aborted ? error : notFetchedAgain(from, error);
    });
  if (found.digest === digest) return;
  await system.files.remove(to);
  throw new SystemError({
    code: 'source-changed',
    message: `${from} is no longer what this installation was started with`,
    reason: 'its content is another one now',
    hint: 'run the installation again: this one is undone',
    exit: EXIT.checksum,
  });
}

function notFetchedAgain(from: string, cause: unknown): unknown {
  if (!(cause instanceof SystemError)) return cause;
  return new SystemError({
    code: 'not-fetched',
    message: `${from} cannot be fetched once more`,
    reason: cause.reason ?? cause.message,
    hint: 'give the same install command again: the log keeps no passwords of addresses',
    exit: EXIT.download,
    cause,
  });
}

export function noOem(): SystemError {
  return new SystemError({
    code: 'no-oem',
    message: 'there is no OEM partition for the configuration',
    reason: 'no partition of the disk has the GPT name "oem" or the label COS_OEM',
    hint: 'leave --cloud-init out, or leave --no-format out',
    exit: EXIT.mountPartitions,
  });
}
