import type { Controls, Machinery, Outcome } from '../engine/machinery.ts';
import { resumeDevice } from '../engine/resume.ts';
import { upgradeDevice } from '../engine/upgrade.ts';
import { openForReading } from '../engine/session.ts';
import { historyRows } from '../inspect/history-rows.ts';
import { boot, type ColdMachine } from '../system/simulated/cold-machine.ts';
import type { SimulatedMachine } from '../system/simulated/machine.ts';
import { newMachine } from '../system/simulated/new-machine.ts';
import { sourceOf } from '../system/simulated/sources.ts';
import { simulatedMachinery } from '../system/simulated/machinery.ts';
import { simulatedSystem } from '../system/simulated/system.ts';
import { INSTALL_YAML } from './field-manual.ts';
import { createStory, type Story } from './story.ts';

/**
 * Tells the story of the demonstration on the simulated machine, after saying why not on a real one. The engine, the steps
 * and the log are the real ones; disks, power and the package manager are simulated. Returns 0 when all came as told.
 */
export async function tellSimulatedStory(
  reason: string,
  hooks: { readonly output: (text: string) => void; readonly signal: AbortSignal },
): Promise<number> {
  const { output, signal } = hooks;
  const story = createStory(output);
  output('An upgrade that keeps what you configured, then the same one without power.');
  output(`Simulated, because a real disk cannot be had here: ${reason}.`);

  await story.part('A machine in memory', async () => {
    story.line('active, passive and recovery hold version 1.0');
    story.line('/oem/install.yaml, as the field manual prints it:');
    story.quote(INSTALL_YAML);
  });
  const upgraded = await story.part('Upgrade it', async () => {
    const machine = installed();
    story.line('# elemental upgrade');
    await upgrade(machine, watching(story, signal));
    return tellResult(story, machine.shutDown());
  });
  const recovered = await story.part('The same upgrade, and the power goes', async () => {
    story.line('# elemental upgrade');
    const cold = await powerCutInHook(story, signal);
    story.line('-- power cut: what was not durable is lost --');
    story.line('-- power on --');
    const machine = boot(cold);
    if (machine === undefined) return false;
    await tellHistory(story, machine);
    story.line('# elemental resume');
    await resumeDevice(
      machineryOf(machine),
      { attempts: 'counted', reach: 'everything', by: 'hand' },
      watching(story, signal),
    );
    return tellResult(story, machine.shutDown());
  });
  await story.part('Summary', async () => {
    story.told(
      upgraded,
      'upgraded from 1.0 to 2.0; the hook put vim into the new image before it booted',
    );
    story.told(recovered, 'the upgrade that lost power was resumed; 2.0 runs, with vim');
    story.line('');
    story.line('for the real thing: run this as root, where loop devices work');
  });
  return upgraded && recovered ? 0 : 1;
}

const NEW_SYSTEM = '/new';
const VIM = '/usr/bin/vim';

function installed(): SimulatedMachine {
  return newMachine({
    slots: { active: '1.0', passive: '1.0', recovery: '1.0' },
    files: { '/oem/install.yaml': INSTALL_YAML },
    sources: { [NEW_SYSTEM]: sourceOf('2.0') },
    hooks: [
      {
        stage: 'after-upgrade-chroot',
        source: '/oem/install.yaml',
        step: 'Install something',
        writes: { [VIM]: 'vim' },
        outputs: ['zypper in -y vim: 1 new package installed (simulated)\n'],
      },
    ],
  });
}

const machineryOf = (machine: SimulatedMachine): Machinery =>
  simulatedMachinery(machine, 'slotwright, simulated');

function watching(story: Story, signal: AbortSignal): Controls {
  const flow = story.flow();
  return {
    signal,
    observer: {
      step: ({ step }, title, index, count) =>
        flow.write(`step ${index + 1}/${count} ${step}: ${title}\n`),
      output: flow.write,
    },
  };
}

async function upgrade(machine: SimulatedMachine, controls: Controls): Promise<Outcome> {
  const wish = {
    source: { kind: 'dir', path: NEW_SYSTEM, uri: `dir://${NEW_SYSTEM}` },
    slot: 'active',
    squashOptions: [],
    label: 'COS_ACTIVE',
    passiveLabel: 'COS_PASSIVE',
    fs: 'ext2',
    sizeBytes: 0,
    strict: false,
    extraPaths: [],
    date: '2026-01-01T00:00:00+00:00',
    attempts: 3,
    again: 'no',
  } as const;
  return upgradeDevice(machineryOf(machine), wish, controls);
}

/** Runs an upgrade until its hook has begun; answers with what is on the disks when the power goes there. */
async function powerCutInHook(story: Story, signal: AbortSignal): Promise<ColdMachine> {
  const machine = installed();
  const cut: ColdMachine[] = [];
  const { observer } = watching(story, signal);
  const event: Controls['observer']['event'] = ({ type }) => {
    if (type !== 'hook.started') return;
    machine.onMoment = () => {
      if (cut.length === 0) cut.push(machine.cut('lost'));
      throw new Error('the power is gone');
    };
  };
  await upgrade(machine, { signal, observer: { ...observer, event } }).catch(() => undefined);
  return cut[0] ?? machine.cut('lost');
}

async function tellHistory(story: Story, machine: SimulatedMachine): Promise<void> {
  story.line('# elemental history');
  const { system, state } = machineryOf(machine);
  const session = await openForReading(system, state);
  for (const { number, operation, outcome, owes } of historyRows(session.segments)) {
    story.quote(`${number}  ${operation}  ${outcome}${owes === undefined ? '' : `, owes ${owes}`}`);
  }
  await session.close();
}

/** True when the new system runs and has the package. */
async function tellResult(story: Story, cold: ColdMachine): Promise<boolean> {
  story.line('-- reboot --');
  const machine = boot(cold);
  if (machine === undefined) return false;
  const { files } = simulatedSystem(machine);
  const version = /^VERSION=.*$/m.exec((await files.readText('/etc/os-release')) ?? '')?.[0] ?? '';
  const vim = await files.readText(VIM);
  story.line('# grep ^VERSION= /etc/os-release; ls /usr/bin/vim');
  story.quote(`${version}\n${vim === undefined ? 'no vim' : VIM}`);
  await tellHistory(story, machine);
  return version.includes('2.0') && vim !== undefined;
}
