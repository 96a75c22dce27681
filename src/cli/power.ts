/**
 * What to do afterwards, by flags alone: commands that repair a machine must work when its configuration does not parse,
 * and a boot unit that reboots because the configuration says so would never end.
 */
import { refuseContradictions } from '../config/flags.ts';
import type { PowerAction } from '../config/upgrade-request.ts';
import { isGiven, type Invocation } from './command.ts';

export function powerAsked(invocation: Invocation): PowerAction | undefined {
  refuseContradictions(invocation.flags);
  if (isGiven(invocation, 'reboot')) return 'reboot';
  return isGiven(invocation, 'poweroff') ? 'poweroff' : undefined;
}
