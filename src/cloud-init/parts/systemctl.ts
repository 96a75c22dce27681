import { textToBytes } from '../byte-text.ts';
import type { PlacedText } from '../decode/decoder.ts';
import type { Step } from '../step.ts';
import { EntryError } from './entry-error.ts';
import { makeParents } from './parents.ts';
import type { Part, PartContext } from './part.ts';
import { runProgram } from './run-program.ts';

type Overrides = NonNullable<NonNullable<Step['systemctl']>['overrides']>;

/** Enables, disables, masks and starts units, in this order, each by a call of its own; then writes drop-ins. */
export const systemctl: Part = {
  name: 'systemctl',
  isAskedFor: (step) => step.systemctl !== undefined,
  async run(step, context) {
    const wanted = step.systemctl;
    for (const verb of ['enable', 'disable', 'mask', 'start'] as const) {
      await callForAll(verb, wanted?.[verb] ?? [], context);
    }
    for (const override of wanted?.overrides ?? []) {
      await context.attempt(override.at, () => writeOverride(override, context));
    }
  },
};

async function callForAll(
  verb: string,
  units: readonly PlacedText[],
  context: PartContext,
): Promise<void> {
  for (const unit of units) {
    await context.attempt(unit.at, async () => {
      if (verb === 'start' && context.target.scope === 'chroot') {
        const message = `${unit.text} is not started: in a chroot it would start on the running system`;
        await context.warn(message, unit.at);
        return;
      }
      if (unit.text === '' || unit.text.startsWith('-')) {
        throw new EntryError(`\`${unit.text}\` is no unit`);
      }
      await runProgram(context, ['systemctl', verb, unit.text]);
    });
  }
}

async function writeOverride(override: Overrides[number], context: PartContext): Promise<void> {
  const { service, content, name = '' } = override;
  if (!service || !content) {
    await context.warn('an override without `service` or `content` is left out', override.at);
    return;
  }
  const unit = service.endsWith('.service') ? service : `${service}.service`;
  const file = name === '' ? 'override-yip.conf' : name.endsWith('.conf') ? name : `${name}.conf`;
  if (unit.includes('/') || file.includes('/')) {
    throw new EntryError(`\`${service}\` and \`${name}\` cannot hold a slash`);
  }
  const path = `/etc/systemd/system/${unit}.d/${file}`;
  const { files } = context.target;
  await makeParents(files, path, { mode: 0o755, uid: 0, gid: 0 });
  await files.write({ path, bytes: textToBytes(content), mode: 0o644, uid: 0, gid: 0 });
}
