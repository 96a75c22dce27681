import { describe, expect, it } from 'vitest';
import { crashPoints, failed, given, loadLog, machine, sourceOf } from 'slotwright/testing';
import 'slotwright/testing/vitest';

describe('the machine that lost power in its upgrade', async () => {
  const log = await loadLog('power-cut.bundle');
  const upgrade = log.operations.find(({ operation }) => operation === 'upgrade');
  if (upgrade === undefined) throw new Error('there is no upgrade in this log');

  it('came up by itself and finished it', () => {
    expect(upgrade).toEndIn('completed');
  });

  it('does the same today, record by record', async () => {
    await expect(upgrade).toComeAgain();
  });

  it('owed the new system when the power went, and would have gone back had that failed', () => {
    const begun = upgrade.records.find(
      ({ event }) => event.type === 'step.started' && event.step === 'deploy-image',
    );
    const there = given(upgrade).until(begun?.seq ?? 0);
    expect(there).toOwe('deploy-image');
    expect(there.when(failed('deploy-image', 'no space left'))).toOwe('undo:mount-target');
  });
});

describe('our hook', () => {
  const ours = () =>
    machine({
      slots: { active: '1.0', passive: '1.0', recovery: 'rescue' },
      sources: { '/next': sourceOf('2.0') },
      files: { '/oem/drivers.yaml': 'stages: {}' },
      hooks: [
        {
          stage: 'after-upgrade-chroot',
          source: '/oem/drivers.yaml',
          step: 'install our driver',
          writes: { '/usr/lib/ours.ko': 'driver' },
        },
      ],
    });

  it('puts the driver into the next system', async () => {
    const one = ours();
    await one.upgrade('/next');
    one.reboot();
    expect(await one.read('/usr/lib/ours.ko')).toBe('driver');
  });

  it('leaves a machine that boots, wherever the power goes', async () => {
    const command = (one: ReturnType<typeof ours>) => one.upgrade('/next');
    for await (const { name, machine: left } of crashPoints(ours(), command, { oneIn: 20 })) {
      expect(left, name).toBeDefined();
      if (left === undefined) continue;
      await left.resume();
      await expect(left).toKeepTheLaws();
    }
  });
});
