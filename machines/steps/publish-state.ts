import * as z from 'zod';
import { SystemError } from '../../src/errors.ts';
import type { Role } from '../../src/system/port.ts';
import { placeOf, type Step, type StepContext } from '../step.ts';
import { requestOf } from '../upgrade-request.ts';
import { clearJudgement } from '../judgement.ts';
import { judgeOf } from './arm-judgement.ts';
import { outgoingImage } from './set-active.ts';
import { parseStateYaml, renderStateYaml, upgradedStateYaml } from '../../state/state-yaml.ts';

const titled = z.object({ menuTitle: z.string().optional() });
const found = z.object({ stateYaml: z.string().optional() });
const passive = z.object({ kept: z.string().optional() });

/** The GRUB environment and both state.yaml: projections, written after the switch and replaceable at any time (law 4). */
export const publishState: Step = {
  name: 'publish-state',
  title: 'Tell the boot loader and state.yaml',
  needs: ['partitions'],
  whenInterrupted: 'repeat',

  async run(context) {
    const { menuTitle } = titled.parse(context.output('relabel-target') ?? {});
    await writeEnvironment(context, {
      ...bootLabels(context),
      ...(menuTitle === undefined ? {} : { default_menu_entry: menuTitle }),
    });
    // Whatever was said of the image before it: past the pivot, only a judgement armed for the new one may stand.
    if (requestOf(context).slot === 'active' && judgeOf(context).judge !== 'slotwright') {
      await clearJudgement(context);
    }
    return { stateYaml: await writeStateYaml(context) };
  },

  touches: ({ device }) =>
    [device.stateAt, placeOf(device, 'recovery')].filter((at) => at !== undefined),
};

/** The variables the reference writes (spec 1.6), from what is on the disk. */
export function bootLabels(context: StepContext): Record<string, string> {
  const request = requestOf(context);
  const recovery = request.slot === 'recovery';
  const all: Record<string, string | undefined> = {
    state_label: labelOf(context, 'state'),
    active_label: recovery ? undefined : request.image.label,
    passive_label: request.passiveLabel,
    recovery_label: labelOf(context, 'recovery'),
    system_label: recovery ? request.image.label : (recoveryImageLabel(context) ?? 'COS_SYSTEM'),
    oem_label: labelOf(context, 'oem'),
    persistent_label: labelOf(context, 'persistent'),
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** As state.yaml had it before this operation. */
function recoveryImageLabel(context: StepContext): string | undefined {
  const known = found.safeParse(context.output('check-preconditions'));
  const before = parseStateYaml(known.success ? known.data.stateYaml : undefined);
  return before.kind === 'state' ? before.state.recovery?.recovery?.label : undefined;
}

/** A block that is damaged says nothing to anybody: it is made anew. */
async function writeEnvironment(
  { system, device }: StepContext,
  variables: Readonly<Record<string, string>>,
): Promise<void> {
  const block = `${device.stateAt}/grub_oem_env`;
  try {
    await system.boot.writeEnvironment(block, variables);
  } catch (error) {
    if (!(error instanceof SystemError) || error.code !== 'environment-damaged') throw error;
    await system.files.remove(block);
    await system.boot.writeEnvironment(block, variables);
  }
}

/** The same text to both partitions; made from what stood there before the operation, so that writing it twice writes the same. */
async function writeStateYaml(context: StepContext): Promise<string[]> {
  const { system, device } = context;
  const request = requestOf(context);
  const before = parseStateYaml(found.parse(context.output('check-preconditions')).stateYaml);
  const { kept } = passive.parse(context.output('set-passive') ?? {});
  const text = renderStateYaml(
    upgradedStateYaml(before.kind === 'state' ? before.state : undefined, {
      date: request.date,
      image: { source: request.source.uri, label: request.image.label, fs: request.image.fs },
      ...(request.slot === 'recovery'
        ? { slot: 'recovery', partitionLabel: labelOf(context, 'recovery') ?? 'COS_RECOVERY' }
        : {
            slot: 'active',
            partitionLabel: labelOf(context, 'state') ?? 'COS_STATE',
            passive: kept === undefined ? nextPassive(context) : 'kept',
            passiveLabel: request.passiveLabel,
          }),
    }),
  );
  await system.files.writeText(`${device.stateAt}/state.yaml`, text, 0o644);
  const recovery = placeOf(device, 'recovery');
  if (recovery === undefined) return ['state'];
  try {
    await system.files.writeText(`${recovery}/state.yaml`, text, 0o644);
    return ['state', 'recovery'];
  } catch (error) {
    if (!(error instanceof SystemError) || context.signal.aborted) throw error;
    // A second copy for people in recovery: a full partition there must not hold up a switch that is made.
    return ['state', `recovery: ${error.message}`];
  }
}

function nextPassive(context: StepContext): 'rotated' | 'kept' | 'copied' {
  if (requestOf(context).passive === 'copy') return 'copied';
  return outgoingImage(context).retired === undefined ? 'kept' : 'rotated';
}

function labelOf({ device }: StepContext, role: Role): string | undefined {
  return device.partitions.find((partition) => partition.role === role)?.label;
}
