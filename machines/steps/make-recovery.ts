import { EXIT } from '../../src/exit-codes.ts';
import { SystemError } from '../../src/errors.ts';
import { installRequestOf, type InstallRequest } from '../install-request.ts';
import { replace } from '../replace.ts';
import { doomedPath, IMAGES, inodeOf, slotPath } from '../slots.ts';
import { placeOf, type Step, type StepContext } from '../step.ts';
import { makeBaseDirectories } from './deploy-image.ts';

/** Where the recovery system is mounted while it is written. */
const RECOVERY_TREE = '/run/cos/recoverytree';

/** The recovery system: a copy of the new one under the label its menu entry asks for, or an image of its own, which has no hooks. */
export const makeRecovery: Step = {
  name: 'set-recovery',
  title: 'Make the recovery system',
  needs: ['partitions'],
  whenInterrupted: 'probe',
  touches: ({ device }) => [placeOf(device, 'recovery')].filter((at) => at !== undefined),

  async run(context) {
    const { system, signal } = context;
    const { recovery, source } = installRequestOf(context);
    const at = placeOf(context.device, 'recovery') ?? '';
    const name = slotPath(context.device, 'recovery') ?? '';
    const doomed = doomedPath(context, 'recovery').replace(context.device.stateAt, at);
    const by = `${at}/${IMAGES}/transition.${context.id}.recovery.img`;
    // The old image has its second name only when the new one is whole.
    if ((await system.files.stat(doomed)) === undefined) {
      await system.files.makeDirectory(`${at}/${IMAGES}`, 0o755);
      await make(context, recovery, by);
      await system.settle.sync([at]);
      await system.images.check(by, { signal });
    }
    await replace(system, { name, by, doomed, at });
    const stat = await system.files.stat(name);
    return {
      id: stat === undefined ? null : inodeOf(stat),
      bytes: stat?.bytes ?? 0,
      source: (recovery.source ?? source).uri,
      ...(recovery.fs === 'squashfs' ? {} : { label: recovery.label }),
    };
  },
};

async function make(
  context: StepContext,
  recovery: InstallRequest['recovery'],
  by: string,
): Promise<void> {
  const { system, device, signal, report } = context;
  const effort = { signal, report };
  const packed = recovery.fs === 'squashfs';
  const filled = packed ? `${by}.unpacked` : by;
  const options = installRequestOf(context).squashOptions;
  await system.files.remove(by);
  await system.files.remove(filled);
  if (recovery.source === undefined) {
    const active = slotPath(device, 'active') ?? '';
    if (packed) return system.images.pack(active, by, { options }, effort);
    await system.images.copy(active, by, effort);
    return system.images.relabel(by, recovery.label);
  }
  await mustBeTheSame(context, recovery.source);
  const { bytes, label } = recovery;
  await system.images.create(filled, { bytes, label, fs: packed ? 'ext2' : recovery.fs });
  await system.mounts.mount({ kind: 'image', source: filled, at: RECOVERY_TREE, mode: 'rw' });
  try {
    await system.images.fill(recovery.source, RECOVERY_TREE, effort);
    await makeBaseDirectories(system, RECOVERY_TREE);
    await system.settle.sync([RECOVERY_TREE]);
  } finally {
    await system.mounts.unmount(RECOVERY_TREE);
  }
  if (!packed) return;
  await system.images.pack(filled, by, { options }, effort);
  await system.files.remove(filled);
}

async function mustBeTheSame(
  { system, signal }: StepContext,
  source: NonNullable<InstallRequest['recovery']['source']>,
): Promise<void> {
  const found = await system.images.inspect(source, { signal });
  if (found.digest === source.digest) return;
  throw new SystemError({
    code: 'source-changed',
    message: `${source.uri} is no longer what this installation was started with`,
    reason: 'its digest is another one now',
    hint: 'run the installation again: this one is undone',
    exit: EXIT.checksum,
  });
}
