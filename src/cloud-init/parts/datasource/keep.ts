import { readPasswd } from '../../entities/accounts.ts';
import { throwIfInterrupted } from '../../interruption.ts';
import type { Step } from '../../step.ts';
import { addKeys } from '../authorized-keys.ts';
import { EntryError } from '../entry-error.ts';
import { hostname } from '../hostname.ts';
import { makeParents } from '../parents.ts';
import type { PartContext } from '../part.ts';
import { failureOf } from './failure.ts';
import type { Findings } from './findings.ts';
import { kindOf, unpackUserData } from './user-data.ts';

export const directory = '/run/config';

const root = { uid: 0, gid: 0 };

/** Writes what a provider says into `/run/config`. */
export async function keepFacts(findings: Findings, context: PartContext): Promise<void> {
  const { factsMode = 0o644, keys = [] } = findings;
  await put(context, `${directory}/provider`, { text: findings.label, mode: 0o644 });
  for (const [name, bytes] of Object.entries(findings.facts ?? {})) {
    await put(context, `${directory}/${name}`, { bytes, mode: factsMode });
  }
  if (findings.hostname !== undefined) {
    await put(context, `${directory}/hostname`, { text: findings.hostname, mode: 0o644 });
  }
  if (keys.length > 0) {
    const text = keys.map((key) => `${key}\n`).join('');
    await put(context, `${directory}/ssh/authorized_keys`, { text, mode: 0o600 });
  }
}

/**
 * Keeps user data for the stages to come: as it is under `userdata`, and under `file` when it is a configuration. It is
 * not run here. A script can be run by a command of the hook file, so that who trusts the provider has said so.
 */
export async function keepUserData(
  kept: {
    readonly bytes: Uint8Array;
    readonly mode: number;
    readonly base: string;
    readonly file: string;
  },
  context: PartContext,
): Promise<void> {
  const { mode, base, file } = kept;
  const bytes = unpackUserData(kept.bytes);
  const whole = `${base}/userdata`;
  switch (kindOf(bytes)) {
    case 'script':
      await put(context, whole, { bytes, mode: mode | 0o100 });
      await context.warn(
        `the user data is a script and is not run by itself: run \`${whole}\` by a command`,
      );
      break;
    case 'configuration':
      await put(context, whole, { bytes, mode });
      await put(context, `${base}/${file}`, { bytes, mode });
      break;
    case 'other':
      await put(context, whole, { bytes, mode });
      await context.warn('the user data is neither a configuration nor a script: it is only kept');
      break;
  }
}

/** Names the machine and lets the superuser's keys in, then tells the provider that all is done. */
export async function apply(findings: Findings, step: Step, context: PartContext): Promise<void> {
  const at = step.datasource?.at ?? step.at;
  const { keys = [] } = findings;
  if (findings.hostname !== undefined && findings.hostname !== '') {
    const text = nameFor(findings.hostname);
    await context.attempt(at, async () => {
      // Never a template: it comes from outside.
      if (text.includes('{')) {
        throw new EntryError(`\`${text}\` is no valid host name`);
      }
      await hostname.run({ ...step, hostname: { text, at } }, context);
    });
  }
  // A key has at least two words; one word could be an address that the part would fetch.
  const real = keys.filter((key) => /^[^#\s]\S*\s+\S/.test(key));
  if (real.length > 0) {
    const user = (await readPasswd(context.target)).find(({ uid }) => uid === 0)?.name ?? 'root';
    const placed = real.map((text) => ({ text, at }));
    await context.attempt(at, () => addKeys(user, placed, context));
  }
  try {
    await findings.report?.();
  } catch (error) {
    throwIfInterrupted(context.signal);
    const reason = failureOf(error);
    await context.warn(
      `${findings.label} could not be told that this machine is ready: ${reason}`,
      at,
    );
  }
}

/** The kernel takes 64 characters; a provider's full name may have more, and its first label is the machine's own. */
function nameFor(given: string): string {
  return given.length > 64 ? (given.split('.')[0] ?? '') : given;
}

async function put(
  context: PartContext,
  path: string,
  content: { readonly mode: number } & ({ readonly bytes: Uint8Array } | { readonly text: string }),
): Promise<void> {
  const { files } = context.target;
  const bytes = 'bytes' in content ? content.bytes : Buffer.from(content.text);
  await makeParents(files, path, { mode: 0o755, ...root });
  await files.write({ path, bytes, mode: content.mode, ...root });
}
