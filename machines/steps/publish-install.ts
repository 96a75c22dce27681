import * as z from 'zod';
import { installRequestOf } from '../install-request.ts';
import { placeOf, type Step, type StepContext } from '../step.ts';
import { renderStateYaml } from '../../state/state-yaml.ts';
import { menuNames } from './stage-menu.ts';
import { clearJudgement } from '../judgement.ts';
import { bootLabels } from './publish-state.ts';

const titled = z.object({ menuTitle: z.string().optional() });

/**
 * What the boot menu and other tools are told: written before the disk boots. The copy on COS_RECOVERY starts recovery when COS_STATE
 * is gone.
 */
export const publishInstall: Step = {
  name: 'publish-state',
  title: 'Write the boot environment and state.yaml',
  needs: ['partitions'],
  whenInterrupted: 'repeat',
  touches: ({ device }) =>
    [device.stateAt, placeOf(device, 'recovery')].filter((at) => at !== undefined),

  async run(context) {
    const { system, device } = context;
    const { menuTitle } = titled.parse(context.output('relabel-target') ?? {});
    const variables = {
      ...bootLabels(context),
      system_label: installRequestOf(context).recovery.label,
      ...(menuTitle === undefined ? {} : { default_menu_entry: menuTitle }),
    };
    const places = [device.stateAt, placeOf(device, 'recovery')].filter((at) => at !== undefined);
    const text = renderStateYaml(stateOf(context));
    const menu = (await system.files.readText(menuNames(context).name)) ?? '';
    for (const at of places) {
      await system.boot.writeEnvironment(`${at}/grub_oem_env`, variables);
      await system.files.writeText(`${at}/state.yaml`, text, 0o644);
      if (at === device.stateAt) continue;
      await system.files.makeDirectory(`${at}/grub2`, 0o755);
      await system.files.writeText(`${at}/grub2/grub.cfg`, menu, 0o644);
    }
    await clearJudgement(context);
    return { stateYaml: places };
  },
};

function stateOf(context: StepContext) {
  const { image, passiveLabel, source, recovery, date } = installRequestOf(context);
  const part = (role: 'efi' | 'oem' | 'persistent' | 'recovery' | 'state') => {
    const partition = context.device.partitions.find((candidate) => candidate.role === role);
    if (partition === undefined) return undefined;
    return partition.label === undefined ? {} : { label: partition.label };
  };
  const [efi, oem, persistent] = [part('efi'), part('oem'), part('persistent')];
  const of = (label: string) => ({ source: source.uri, label, fs: image.fs });
  return {
    date,
    ...(efi === undefined ? {} : { efi }),
    ...(oem === undefined ? {} : { oem }),
    ...(persistent === undefined ? {} : { persistent }),
    recovery: {
      ...part('recovery'),
      recovery: {
        source: (recovery.source ?? source).uri,
        fs: recovery.fs,
        ...(recovery.fs === 'squashfs' ? {} : { label: recovery.label }),
      },
    },
    state: { ...part('state'), active: of(image.label), passive: of(passiveLabel) },
  };
}
