import type * as z from 'zod';
import { JUDGEMENT_BLOCK } from '../../src/boot/judgement.ts';
import { COUNTING_MARK, withJudgementMenu } from '../../src/boot/judgement-menu.ts';
import { confirmer, judge, judgementOn, writeJudgement } from '../judgement.ts';
import { replace } from '../replace.ts';
import type { Step, StepContext } from '../step.ts';
import { requestOf } from '../upgrade-request.ts';
import { sealedImage } from './unmount-target.ts';

/**
 * From the switch on, the boot loader counts the boots of the new image. Armed before the pivot: a cut right after it finds the counter
 * there, and a cut before it finds an image that the counter does not mean. An image that
 * nobody has confirmed and that is replaced now is not started any more: a cut in between finds passive.
 */
export const armJudgement: Step = {
  name: 'arm-judgement',
  title: 'Arm the judgement of the next boots',
  needs: ['partitions'],
  whenInterrupted: 'probe',

  async run(context) {
    const reason = await whyNot(context);
    if (reason !== undefined) return reason;
    const { system, device, id } = context;
    const image = await system.images.uuid(sealedImage(context).path);
    if (image === undefined) return none('the new image has no UUID');
    const menu = await makeMenuCount(context);
    if (menu !== undefined) return none(menu);
    const { attempts } = requestOf(context);
    const before = await judgementOn(system, device);
    if (before.operation !== id) {
      // An image that nobody has confirmed is not started by itself any more: until the switch, the boot loader takes passive instead.
      const unproven = before.image ?? before.condemned;
      await writeJudgement(context, {
        image,
        triesLeft: attempts,
        operation: id,
        ...(unproven === undefined ? {} : { condemned: unproven }),
        ...(before.image === undefined || before.triesLeft === undefined
          ? {}
          : { before: { triesLeft: before.triesLeft, operation: before.operation ?? '' } }),
      });
    }
    return { judge: 'slotwright', image, attempts };
  },

  async undo(context) {
    const { system, device, id } = context;
    const { by, doomed } = customNames(context);
    await system.files.remove(by);
    await system.files.remove(doomed);
    const { operation, condemned, before } = await judgementOn(system, device);
    if (operation !== id) return;
    // What it said when it was armed. Confirmed since then, the image before is not in it any more.
    if (condemned === undefined) await writeJudgement(context, {});
    else if (before === undefined) await writeJudgement(context, { condemned });
    else await writeJudgement(context, { image: condemned, ...before });
  },
};

/** Who counts, as this operation decided. */
export function judgeOf(context: StepContext): z.infer<typeof judge> {
  return judge.catch(none('')).parse(context.output('arm-judgement'));
}

function none(reason: string) {
  return { judge: 'none' as const, reason };
}

async function whyNot(context: StepContext): Promise<z.infer<typeof judge> | undefined> {
  if (context.operation === 'rollback') return none('the passive image has run before');
  if (requestOf(context).passive === 'copy')
    return none('the fallback is a copy of the new system');
  const { confirms } = confirmer
    .catch({ confirms: 'nothing' })
    .parse(context.output('relabel-target'));
  if (confirms === 'nothing') {
    return none(
      'the new image does not confirm its boots: it would be thrown back after good ones',
    );
  }
  if (confirms === 'elemental') {
    return { judge: 'elemental', reason: 'the new image brings that boot assessment' };
  }
  const fs = context.device.partitions.find(({ role }) => role === 'state')?.fs;
  if (fs !== undefined && !GRUB_WRITES.has(fs)) return none(`GRUB cannot write to ${fs}`);
  return undefined;
}

/** File systems whose plain blocks GRUB overwrites: no checksums over data, no copies elsewhere. */
const GRUB_WRITES = new Set(['ext2', 'ext3', 'ext4', 'xfs']);

/** Our menu counts by itself; another one is told to through the file it reads last. Answers why it cannot. */
async function makeMenuCount(context: StepContext): Promise<string | undefined> {
  const { system, device } = context;
  const menu = await menuOf(context);
  if (menu === undefined) return 'there is no boot menu on COS_STATE';
  if (menu.includes(COUNTING_MARK)) return undefined;
  if (!menu.includes('grubcustom')) {
    return `the boot menu neither reads ${JUDGEMENT_BLOCK} nor /grubcustom`;
  }
  const { name, by, doomed } = customNames(context);
  const present = await system.files.readText(name);
  const wanted = withJudgementMenu(present ?? '');
  if (present !== wanted) {
    await system.files.writeText(by, wanted, 0o644);
    await system.settle.sync([device.stateAt]);
  }
  await replace(system, { name, by, doomed, at: device.stateAt });
  return undefined;
}

async function menuOf({ system, device }: StepContext): Promise<string | undefined> {
  for (const folder of ['grub2', 'grub']) {
    const text = await system.files.readText(`${device.stateAt}/${folder}/grub.cfg`);
    if (text !== undefined) return text;
  }
  return undefined;
}

function customNames({ device, id }: StepContext) {
  const name = `${device.stateAt}/grubcustom`;
  return { name, by: `${name}.${id}`, doomed: `${name}.${id}.doomed` };
}
