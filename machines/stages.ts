/** The hooks of an operation that installs an image, in their places: before, inside the new system, after, and when it stands (spec 4.1). */
import { stageStep } from './steps/run-stage.ts';
import type { Step } from './step.ts';

/** Exit codes of failing hooks where they are strict. */
export interface StageExits {
  readonly before: number;
  readonly chroot: number;
  readonly after: number;
  readonly post: number;
}

export interface LifecycleStages {
  readonly before: Step;
  readonly chroot: Step;
  readonly after: Step;
  readonly post: Step;
}

/** The step that a repeat after its failure runs alone (law 3). */
export const POST_STAGE = 'run-post-stage';

/** `verb` as in `after-<verb>-chroot`. */
export function stagesOf(verb: string, exits: StageExits): LifecycleStages {
  return {
    before: stageStep({
      name: 'run-before-stage',
      title: `Run hooks: before-${verb}`,
      stage: `before-${verb}`,
      where: 'host',
      needs: ['partitions'],
      whenInterrupted: 'once-per-attempt',
      exit: exits.before,
    }),
    chroot: stageStep({
      name: 'run-chroot-stage',
      title: `Run hooks: after-${verb}-chroot, inside the new system`,
      stage: `after-${verb}-chroot`,
      where: 'chroot',
      needs: ['partitions', 'target', 'volumes'],
      whenInterrupted: { discardTo: 'mount-target' },
      exit: exits.chroot,
    }),
    after: stageStep({
      name: 'run-after-stage',
      title: `Run hooks: after-${verb}`,
      stage: `after-${verb}`,
      where: 'host',
      needs: ['partitions', 'target'],
      whenInterrupted: { discardTo: 'mount-target' },
      exit: exits.after,
    }),
    post: stageStep({
      name: POST_STAGE,
      title: `Run hooks: post-${verb}`,
      stage: `post-${verb}`,
      where: 'host',
      needs: ['partitions'],
      whenInterrupted: 'once-per-attempt',
      onFailure: 'report',
      exit: exits.post,
    }),
  };
}
