/** What the commands that put an image into a slot have in common: who may run them, what they read, how they end. */
import type { Config } from '../config/keys.ts';
import { powerAction, type UpgradeInput } from '../config/upgrade.ts';
import {
  isGiven,
  type Command,
  type CommandResult,
  type Context,
  type Invocation,
} from './command.ts';
import { runOperation } from './operation.ts';
import type { OperationOutcome } from './outcome.ts';
import { requireRoot } from './root.ts';
import type { OperationHooks, Operations } from './services.ts';
import { settingsFor } from './settings.ts';

type Exits = NonNullable<Command['exits']>;

/** Of reading what is asked for. */
export const ASKING_EXITS: Exits = ['readConfig', 'flags', 'readCommandConfig', 'notRoot'];
/** Of carrying it out. */
export const CARRYING_OUT_EXITS: Exits = [
  'mountState',
  'mountRecovery',
  'selinux',
  'deployImage',
  'mountPartitions',
  'unsupported',
  'noSource',
  'checksum',
  'unmountImage',
  'locked',
  'unfinished',
  'attention',
  'logDamaged',
  'noSpace',
  'logForeign',
  'interrupted',
  'terminated',
];

export async function runImageOperation(
  context: Context,
  invocation: Invocation,
  operation: {
    /** From what was asked for to the operation itself. */
    readonly begin: (
      services: Operations,
      asked: UpgradeInput,
      hooks: OperationHooks,
    ) => Promise<OperationOutcome>;
    readonly adapt?: (config: Config) => Config;
  },
): Promise<CommandResult> {
  requireRoot(context);
  const services = await context.services();
  const given = await settingsFor(context, invocation);
  const config = operation.adapt?.(given) ?? given;
  const asked = {
    config,
    installed: await services.imageDefaults(),
    directory: context.host.directory,
    force: isGiven(invocation, 'force'),
  };
  return runOperation(context, invocation, {
    run: (engine, hooks) => operation.begin(engine, asked, hooks),
    power: powerAction(config),
  });
}
