import { SystemError } from '../../src/errors.ts';
import { EXIT } from '../../src/exit-codes.ts';
import type { SourceFacts } from '../../src/system/port.ts';
import type { Step, StepContext } from '../step.ts';
import { requestOf } from '../upgrade-request.ts';

/** The source is still what the operation was started for: its digest is part of the key (law 3). */
export const verifyImage: Step = {
  name: 'verify-image',
  title: 'Verify the source image',
  needs: [],
  whenInterrupted: 'repeat',
  touches: () => [],

  async run(context) {
    const { digest, contentBytes, files } = await mustBeTheSource(context);
    return { digest, contentBytes, files };
  },
};

/** What is found at the source, which must be what the operation was started for. */
export async function mustBeTheSource({
  system,
  signal,
  request,
}: Pick<StepContext, 'system' | 'signal' | 'request'>): Promise<SourceFacts> {
  const { source } = requestOf({ request });
  const found = await system.images.inspect(source, { signal });
  if (found.digest === source.digest) return found;
  throw new SystemError({
    code: 'source-changed',
    message: `${source.uri} is no longer what this operation was started with`,
    reason: `its digest was ${short(source.digest)} and is now ${short(found.digest)}`,
    hint: 'run the command again: this operation is undone',
    exit: EXIT.checksum,
  });
}

function short(digest: string): string {
  return digest.slice(0, 12);
}
