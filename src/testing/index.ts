/**
 * `slotwright/testing`: replay logs of real machines in your own tests, and try your requests and hooks on machines in memory whose power
 * can be cut anywhere. The engine, the steps and the log are those of the tool.
 */
export { loadLog, logOf, type FieldLog, type FieldOperation } from './field-log.ts';
export { given, type Given, type TestEvent } from './given.ts';
export { aborted, begun, done, failed, interrupted } from './events.ts';
export { machine, type Declared, type TestMachine } from './machine.ts';
export { crashPoints, type CrashPoint, type Sampling } from './crash-points.ts';
export { FATES, type Fate } from '../replay/fate.ts';
export { sourceOf } from '../system/simulated/sources.ts';
