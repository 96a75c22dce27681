/** Why this system runs, and why the next boot will start what it starts: the causal chain in sentences. Pure. */
import * as z from 'zod';
import { assessBoot } from '../../machines/assess-boot.ts';
import { assessRequest } from '../../machines/assess-request.ts';
import type { Device } from '../../machines/step.ts';
import { nextBootSchema, type NextBoot } from './next-boot.ts';
import type { ReadSegment } from './history-rows.ts';
import { historyRow } from './history-rows.ts';
import { often } from './often.ts';
import { shortDigest } from './short-digest.ts';

export const whySchema = z.object({
  running: z.string().describe('why this system runs, in one sentence'),
  attempts: z.array(z.string()).describe('what the boots of a failed image said of themselves'),
  next: nextBootSchema,
  refused: z
    .array(z.object({ what: z.string(), why: z.string(), retry: z.string() }))
    .describe('what would be refused now'),
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
  const told = { device, segments, fell, trial, pending };
  return { ...story(told), next, refused: refusedNow(told) };
}

interface Told {
  readonly device: WhyInput['device'];
  readonly segments: readonly ReadSegment[];
  /** The menu's word for giving the active image up. */
  readonly fell: string | undefined;
  readonly trial: string | undefined;
  readonly pending: boolean;
}

/** Before it begins anything: what the log says against it. */
function refusedNow({ device, segments, trial }: Told): Why['refused'] {
  const last = segments.findLast(({ operation }) => operation !== assessBoot.name);
  const owed = last?.state !== undefined && last.state.completed === undefined ? last : undefined;
  return [
    ...(owed === undefined
      ? []
      : [
          {
            what: 'every other operation',
            why: `${named(owed)} is unfinished and owes ${owed.state?.state ?? 'its end'}`,
            retry: '"resume" goes on with it, "abort" undoes it while it can',
          },
        ]),
    ...(trial !== undefined && device.bootedFrom === 'active'
      ? [
          {
            what: 'an upgrade',
            why: 'the system that runs is on trial: replacing the other image could cost the last good one',
            retry: 'wait for "assess-boot" at the end of the boot, run "confirm", or add --force',
          },
        ]
      : []),
    ...condemned(segments).map((upgrade) => ({
      what: `the image of ${named(upgrade)}`,
      why: `it was installed before, started ${startsOf(upgrade)}, and given up unconfirmed`,
      retry: 'mend the image or its hooks, or try it as it is with --force',
    })),
  ];
}

const verdictShape = z.object({ verdict: z.string(), upgrade: z.string() });

/** Upgrades whose image was given up, and not confirmed since; the newest of each image. */
function condemned(segments: readonly ReadSegment[]): readonly ReadSegment[] {
  const standing = new Map<string, ReadSegment>();
  for (const { state } of segments.filter(({ operation }) => operation === assessBoot.name)) {
    const judged = verdictShape.safeParse(state?.context.outputs['settle-judgement']);
    const upgrade = segments.find(({ id }) => id === judged.data?.upgrade);
    const key = upgrade?.state?.started.key;
    if (upgrade === undefined || key === undefined) continue;
    standing.delete(key);
    if (judged.data?.verdict === 'condemned') standing.set(key, upgrade);
  }
  return [...standing.values()];
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
  const from =
    installed === undefined ? '' : `, installed by ${named(installed)}${imageOf(installed)}`;
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
  const judgement = segments.findLast((one) => findingIn(one) === 'fell-back');
  const replacing = segments.findLast(({ operation }) => operation !== assessBoot.name);
  if (
    fell === 'condemned' &&
    replacing?.state?.completed === undefined &&
    replacing !== undefined
  ) {
    const by = `${named(replacing)} is to take its place`;
    return {
      running: `${runs} because nobody had confirmed the active image before ${by}`,
      attempts: [],
    };
  }
  // Before the boot is assessed, what the menu says is all there is: the image on trial.
  const cause = (fell === 'condemned' ? undefined : trial) ?? judgement?.state?.started.cause;
  const failed = segments.find(({ id }) => id === cause);
  const what =
    failed === undefined ? 'the active image' : `the image of ${named(failed)}${imageOf(failed)}`;
  const attempts = segments
    .filter((one) => findingIn(one) === 'on-trial' && one.state?.started.cause === cause)
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

function findingIn(segment: ReadSegment): string | undefined {
  if (segment.operation !== assessBoot.name) return undefined;
  const request = assessRequest.safeParse(segment.state?.started.request);
  return request.success ? request.data.finding : undefined;
}

const armed = z.object({ attempts: z.number() });

function startsOf(failed: ReadSegment | undefined): string {
  const output = armed.safeParse(failed?.state?.context.outputs['arm-judgement']);
  if (!output.success) return 'as often as it may be';
  return often(output.data.attempts);
}

const placed = z.object({ digest: z.string() });

function imageOf({ state }: ReadSegment): string {
  const output = placed.safeParse(state?.context.outputs['set-active']);
  return output.success ? ` (image sha256 ${shortDigest(output.data.digest)})` : '';
}

function named(segment: ReadSegment): string {
  const { operation, id, source } = historyRow(segment);
  return `${operation} ${id}${source ? ` from ${source}` : ''}`;
}
