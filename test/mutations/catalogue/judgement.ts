/** Faults in who judges the boots of a new image. */
import type { Mutant } from '../mutant.ts';
import { model, upgradeOf } from './sightings.ts';

export const JUDGEMENT: readonly Mutant[] = [
  {
    name: 'armed-late',
    fault: 'the judgement is armed after the switch',
    law: 2,
    file: 'machines/upgrade.ts',
    text: '    armJudgement,\n    retireActive,\n    setActive,\n',
    becomes: '    retireActive,\n    setActive,\n    armJudgement,\n',
    also: [
      {
        file: 'machines/steps/arm-judgement.ts',
        text: 'system.images.uuid(sealedImage(context).path)',
        becomes: "system.images.uuid(device.stateAt + '/cOS/active.img')",
      },
    ],
    foundBy: [
      {
        ...model('unit/boot/judgement', 'never boots uncounted, wherever its own upgrade is cut'),
        says: /to deeply equal \[\]/,
      },
    ],
  },
  {
    name: 'trial-kept',
    fault: 'an image that nobody has confirmed becomes passive',
    law: 2,
    file: 'machines/rotation.ts',
    text: `  if (standing !== 'not-judged') return no(UNCONFIRMED);\n`,
    becomes: '',
    foundBy: [{ ...upgradeOf('was upgraded to an image that will be'), says: /law 2: / }],
  },
  {
    name: 'confirmed-unwell',
    fault: 'a boot is confirmed before its health checks',
    law: 2,
    file: 'machines/assess-boot.ts',
    text: 'steps: [checkHealth, settleJudgement],',
    becomes: 'steps: [settleJudgement, checkHealth],',
    foundBy: [
      { ...model('unit/boot/judgement', 'an image on trial'), says: /^expected undefined to be 2/ },
    ],
  },
  {
    name: 'condemned-again',
    fault: 'an image that failed its judgement is installed again',
    law: 3,
    file: 'src/engine/upgrade.ts',
    text: `if (wish.again === 'no' && registry.condemned.includes(key))`,
    becomes: `if (wish.again === 'no' && registry.condemned.includes(''))`,
    foundBy: [{ ...model('unit/boot/judgement', ''), says: /instead of rejecting/ }],
  },
  {
    name: 'untried-uncounted',
    fault: 'while an image that nobody has confirmed is replaced, its boots are not counted',
    law: 2,
    file: 'machines/steps/arm-judgement.ts',
    text: '...(unproven === undefined ? {} : { condemned: unproven }),',
    becomes: '',
    foundBy: [
      {
        ...model('unit/boot/judgement', 'never boots uncounted, wherever the other upgrade is cut'),
        says: /to deeply equal \[\]/,
      },
    ],
  },
  {
    name: 'trial-forgotten-by-undo',
    fault: 'undoing an upgrade forgets the trial of the image before',
    law: 2,
    file: 'machines/steps/arm-judgement.ts',
    text: 'else await writeJudgement(context, { image: condemned, ...before });',
    becomes: 'else await writeJudgement(context, {});',
    foundBy: [
      {
        ...model('unit/boot/judgement', 'is on trial again when the other upgrade is undone'),
        says: /^expected \{\} to deeply equal/,
      },
    ],
  },
];
