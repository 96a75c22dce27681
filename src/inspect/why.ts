/** Why this system runs, and why the next boot will start what it starts: the causal chain in sentences. Pure. */
import * as z from 'zod';
import { assessRequest } from '../../machines/assess-request.ts';
import type { Device } from '../../machines/step.ts';
import { nextBootSchema, type NextBoot } from './next-boot.ts';
import type { ReadSegment } from './history-rows.ts';
import { historyRow } from './history-rows.ts';

export const whySchema = z.object({
  running: z.string().describe('why this system runs, in one sentence'),
  attempts: z.array(z.string()).describe('what the boots of a failed image said of themselves'),
  next: nextBootSchema,
  retry: z.string().exactOptional().describe('what to do about it'),
});

export type Why = z.infer<typeof whySchema>;

export interface WhyInput {
  readonly device: Pick<Device, 'bootedFrom' | 'commandLine' | 'bootId'>;
  /** Oldest first. */
  readonly segments: readonly ReadSegment[];
  readonly next: NextBoot;
  /** Operation whose image is on trial. */
  readonly trial?: string;
  /** The active image is not what runs. */
  readonly pending: boolean;
}

export function whyOf({ device, segments, next, trial, pending }: WhyInput): Why {
  const fell = /(?:^|\s)slotwright\.fell_back=(\w+)/.exec(device.commandLine)?.[1];
  const story = device.bootedFrom === 'active' ? activeStory : fallbackStory;
  return { ...story({ device, segments, fell, trial, pending }), next };
}

interface Told {
  readonly device: WhyInput['device'];
  readonly segments: readonly ReadSegment[];
  /** The menu's word for giving the active image up. */
  readonly fell: string | undefined;
  readonly trial: string | undefined;
  readonly pending: boolean;
}

type Story = Pick<Why, 'running' | 'attempts' | 'retry'>;

function activeStory({ segments, trial, pending }: Told): Story {
  const installed = segments.findLast(
    ({ state }) => state?.context.outputs['set-active'] !== undefined,
  );
  if (pending && installed !== undefined) {
    return {
      running: `the machine runs the system from before ${named(installed)}, whose image is active now and has not been started`,
      attempts: [],
    };
  }
  const from = installed === undefined ? '' : `, installed by ${named(installed)}`;
  const on =
    trial === undefined ? '' : '; it is on trial: "assess-boot" or "confirm" has not confirmed it';
  return { running: `the machine runs the active image${from}${on}`, attempts: [] };
}

function fallbackStory({ device, segments, fell, trial }: Told): Story {
  const runs = `the machine runs the ${device.bootedFrom} image`;
  if (fell === undefined) {
    const chosen =
      device.bootedFrom === 'recovery'
        ? 'because it was chosen in the boot menu or its environment, or no other image could be loaded'
        : 'because it was chosen in the boot menu or its environment';
    return { running: `${runs} ${chosen}`, attempts: [] };
  }
  const judgement = segments.findLast(({ state }) => findingIn(state) === 'fell-back');
  const replacing = segments.findLast(
    ({ state }) => state !== undefined && state.completed === undefined,
  );
  if (fell === 'condemned' && replacing !== undefined) {
    const by = `${named(replacing)} is to take its place`;
    return {
      running: `${runs} because nobody had confirmed the active image before ${by}`,
      attempts: [],
    };
  }
  // Before the boot is assessed, what the menu says is all there is: the image on trial.
  const cause = (fell === 'condemned' ? undefined : trial) ?? judgement?.state?.started.cause;
  const failed = segments.find(({ id }) => id === cause);
  const what = failed === undefined ? 'the active image' : `the image of ${named(failed)}`;
  const attempts = segments
    .filter(({ state }) => findingIn(state) === 'on-trial' && state?.started.cause === cause)
    .map(historyRow)
    .flatMap(({ startedAt, error }) =>
      error === undefined
        ? []
        : [`${startedAt ?? ''} ${error.message}${error.reason ? ` (${error.reason})` : ''}`],
    );
  const why =
    fell === 'grub'
      ? `the boot loader could not load ${what}`
      : `${what} was started ${startsOf(failed)} and not confirmed`;
  const silent =
    fell === 'grub'
      ? ''
      : attempts.length === 0
        ? ': none of its boots reached the health checks'
        : '';
  return {
    running: `${runs} because ${why}${silent}`,
    attempts,
    retry:
      'mend the image or its hooks and upgrade again, try it as it is with "upgrade --force", or make this system active with "rollback"',
  };
}

function findingIn(state: ReadSegment['state']): string | undefined {
  if (state?.started.operation !== 'assess-boot') return undefined;
  const request = assessRequest.safeParse(state.started.request);
  return request.success ? request.data.finding : undefined;
}

const armed = z.object({ attempts: z.number() });

function startsOf(failed: ReadSegment | undefined): string {
  const output = armed.safeParse(failed?.state?.context.outputs['arm-judgement']);
  if (!output.success) return 'as often as it may be';
  return output.data.attempts === 1 ? 'once' : `${output.data.attempts} times`;
}

function named(segment: ReadSegment): string {
  const { operation, id, source } = historyRow(segment);
  return `${operation} ${id}${source ? ` from ${source}` : ''}`;
}
