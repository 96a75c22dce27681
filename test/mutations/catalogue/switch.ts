/** Faults around the switch: which image has which name, at every instant. */
import type { Mutant } from '../mutant.ts';
import { BLOCKS, CUT_UPGRADE, model, resetOf, upgradeOf } from './sightings.ts';

const REPLACE = 'machines/replace.ts';

export const SWITCH: readonly Mutant[] = [
  {
    name: 'second-link-missing',
    fault: 'the old image has no second name while its name moves on',
    law: 1,
    file: REPLACE,
    text: '      await system.files.link(name, doomed);\n',
    becomes: '',
    foundBy: [
      { ...upgradeOf("booted from passive'"), says: /law 1: GRUB may find garbage as active/ },
      { ...BLOCKS, says: /law 1: GRUB may find/ },
    ],
  },
  {
    // Recorded blocks of this kernel do not show it: it writes the directory and the inodes back in an order that happens to be safe.
    name: 'checkpoint-missing',
    fault: 'the second name is not checkpointed before the name moves on',
    law: 1,
    file: REPLACE,
    text: '    await system.settle.checkpoint(at);\n    await system.files.rename(by, name);',
    becomes: '    await system.files.rename(by, name);',
    foundBy: [
      {
        ...upgradeOf("booted from passive'"),
        says: /law 1: GRUB may find (garbage|a broken image .*) as active/,
      },
    ],
  },
  {
    name: 'doomed-too-early',
    fault: 'the second name of the old image goes before the new name is checkpointed',
    law: 1,
    file: REPLACE,
    text: `  await system.settle.checkpoint(at);
  if ((`,
    becomes: '  if ((',
    foundBy: [
      { ...upgradeOf("booted from passive'"), says: /law 1: GRUB may find garbage as active/ },
    ],
  },
  {
    name: 'relabelled-early',
    fault: 'the outgoing image gets the label of passive before the switch',
    law: 1,
    file: 'machines/retire.ts',
    text: '    await system.files.link(active, retired);\n',
    becomes: `    await system.files.link(active, retired);
    await system.images.relabel(retired, 'COS_PASSIVE');
`,
    foundBy: [
      {
        ...CUT_UPGRADE,
        says: /law 1: GRUB may find a complete image labelled COS_PASSIVE as active/,
      },
    ],
  },
  {
    name: 'passive-first',
    fault: 'passive is replaced before active',
    law: 1,
    file: 'machines/retire.ts',
    text: '  return { reason, id: inodeOf(stat) };',
    becomes: `  await system.files.rename(retired, slotPath(device, 'passive') ?? '');
  return { reason, id: inodeOf(stat) };`,
    foundBy: [
      {
        ...CUT_UPGRADE,
        says: /law 1: GRUB may find a complete image labelled COS_ACTIVE as passive/,
      },
    ],
  },
  {
    name: 'last-good-not-kept',
    fault: 'the outgoing image gets no second name',
    law: 2,
    file: 'machines/retire.ts',
    text: '    await system.files.link(active, retired);\n',
    becomes: '',
    foundBy: [{ ...CUT_UPGRADE, says: /law 2: the last good image is under none of the names/ }],
  },
  {
    name: 'active-moved-away',
    fault: 'the outgoing image is renamed instead of linked',
    law: 1,
    file: 'machines/retire.ts',
    text: 'await system.files.link(active, retired);',
    becomes: 'await system.files.rename(active, retired);',
    foundBy: [
      {
        ...upgradeOf("booted from active and has no passive'"),
        says: /law 1: GRUB may find nothing as active/,
      },
    ],
  },
  {
    name: 'relabel-forgotten',
    fault: 'the outgoing image keeps the label of active when it becomes passive',
    law: 1,
    file: 'machines/steps/set-passive.ts',
    text: '      await system.images.relabel(by, requestOf(context).passiveLabel);\n',
    becomes: '',
    foundBy: [
      {
        ...CUT_UPGRADE,
        says: /law 4: the log says passive.img is inode \d+ labelled COS_PASSIVE, and the disk does not/,
      },
    ],
  },
  {
    name: 'trusts-booted-name',
    fault: 'what has the name that the machine booted is taken for what runs',
    law: 2,
    file: 'machines/rotation.ts',
    text: `if (device.runningImage === active.id) return yes('the active image is the running system');`,
    becomes: `if (device.bootedFrom === 'active') return yes('the active image is the running system');`,
    foundBy: [
      {
        ...upgradeOf("was upgraded and not rebooted since'"),
        says: /law 2: (the slots hold|the last good image)/,
      },
    ],
  },
  {
    name: 'seen-running-ignored',
    fault: 'an active image that never ran is kept when the upgrade is begun in recovery',
    law: 2,
    file: 'machines/rotation.ts',
    text: 'return confirmed.includes(inodeOf(active))',
    becomes: `return confirmed.length >= 0`,
    foundBy: [
      {
        ...model('unit/engine/lifecycle', 'never keeps an untested active image'),
        says: /^expected '.*' to be '/,
      },
    ],
  },
  {
    name: 'running-passive-replaced',
    fault: 'a resumed upgrade takes its name from the passive image that runs by then',
    law: 2,
    file: 'machines/steps/set-passive.ts',
    text: 'present !== undefined && present.id === device.runningImage',
    becomes: `present !== undefined && present.id === ''`,
    foundBy: [
      {
        ...model(
          'unit/engine/lifecycle',
          'leaves passive alone when the machine runs from it by then',
        ),
        says: /to match object/,
      },
    ],
  },
  {
    name: 'probe-by-existence',
    fault: 'the sealed image is taken for there when something has its name',
    law: 4,
    file: 'machines/steps/unmount-target.ts',
    text: 'if (stat !== undefined && inodeOf(stat) === id && stat.bytes === bytes) return;',
    becomes: 'if (stat !== undefined && id !== "" && bytes > 0) return;',
    foundBy: [
      {
        ...model('unit/engine/lifecycle', 'stops for attention when its new image is gone'),
        says: /to match object/,
      },
    ],
  },
  {
    name: 'installed-by-size',
    fault: 'an installed image is known by inode number and size, not by what it holds',
    law: 3,
    file: 'src/engine/memory.ts',
    text: 'return known.digest === undefined || known.digest === digest;',
    becomes: `return digest !== '';`,
    foundBy: [
      {
        ...model('unit/engine/lifecycle', 'when somebody has put something else of that size'),
        says: /to match object/,
      },
    ],
  },
  {
    name: 'erases-more',
    fault: 'a reset erases more partitions than were named',
    law: 6,
    file: 'machines/steps/erase-volumes.ts',
    text: 'return requestOf(context).erase.flatMap((role) => {',
    becomes: `return (['persistent', 'oem'] as const).flatMap((role) => {`,
    foundBy: [
      {
        ...resetOf('loses COS_PERSISTENT alone'),
        says: /law 6: \/oem\/\S+ changed, and no hook did that/,
      },
    ],
  },
  {
    name: 'oem-touched',
    fault: 'the switch clears the boot environment of the user on COS_OEM',
    law: 6,
    file: 'machines/steps/publish-state.ts',
    text: '    const { menuTitle } = titled.parse',
    becomes: `    const oem = placeOf(context.device, 'oem');
    if (oem !== undefined) {
      await context.system.boot.writeEnvironment(oem + '/grubenv', { saved_entry: '' });
    }
    const { menuTitle } = titled.parse`,
    foundBy: [{ ...CUT_UPGRADE, says: /law 6: \/oem\/grubenv changed, and no hook did that/ }],
  },
];
