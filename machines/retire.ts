/**
 * Gives the present active image a second name before it loses its first one, when law 2 lets it become passive. Decided by looking,
 * each time anew: between two processes the machine may have booted the image that was still untried before.
 */
import { rotation } from './rotation.ts';
import { inodeOf, retiredPath, slotPath } from './slots.ts';
import type { StepContext } from './step.ts';

export interface Retirement {
  /** Why, for people. */
  readonly reason: string;
  /** Inode number of the image that will become passive; absent when passive stays as it is. */
  readonly id?: string;
}

export async function retire(context: StepContext): Promise<Retirement> {
  const { system, device } = context;
  const { rotate, reason } = await rotation(context);
  const active = slotPath(device, 'active');
  const stat = active === undefined ? undefined : await system.files.stat(active);
  if (!rotate || active === undefined || stat === undefined) {
    await unretire(context);
    return { reason };
  }
  const retired = retiredPath(context);
  if ((await system.files.stat(retired))?.id !== stat.id) {
    await unretire(context);
    await system.files.link(active, retired);
  }
  return { reason, id: inodeOf(stat) };
}

export async function unretire(context: StepContext): Promise<void> {
  await context.system.files.remove(retiredPath(context));
}
