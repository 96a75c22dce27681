import * as z from 'zod';
import { EXIT } from '../../exit-codes.ts';
import type { Command, CommandResult } from '../command.ts';
import { isGiven } from '../command.ts';
import { lintText } from '../render/lint.ts';

const severities = ['error', 'warning', 'note'] as const;

export const findingSchema = z.object({
  file: z.string(),
  line: z.number().exactOptional().describe('from 1; absent where it is about the whole file'),
  column: z.number().exactOptional().describe('from 1'),
  severity: z.enum(severities),
  code: z.string().describe('stable, kebab-case'),
  message: z.string(),
  expected: z.string().exactOptional().describe('what should stand there'),
});

export const lintReportSchema = z.object({
  files: z.array(z.string()),
  findings: z.array(findingSchema),
});

/** What `lint` found. */
export type LintReport = z.infer<typeof lintReportSchema>;

export const lint: Command = {
  name: 'lint',
  summary: 'check hook files before a machine runs them',
  description: [
    'An error is something that would fail; a warning would run, but surely not as it was meant, or not with the reference; a note is worth knowing. Nothing is run.',
    'All files are checked together: a name in "after" may be of any of them.',
  ],
  arguments: [
    {
      name: 'SOURCE',
      presence: 'at least one',
      says: 'a file, a directory, a URL, - for standard input, or YAML itself',
      completes: 'file',
    },
  ],
  flags: [{ name: 'strict', says: 'warnings count as errors' }],
  examples: [
    { says: 'every hook of this machine', line: 'lint /system/oem /oem /usr/local/cloud-config' },
    { says: 'in a pipeline of a repository', line: 'lint --strict --json ./hooks' },
  ],
  exits: ['cloudInit'],
  output: lintReportSchema.extend({
    errors: z.number(),
    warnings: z.number(),
    notes: z.number(),
  }),
  run: async (context, invocation): Promise<CommandResult> => {
    const report = await (await context.services()).hookFiles.lint(invocation.arguments);
    const [errors = 0, warnings = 0, notes = 0] = severities.map(
      (severity) => report.findings.filter((finding) => finding.severity === severity).length,
    );
    const bad = errors + (isGiven(invocation, 'strict') ? warnings : 0);
    return {
      exit: bad > 0 ? EXIT.cloudInit : EXIT.ok,
      document: { ...report, errors, warnings, notes },
      text: lintText(report),
      says: 'answer',
    };
  },
};
