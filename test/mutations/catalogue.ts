/** All faults. */
import type { Mutant } from './mutant.ts';
import { JUDGEMENT } from './catalogue/judgement.ts';
import { LOG } from './catalogue/log.ts';
import { MACHINE } from './catalogue/machine.ts';
import { OPERATIONS } from './catalogue/operations.ts';
import { SWITCH } from './catalogue/switch.ts';

export const MUTANTS: readonly Mutant[] = [
  ...OPERATIONS,
  ...SWITCH,
  ...JUDGEMENT,
  ...LOG,
  ...MACHINE,
];
