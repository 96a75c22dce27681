/** The device opened for one command, and given back whatever happens. */
import { SlotwrightError, recordedError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { FoundDevice } from './device.ts';
import type { Machinery, Outcome } from './machinery.ts';
import { openForWriting, type Session, type UnreadableLog } from './session.ts';

export async function withSession(
  {
    machinery,
    found,
    unreadable,
  }: {
    readonly machinery: Machinery;
    readonly found: FoundDevice;
    readonly unreadable?: UnreadableLog;
  },
  work: (session: Session) => Promise<Outcome>,
): Promise<Outcome> {
  const session = await openForWriting(machinery.system, machinery.state, found, unreadable);
  let outcome: Outcome;
  try {
    outcome = await work(session);
  } catch (error) {
    await closeQuietly(session);
    throw error;
  }
  try {
    await session.close();
  } catch (error) {
    // The work is done and recorded; what could not be given back dies with this process's namespace.
    return {
      ...outcome,
      exit: outcome.exit === EXIT.ok ? EXIT.cleanup : outcome.exit,
      error: outcome.error ?? recordedError(error),
    };
  }
  return outcome;
}

/** While an error is on its way to the person, a second one from the clean-up would hide it. */
async function closeQuietly(session: Session): Promise<void> {
  try {
    await session.close();
  } catch (error) {
    if (!(error instanceof SlotwrightError)) throw error;
  }
}
