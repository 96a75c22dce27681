/** `rollback`: a copy of passive becomes active again; the running image keeps a name as law 2 says (architecture section 5). */
import { partitions } from './resources/partitions.ts';
import { target } from './resources/target.ts';
import type { Operation } from './step.ts';
import { armJudgement } from './steps/arm-judgement.ts';
import { checkPreconditions } from './steps/check-preconditions.ts';
import { copyPassive } from './steps/copy-passive.ts';
import { openPartitions } from './steps/open-partitions.ts';
import { publishState } from './steps/publish-state.ts';
import { relabelTarget } from './steps/relabel-target.ts';
import { retireActive } from './steps/retire-active.ts';
import { setActive } from './steps/set-active.ts';
import { setPassive } from './steps/set-passive.ts';
import { unmountTarget } from './steps/unmount-target.ts';

export const rollback: Operation = {
  name: 'rollback',
  title: 'Make a copy of the passive system active again',
  version: 1,
  pivot: 'set-active',
  resources: [partitions, target],
  steps: [
    checkPreconditions,
    openPartitions,
    copyPassive,
    relabelTarget,
    unmountTarget,
    armJudgement,
    retireActive,
    setActive,
    setPassive,
    publishState,
  ],
};
