import { relative } from 'node:path';
import type { Booted } from './boot.ts';
import { createSandbox } from './create.ts';
import { copyDisk } from './disk.ts';
import { INSTALL_YAML } from './field-manual.ts';
import { hostCommand } from './host-command.ts';
import { interruptible, whileBooted } from './machine.ts';
import type { SandboxPlace } from './place.ts';
import { cutPower } from './power.ts';
import { missingForRealMachine } from './requirements.ts';
import { tellSimulatedStory } from './simulated-story.ts';
import { createStory, type Story } from './story.ts';
import { untilRecorded } from './watch-log.ts';

/** What a demonstration needs of its caller. */
export interface DemoHooks {
  readonly signal: AbortSignal;
  /** One line at a time. */
  readonly output: (text: string) => void;
}

/**
 * Shows the main job: an upgrade that installs a package by the user's own hook, then the same one with the power cut in
 * the middle. Returns 0 when everything came as told, 1 when something did not.
 */
export async function runDemo(place: SandboxPlace, hooks: DemoHooks): Promise<number> {
  const reason = await missingForRealMachine();
  if (reason !== undefined) return tellSimulatedStory(reason, hooks);
  const story = createStory(hooks.output);
  const stage: Stage = { place, story, signal: hooks.signal };

  hooks.output('An upgrade that keeps what you configured, then the same one without power.');
  hooks.output(
    'Real: a disk file with partitions, a Debian root tree, zypper. Nothing outside this folder changes.',
  );
  await story.part('A machine on a disk file', () =>
    interruptible(stage.signal, () => makeMachine(stage)),
  );
  const upgraded = await story.part('Upgrade it', () => upgrade(stage));
  const recovered = await story.part('The same upgrade, and the power goes', () =>
    loseAndRegain(stage),
  );
  await story.part('Summary', () => summary(stage, { upgraded, recovered }));
  return upgraded && recovered ? 0 : 1;
}

interface Stage {
  readonly place: SandboxPlace;
  readonly story: Story;
  readonly signal: AbortSignal;
}

async function makeMachine({ place, story }: Stage): Promise<void> {
  await createSandbox(place, {}, (line) => story.line(line));
  await copyDisk({ path: place.disk }, place.cutDisk);
  story.line('/oem/install.yaml, as the field manual prints it:');
  story.quote(INSTALL_YAML);
}

async function upgrade(stage: Stage): Promise<boolean> {
  const disk = stage.place.disk;
  const { code } = await boot(stage, disk, async (booted) => {
    await stage.story.show(booted, VERSION);
    return stage.story.show(booted, ['elemental', 'upgrade']);
  });
  return (await rebootIntoNewSystem(stage, disk)) && code === 0;
}

async function loseAndRegain(stage: Stage): Promise<boolean> {
  const { story } = stage;
  const disk = stage.place.cutDisk;
  await boot(stage, disk, (booted) => upgradeUntilPowerCut(story, booted));
  story.line('-- power on --');
  const finished = await boot(stage, disk, async (booted) => {
    await story.show(booted, VERSION);
    await story.show(booted, ['elemental', 'status']);
    const { code } = await story.show(booted, ['elemental', 'resume']);
    await story.show(booted, ['elemental', 'history']);
    return code === 0;
  });
  return (await rebootIntoNewSystem(stage, disk)) && finished;
}

const VERSION = ['grep', '^VERSION=', '/etc/os-release'];

async function upgradeUntilPowerCut(story: Story, booted: Booted): Promise<void> {
  story.line('# elemental upgrade');
  const flow = story.flow();
  const over = new AbortController();
  const running = booted.spawn(['elemental', 'upgrade'], { onOutput: flow.write });
  void running.outcome.finally(() => over.abort());
  await untilRecorded(booted, ({ type }) => type === 'hook.started', over.signal);
  const { devices } = await cutPower(booted);
  await running.outcome;
  flow.end();
  story.line(`-- power cut: ${devices.length} file systems lose what is not durable --`);
}

/** True when the new system runs and the package of the hook is in it. */
async function rebootIntoNewSystem(stage: Stage, disk: string): Promise<boolean> {
  stage.story.line('-- reboot --');
  return boot(stage, disk, async (booted) => {
    const version = await stage.story.show(booted, VERSION);
    const vim = await stage.story.show(booted, ['vim']);
    await stage.story.show(booted, ['elemental', 'history']);
    return version.stdout.includes('2.0') && vim.code === 0;
  });
}

async function boot<T>(
  { place, signal }: Stage,
  disk: string,
  work: (booted: Booted) => Promise<T>,
): Promise<T> {
  return whileBooted({ place, disk, signal }, work);
}

async function summary(
  { place, story }: Stage,
  came: { readonly upgraded: boolean; readonly recovered: boolean },
): Promise<void> {
  const attached = await Promise.all(
    [place.disk, place.cutDisk].map((disk) => hostCommand('losetup', ['--associated', disk])),
  );
  const size =
    (await hostCommand('du', ['--summarize', '--human-readable', place.folder])).split('\t')[0] ??
    '';
  const folder = relative(process.cwd(), place.folder);
  const program = `node ${relative(process.cwd(), process.argv[1] ?? '')}`;
  story.told(
    came.upgraded,
    'upgraded from 1.0 to 2.0; the hook installed vim into the new image before it booted',
  );
  story.told(came.recovered, 'the upgrade that lost power was resumed; 2.0 runs, with vim');
  story.told(attached.join('') === '', 'no mount and no loop device is left');
  story.line('');
  story.line(`look around     ${program} sandbox shell ${folder}`);
  story.line(`rehearse hooks  ${program} sandbox run ${folder} -- elemental upgrade`);
  story.line(`remove          ${program} sandbox destroy ${folder}    (${size})`);
}
