/** Faults in what carries an operation from step to step. */
import type { Mutant } from '../mutant.ts';
import { CUT_UPGRADE, inProcess, model, unit } from './sightings.ts';

const RUNNER = 'src/engine/runner.ts';

export const OPERATIONS: readonly Mutant[] = [
  {
    name: 'no-settle',
    fault: 'a completion is recorded before its effect is settled',
    law: 4,
    file: RUNNER,
    text: `      await this.settle(step, context);
    } catch (error) {
      if (this.input.signal.aborted)`,
    becomes: `    } catch (error) {
      if (this.input.signal.aborted)`,
    foundBy: [{ ...CUT_UPGRADE, says: /law 4: .* which a hook wrote, is lost/ }],
  },
  {
    name: 'effect-first',
    fault: 'the start of a step is recorded after its effect',
    law: 4,
    file: RUNNER,
    text: `    await this.move({ type: 'step.started', ...owed, attempt });
    let output: JsonValue;
    try {
      const undoes = owed.phase === 'undo';
      await this.stack.align(undoes ? (step.undoNeeds?.(context) ?? []) : step.needs, context);
      // Nothing of ours may keep the file system open while a step makes it current (architecture section 5).
      await this.input.store.release();
      output = (await (owed.phase === 'run' ? step.run(context) : step.undo?.(context))) ?? null;`,
    becomes: `    let output: JsonValue;
    try {
      await this.stack.align(owed.phase === 'undo' ? [] : step.needs, context);
      await this.input.store.release();
      output = (await (owed.phase === 'run' ? step.run(context) : step.undo?.(context))) ?? null;
      await this.move({ type: 'step.started', ...owed, attempt });
      await this.input.store.release();`,
    foundBy: [{ ...CUT_UPGRADE, says: /law 4: the log says .*, and the disk does not/ }],
  },
  {
    name: 'undo-without-partition',
    fault: 'the partition of a new recovery image is let go before the image is taken away',
    law: 5,
    file: 'machines/steps/mount-target.ts',
    text: `['recovery-partition']`,
    becomes: '[]',
    foundBy: [
      {
        ...model('crash/model', 'an upgrade of the recovery system of which .*deploy-image'),
        says: /law 5: transition\..* is left over/,
      },
    ],
  },
  {
    name: 'release-forgotten',
    fault: 'resources are crossed off and not released',
    law: 5,
    file: 'src/engine/resource-stack.ts',
    text: 'await top.resource.release(context, top.detail);',
    becomes: '',
    foundBy: [{ ...CUT_UPGRADE, says: /law 5: .* is mounted at/ }],
  },
  {
    name: 'releases-too-much',
    fault: 'the release of the partitions takes back mounts that it did not make',
    law: 5,
    file: 'machines/resources/partitions.ts',
    text: `    if (present?.mode === 'rw') continue;`,
    becomes: `      if (present?.mode === 'rw') {
        taken.push({ at, took: 'remount' });
        continue;
      }`,
    foundBy: [{ ...CUT_UPGRADE, says: /law 5: \/(oem|usr\/local) is ro and was rw/ }],
  },
  {
    name: 'state-left-writable',
    fault: 'COS_STATE stays writable after the command',
    law: 5,
    file: 'src/engine/session.ts',
    text: `  undo.push(() => readOnlyAgain(system, device, stateAt));`,
    becomes: '',
    foundBy: [{ ...CUT_UPGRADE, says: /law 5: COS_STATE is writable/ }],
  },
  {
    name: 'half-target-continued',
    fault: 'an interrupted deployment is continued in the same target',
    law: 3,
    file: RUNNER,
    text: 'if (planned?.discardTo === undefined) return;',
    becomes: 'if (planned !== undefined) return;',
    foundBy: [{ ...CUT_UPGRADE, says: /law 3: it was rolled back: cannot mount/ }],
  },
  {
    name: 'digest-not-checked',
    fault: 'a resumed operation installs whatever lies at its source now',
    law: 3,
    file: 'machines/steps/verify-image.ts',
    text: 'if (found.digest === source.digest) return found;',
    becomes: 'if (found.digest !== "") return found;',
    foundBy: [
      {
        ...model('unit/engine/lifecycle', 'never installs that'),
        says: /"outcome": "completed"/,
      },
    ],
  },
  {
    name: 'key-forgotten',
    fault: 'the same request again is carried out again',
    law: 3,
    file: 'src/engine/memory.ts',
    text: 'if (known?.key !== key) return undefined;',
    becomes: 'if (known?.key !== key || known !== undefined) return undefined;',
    foundBy: [{ ...CUT_UPGRADE, says: /law 3: the second run of the same request changed/ }],
  },
  {
    name: 'hooks-not-in-key',
    fault: 'a changed hook file does not make it another request',
    law: 3,
    file: 'src/engine/upgrade.ts',
    text: '...keyParts(wish, facts, hooks),',
    becomes: '...keyParts(wish, facts, []),',
    foundBy: [
      {
        ...inProcess('once', 'with a changed hook file is another one'),
        says: /^expected '.*' to be '/,
      },
    ],
  },
  {
    name: 'post-stage-repeats-all',
    fault: 'a repeat after a failed post stage carries out the whole upgrade again',
    law: 3,
    file: 'src/engine/upgrade.ts',
    text: `const only = same?.postStage === 'failed' && wish.again === 'no' ? [POST_STAGE] : undefined;`,
    becomes: 'const only = undefined;',
    foundBy: [
      {
        ...inProcess('once', 'is tried ten times more without another rotation'),
        says: /^[+-]\s+\"(switches|tries)\"/,
      },
    ],
  },
  {
    name: 'lock-not-taken',
    fault: 'the lock is not taken',
    law: 4,
    file: 'src/engine/session.ts',
    text: 'const lock = await access.lock(stateAt);',
    becomes: 'const lock = { release: async () => undefined };',
    foundBy: [
      { ...inProcess('once', 'while another one runs is refused'), says: /^expected \d+ to be 90/ },
    ],
  },
  {
    name: 'thaw-forgotten',
    fault: 'a start does not thaw what a killed process left frozen',
    law: 5,
    file: 'src/engine/session.ts',
    text: 'await system.settle.thaw(stateAt);',
    becomes: '',
    foundBy: [
      {
        ...model('unit/engine/lifecycle', 'thaws what was frozen when the process was killed'),
        says: /would hang/,
      },
    ],
  },
  {
    name: 'abort-past-pivot',
    fault: 'an operation whose switch is made can still be aborted',
    law: 2,
    file: 'src/engine/way-back.ts',
    text: `return made === false ? 'not-made' : undefined;`,
    becomes: `return made === undefined ? undefined : 'not-made';`,
    foundBy: [
      {
        ...model('unit/engine/asked-again', 'cannot be aborted once the new image has its name'),
        says: /instead of rejecting/,
      },
    ],
  },
  {
    name: 'undo-skipped-step',
    fault: 'undoing leaves the target behind',
    law: 5,
    file: 'machines/steps/mount-target.ts',
    text: '  undo: removeTargets,',
    becomes: '',
    foundBy: [
      {
        ...model('crash/model', 'is undone before the pivot, wherever it is cut: run-after-stage'),
        says: /law 5: transition/,
      },
    ],
  },
  {
    name: 'interruption-is-failure',
    fault: 'a signal is recorded as a failure of the step',
    law: 4,
    file: RUNNER,
    text: '      if (this.input.signal.aborted) return this.interrupted();\n      // The plan',
    becomes: '      // The plan',
    foundBy: [
      {
        ...model('crash/model', 'a signal at any moment interrupts'),
        says: /to include 'rolled-back'|step\.failed/,
      },
    ],
  },
  {
    name: 'poison-tried-for-ever',
    fault: 'a step that kills the tool is tried again and again',
    law: 4,
    file: RUNNER,
    text: 'if (attempts < MAX_ATTEMPTS) return undefined;',
    becomes: 'if (attempts < MAX_ATTEMPTS * 1000) return undefined;',
    foundBy: [
      {
        ...model('crash/model', 'a step that dies three times is given up'),
        says: /"outcome": "completed"/,
      },
    ],
  },
  {
    name: 'landing-not-checked',
    fault: 'a record that leads elsewhere than it says is followed',
    law: 7,
    file: 'src/engine/fold.ts',
    text: `if ('to' in event && event.to !== after.state) {`,
    becomes: `if ('to' in event && event.to === '') {`,
    foundBy: [
      {
        ...unit(
          'engine/operation-machine',
          'refuses a record that was written as leading elsewhere',
        ),
        says: /^expected \[Function\] to throw/,
      },
    ],
  },
];
