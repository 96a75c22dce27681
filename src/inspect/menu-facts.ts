/** What the boot menu will read at the next boot, looked at on the machine. */
import { standingOfActive } from '../../machines/judgement.ts';
import { lookAtSlots } from '../../machines/slots.ts';
import type { Device } from '../../machines/step.ts';
import { SystemError } from '../errors.ts';
import type { System } from '../system/port.ts';
import type { MenuFacts } from './next-boot.ts';

export async function menuFacts(system: System, device: Device): Promise<MenuFacts> {
  const { judgement, uuid } = await standingOfActive(system, device);
  const oem = device.partitions.find(({ role }) => role === 'oem')?.mountedAt;
  const user = oem === undefined ? undefined : await userVariables(system, `${oem}/grubenv`);
  const slots = await lookAtSlots(system, device);
  const hidden = device.partitions.some(
    ({ role, mountedAt }) => role === 'recovery' && mountedAt === undefined,
  );
  return {
    judgement,
    ...(user === undefined ? {} : { user }),
    ...(uuid === undefined ? {} : { activeUuid: uuid }),
    // A recovery partition that is not mounted is taken to hold what it should.
    present: [...slots.map(({ slot }) => slot), ...(hidden ? (['recovery'] as const) : [])],
  };
}

/** A block that is damaged says nothing to the boot loader either. */
async function userVariables(
  system: System,
  block: string,
): Promise<Readonly<Record<string, string>>> {
  try {
    return (await system.boot.readEnvironment(block)) ?? {};
  } catch (error) {
    if (error instanceof SystemError && error.code === 'environment-damaged') return {};
    throw error;
  }
}
