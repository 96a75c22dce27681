/** Services over plain data: what a command asks for is given, what it did not ask for is a fault. */
import type { OperationOutcome } from '../../src/cli/outcome.ts';
import type { OperationHooks, Services } from '../../src/cli/services.ts';
import { memoryReader } from '../unit/config/memory-reader.ts';

const unasked = (name: string) => async (): Promise<never> =>
  Promise.reject(new Error(`${name} was not expected`));

export function fakeServices(given: Partial<Services> = {}): Services {
  return {
    configFiles: memoryReader({}),
    imageDefaults: async () => ({}),
    upgrade: unasked('upgrade'),
    reset: unasked('reset'),
    deploy: unasked('deploy'),
    install: unasked('install'),
    resume: unasked('resume'),
    abort: unasked('abort'),
    rollback: unasked('rollback'),
    assessBoot: unasked('assessBoot'),
    plan: unasked('plan'),
    status: unasked('status'),
    why: unasked('why'),
    diagnose: unasked('diagnose'),
    treat: unasked('treat'),
    log: unasked('log'),
    follow: () => {
      throw new Error('follow was not expected');
    },
    saveBundle: unasked('saveBundle'),
    runStage: unasked('runStage'),
    cloudInit: unasked('cloudInit'),
    operations: unasked('operations'),
    machine: unasked('machine'),
    power: unasked('power'),
    prove: unasked('prove'),
    pages: {
      write: unasked('pages.write'),
      serve: unasked('pages.serve'),
    },
    hookFiles: {
      analyze: unasked('hookFiles.analyze'),
      lint: unasked('hookFiles.lint'),
      schema: unasked('hookFiles.schema'),
    },
    media: {
      buildDisk: unasked('media.buildDisk'),
      buildIso: unasked('media.buildIso'),
      pullImage: unasked('media.pullImage'),
      prepareImage: unasked('media.prepareImage'),
    },
    sandbox: {
      create: unasked('sandbox.create'),
      shell: unasked('sandbox.shell'),
      run: unasked('sandbox.run'),
      destroy: unasked('sandbox.destroy'),
      demo: unasked('sandbox.demo'),
    },
    ...given,
  };
}

export const completed: OperationOutcome = {
  id: 'V1StGXR8',
  operation: 'upgrade',
  outcome: 'completed',
  exit: 0,
  reported: [],
  failedHooks: [],
  slots: [
    {
      slot: 'active',
      presence: 'present',
      running: false,
      boots: 'default',
      state: 'on-trial',
      label: 'COS_ACTIVE',
      bytes: 3_221_225_472,
      digest: 'sha256:a1b2c3d4e5f60718293a4b5c6d7e8f90',
      source: 'dir:/new',
    },
    {
      slot: 'passive',
      presence: 'present',
      running: true,
      boots: 'fallback',
      state: 'confirmed',
      label: 'COS_PASSIVE',
      bytes: 3_087_007_744,
    },
    { slot: 'recovery', presence: 'missing', running: false, boots: 'never', state: 'unknown' },
  ],
  rebootPending: true,
  durationMs: 81_500,
};

/** An upgrade that shows what a real one shows. */
export async function visibleUpgrade(_: unknown, hooks: OperationHooks): Promise<OperationOutcome> {
  hooks.note('upgrade V1StGXR8');
  hooks.step({ step: 'deploy-image', phase: 'run' }, 'write the new system', 5, 17);
  hooks.event({
    type: 'step.started',
    step: 'deploy-image',
    phase: 'run',
    attempt: 1,
    to: 'deploy-image',
  });
  hooks.progress({ doneBytes: 10, totalBytes: 100 });
  hooks.progress({ doneBytes: 15, totalBytes: 100 });
  hooks.progress({ doneBytes: 42, totalBytes: 100 });
  hooks.progress({ doneBytes: 100, totalBytes: 100 });
  hooks.step({ step: 'run-chroot-stage', phase: 'run' }, 'run the hooks in it', 7, 17);
  hooks.output('installing ');
  hooks.output('vim\nwarning: \u001B[31mred\u001B[0m\nno newline');
  return completed;
}
