import * as z from 'zod';
import { EXIT } from '../../exit-codes.ts';
import { isGiven, type Command } from '../command.ts';
import { stageOutcomeSchema } from '../outcome.ts';
import { analysisText } from '../render/analysis.ts';
import { settingsFor } from '../settings.ts';
import { STRICT } from '../shared-flags.ts';
import { runStages } from '../stage.ts';

export const stageAnalysisSchema = z.object({
  stage: z.string(),
  steps: z
    .array(
      z.object({
        order: z.number().describe('from 1; steps of the same number may run side by side'),
        stage: z.string().describe('with .before or .after'),
        source: z.string(),
        step: z.string(),
        line: z.number(),
        parts: z.array(z.string()).readonly().describe('what it does, in this order'),
        conditions: z
          .array(z.object({ key: z.string(), value: z.string() }))
          .readonly()
          .describe('not evaluated'),
        waitsFor: z
          .array(
            z.object({
              because: z
                .enum(['list', 'file', 'after'])
                .describe('list: before it in its file; file: an earlier file; after: named'),
              names: z.array(z.string()).readonly(),
            }),
          )
          .readonly(),
      }),
    )
    .readonly(),
  failures: z.array(z.string()).readonly(),
  warnings: z.array(z.string()).readonly(),
});

/** In which order the steps of a stage would run, and why. */
export type StageAnalysis = z.infer<typeof stageAnalysisSchema>;

export const runStage: Command = {
  name: 'run-stage',
  summary: 'run the hooks of a stage on the running system',
  description: [
    'Runs STAGE.before, STAGE and STAGE.after from the default directories, the configured ones and the kernel command line.',
  ],
  arguments: [
    { name: 'STAGE', presence: 'required', says: 'any name; boot runs fs, boot, network' },
  ],
  flags: [
    { ...STRICT, says: 'exit with 65 when a hook fails' },
    { name: 'analyze', says: 'tell which steps would run, in which order and why; run nothing' },
  ],
  examples: [
    { says: 'as a boot unit does', line: 'run-stage boot' },
    { says: 'what an upgrade would run', line: 'run-stage --analyze after-upgrade-chroot' },
  ],
  exits: ['readConfig', 'cloudInit'],
  output: z.union([stageOutcomeSchema, stageAnalysisSchema]),
  run: async (context, invocation) => {
    const config = await settingsFor(context, invocation);
    const [stage = ''] = invocation.arguments;
    const command = { stage, extraPaths: config['cloud-init-paths'], dotNotation: false };
    if (isGiven(invocation, 'analyze')) {
      const analysis = await (await context.services()).hookFiles.analyze(command);
      const failed = config.strict && analysis.failures.length > 0;
      return {
        exit: failed ? EXIT.cloudInit : EXIT.ok,
        document: analysis,
        text: analysisText(analysis),
        says: 'answer',
      };
    }
    return runStages(context, {
      strictness: config.strict ? 'strict' : 'lenient',
      run: (services, hooks) => services.runStage(command, hooks),
    });
  },
};
