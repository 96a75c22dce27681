/** What a machine has that its log does not account for, and the other way round; each with why, and what to do. Pure: one check a line. */
import * as z from 'zod';
import type { Device } from '../../machines/step.ts';
import { MOUNTS, type Examination, type LogSeen, type Seen } from '../engine/examine.ts';
import type { Slot } from '../system/port.ts';
import { MARGIN } from '../../machines/steps/check-preconditions.ts';

export const findingSchema = z.object({
  code: z.string().describe('stable, kebab-case'),
  severity: z.enum(['info', 'warning', 'error']),
  what: z.string(),
  why: z.string().exactOptional().describe('as the log tells it'),
  fix: z
    .object({ by: z.enum(['doctor --fix', 'hand']), says: z.string() })
    .exactOptional()
    .describe('`by` says whether --fix does it'),
});

export type Finding = z.infer<typeof findingSchema>;

export function diagnosis(seen: Examination): readonly Finding[] {
  return [...CHECKS.flatMap((check) => check(seen)), ...unseen(seen)];
}

type Check = (seen: Examination) => readonly Finding[];

/** A new check is one function and its place here: the most urgent first. */
const CHECKS: readonly Check[] = [
  logIsReadable,
  somebodyWorks,
  somethingIsOwed,
  slotsAreThere,
  slotsAreAsLeft,
  contentIsAsLeft,
  labelsAreAsked,
  entriesAreKnown,
  judgementIsOfActive,
  filesAreOwned,
  mountsAreGiven,
  imagesAreIdle,
  nothingIsWritable,
  registryIsCurrent,
  copiesAreOfTheLog,
  partitionsAreThere,
  thereIsRoom,
];

function logIsReadable({ log }: Examination): readonly Finding[] {
  if ('value' in log) return [];
  const { code, message, reason, hint } = log.error;
  return [
    {
      code,
      severity: 'error',
      what: message,
      ...(reason === undefined ? {} : { why: reason }),
      ...(hint === undefined ? {} : { fix: byHand(hint) }),
    },
  ];
}

function somebodyWorks({ lock }: Examination): readonly Finding[] {
  const holder = valueOf(lock);
  if (holder === undefined) return [];
  return [
    {
      code: 'locked',
      severity: 'warning',
      what: 'another process is at work on this device',
      why: holder,
      fix: byHand('wait until it has finished: what it holds is not out of order'),
    },
  ];
}

function somethingIsOwed({ log }: Examination): readonly Finding[] {
  const seen = valueOf(log);
  if (seen?.owed === undefined) return [];
  const { id, operation, state } = seen.owed;
  const step = state.state;
  return [
    {
      code: 'operation-owed',
      severity: 'warning',
      what: `${operation} ${id} is unfinished at ${step}`,
      why:
        state.context.failure === null
          ? 'its process ended before it did'
          : `${state.context.failure.step}: ${state.context.failure.error.message}`,
      fix: byHand(
        seen.wayBack
          ? '"slotwright resume" goes on with it, "slotwright abort" undoes it'
          : '"slotwright resume" goes on with it',
      ),
    },
  ];
}

function slotsAreThere({ names, device }: Examination): readonly Finding[] {
  const found = valueOf(names);
  const on = valueOf(device);
  if (found === undefined || on === undefined) return [];
  return (['active', 'passive', 'recovery'] as const).flatMap((slot): Finding[] => {
    const kind = found[slot];
    if (kind === 'file' || (slot === 'recovery' && isHidden(on))) return [];
    const what =
      kind === undefined ? `there is no ${slot} image` : `the ${slot} image is a ${kind}`;
    return [
      {
        code: kind === undefined ? 'slot-missing' : 'slot-not-a-file',
        severity: slot === 'passive' ? 'warning' : 'error',
        what,
        fix: byHand(HOW_TO_FILL[slot]),
      },
    ];
  });
}

const HOW_TO_FILL: Readonly<Record<Slot, string>> = {
  active: '"slotwright upgrade" makes a new one; from recovery, "slotwright reset" makes both',
  passive: 'the next "slotwright upgrade" keeps the system that runs as passive',
  recovery: '"slotwright upgrade --recovery" makes a new one',
};

function slotsAreAsLeft({ slots, log }: Examination): readonly Finding[] {
  const registry = valueOf(log)?.registry;
  const found = valueOf(slots) ?? [];
  if (registry === undefined || registry.operations.length === 0) return [];
  return found.flatMap(({ slot, id, bytes }): Finding[] => {
    const known = registry.slots[slot];
    if (known === undefined || (known.id === id && (known.bytes ?? bytes) === bytes)) return [];
    return [
      {
        code: 'slot-changed-outside',
        severity: 'warning',
        what: `the ${slot} image is another file than the log left there`,
        why: `inode ${known.id} was left, inode ${id} is there: something else put it there since ${lastOperation(valueOf(log))}`,
        fix: byHand('nothing has to be done: the next operation records it as it is'),
      },
    ];
  });
}

function contentIsAsLeft({ content, log, slots }: Examination): readonly Finding[] {
  const registry = valueOf(log)?.registry;
  return (valueOf(content) ?? []).flatMap(({ slot, digest, damage }): Finding[] => {
    const known = registry?.slots[slot];
    const there = valueOf(slots)?.find((one) => one.slot === slot);
    const changed =
      known?.digest !== undefined &&
      digest !== undefined &&
      known.id === there?.id &&
      known.digest !== digest;
    return [
      ...(damage === undefined
        ? []
        : [
            {
              code: 'image-damaged',
              severity: 'error' as const,
              what: `the file system in the ${slot} image is damaged`,
              why: damage,
              fix: byHand(HOW_TO_FILL[slot]),
            },
          ]),
      ...(changed
        ? [
            {
              code: 'image-altered',
              severity: 'error' as const,
              what: `the ${slot} image is not what was installed`,
              why: 'its digest is not the one that was recorded: it was written to, or the disk lost something',
              fix: byHand(HOW_TO_FILL[slot]),
            },
          ]
        : []),
    ];
  });
}

const ASKED: Readonly<Record<Slot, string>> = {
  active: 'COS_ACTIVE',
  passive: 'COS_PASSIVE',
  recovery: 'COS_SYSTEM',
};

/** The menu finds a file system by its label. What was recorded counts where another one was configured. */
function labelsAreAsked({ slots, log }: Examination): readonly Finding[] {
  const registry = valueOf(log)?.registry;
  return (valueOf(slots) ?? []).flatMap(({ slot, label, id }): Finding[] => {
    const known = registry?.slots[slot];
    const asked = known?.id === id ? (known.label ?? ASKED[slot]) : ASKED[slot];
    if (label === asked || (slot === 'recovery' && label === undefined)) return [];
    return [
      {
        code: 'label-differs',
        severity: 'error',
        what: `the ${slot} image has the label ${label ?? '(none)'}`,
        why: `its menu entry asks the kernel for ${asked}`,
        fix: byHand(
          `"tune2fs -L ${asked}" on the image while nothing runs from it, or install it anew`,
        ),
      },
    ];
  });
}

const ENTRIES = ['0', '1', '2', 'cos', 'fallback', 'recovery', 'statereset', ''];

function entriesAreKnown({ user }: Examination): readonly Finding[] {
  if ('error' in user) {
    return [
      {
        code: 'environment-damaged',
        severity: 'warning',
        what: user.error.message,
        ...(user.error.reason === undefined ? {} : { why: user.error.reason }),
        fix: byHand('the boot loader ignores it; "grub2-editenv" makes a new one'),
      },
    ];
  }
  return (['saved_entry', 'next_entry'] as const).flatMap((name): Finding[] => {
    const entry = user.value[name];
    if (entry === undefined || ENTRIES.includes(entry)) return [];
    return [
      {
        code: 'entry-unknown',
        severity: 'warning',
        what: `${name} is "${entry}", which no entry of our menu is called`,
        why: 'a menu that does not know it starts active, without counting the start',
        fix: byHand(`unset ${name} with "grub2-editenv", unless your own menu has such an entry`),
      },
    ];
  });
}

function judgementIsOfActive({ judgement, log }: Examination): readonly Finding[] {
  const seen = valueOf(judgement);
  if (seen?.says.image === undefined || valueOf(log)?.owed !== undefined) return [];
  if (seen.says.image === seen.activeUuid) return [];
  return [
    {
      code: 'judgement-of-another',
      severity: 'info',
      what: 'the boot loader counts the starts of an image that is not the active one',
      why: `it was armed by ${seen.says.operation ?? 'another tool'}; the active image is not counted`,
      fix: byHand('nothing has to be done: the next upgrade arms it anew'),
    },
  ];
}

function filesAreOwned({ leftovers, kept, log }: Examination): readonly Finding[] {
  const owed = valueOf(log)?.owed;
  if (owed !== undefined || !('value' in log)) return [];
  const left = (valueOf(leftovers) ?? []).map((path): Finding => ({
    code: 'file-left-over',
    severity: 'warning',
    what: `${path} belongs to no operation any more`,
    why: 'an operation was given up, or another tool was interrupted',
    fix: { by: 'doctor --fix', says: 'it is removed' },
  }));
  const retired = (valueOf(kept) ?? []).map((path): Finding => ({
    code: 'image-kept',
    severity: 'info',
    what: `${path} is an image that ran once, kept by an operation that was given up`,
    fix: byHand('remove it by hand when you do not want it'),
  }));
  return [...left, ...retired];
}

/** What operations mount is in a namespace of their own, and ends with them: what is seen here is somebody else's, and in their way. */
function mountsAreGiven({ mounts, device, used }: Examination): readonly Finding[] {
  const stateAt = valueOf(device)?.stateAt;
  return (valueOf(mounts) ?? [])
    .filter(({ at }) => at.startsWith(MOUNTS) && at !== stateAt)
    .map(({ at, source }) => {
      const users = valueOf(used)?.find(({ path }) => path === at)?.users ?? [];
      const by = users.length === 0 ? '' : `, and ${users.join(', ')} uses it`;
      return {
        code: 'mount-in-the-way',
        severity: 'warning',
        what: `${source} is mounted at ${at}`,
        why: `operations mount there, each where nobody else sees it: this mount is of something else${by}`,
        fix: byHand(`"umount ${at}" when nobody needs it`),
      };
    });
}

/** An image is replaced by its name: who has the old one open keeps it, and its blocks. */
function imagesAreIdle({ used, lock }: Examination): readonly Finding[] {
  if (valueOf(lock) !== undefined) return [];
  return (valueOf(used) ?? [])
    .filter(({ path }) => !path.startsWith(MOUNTS))
    .map(({ path, users }) => ({
      code: 'image-in-use',
      severity: 'info',
      what: `${path} is in use, and the machine does not run from it`,
      why: `used by ${users.join(', ')}`,
      fix: byHand(
        'nothing has to be done: once it is replaced, its blocks are free when that ends',
      ),
    }));
}

function nothingIsWritable({ writable, lock }: Examination): readonly Finding[] {
  if (valueOf(lock) !== undefined) return [];
  return (valueOf(writable) ?? []).map((at) => ({
    code: 'left-writable',
    severity: 'warning',
    what: `the file system at ${at} is writable behind its read-only mount`,
    why: 'an operation was killed in this boot',
    fix: { by: 'doctor --fix', says: 'it is made read-only again' },
  }));
}

function registryIsCurrent({ log, lock }: Examination): readonly Finding[] {
  const seen = valueOf(log);
  if (seen === undefined || seen.segments.length === 0 || valueOf(lock) !== undefined) return [];
  if (seen.owed !== undefined || seen.standing === 'current' || seen.standing === 'none is kept') {
    return [];
  }
  return [
    {
      code: 'registry-behind',
      severity: 'warning',
      what: `the registry is ${seen.standing === 'absent' ? 'not there' : 'older than the log'}`,
      why: 'it is made from the log after each operation, and nothing relies on it alone',
      fix: { by: 'doctor --fix', says: 'it is made anew, with the reserve and the copies' },
    },
  ];
}

/** Nothing but the log counts; where the copies say something else, one of the two was changed, and a person wants to know. */
function copiesAreOfTheLog({ copies, log, lock }: Examination): readonly Finding[] {
  const found = valueOf(copies);
  if (found === undefined || valueOf(lock) !== undefined) return [];
  const { behind, different, at, ahead } = found;
  const owed = valueOf(log)?.owed !== undefined;
  const all: (Finding | false)[] = [
    ahead !== undefined && {
      code: 'log-older-than-copies',
      severity: 'error',
      what: `the log ends at record ${at}, and its copies on COS_RECOVERY know record ${ahead}`,
      why: 'an older COS_STATE was put back, or the end of the log was cut off',
      fix: byHand('keep the copies elsewhere, and read them with "slotwright history --from"'),
    },
    different.length > 0 && {
      code: 'copies-differ',
      severity: 'error',
      what: `COS_RECOVERY holds ${different.join(', ')} otherwise than the log`,
      why: 'the log is whole in itself: the copy was changed or damaged, or the log was written anew',
      fix: {
        by: 'doctor --fix',
        says: 'the copy is made anew from the log; keep it elsewhere first if you want to know which one was changed',
      },
    },
    behind.length > 0 &&
      !owed && {
        code: 'copies-behind',
        severity: 'warning',
        what: `COS_RECOVERY has no copy of ${behind.join(', ')}`,
        why: 'each operation copies what is finished as the last thing it does: one of them could not',
        fix: { by: 'doctor --fix', says: 'it is copied' },
      },
  ];
  return all.filter((one) => one !== false);
}

function partitionsAreThere({ device }: Examination): readonly Finding[] {
  const on = valueOf(device);
  if (on === undefined) return [];
  return (['oem', 'recovery', 'persistent'] as const).flatMap((role): Finding[] => {
    const partition = on.partitions.find((one) => one.role === role);
    const name = `COS_${role.toUpperCase()}`;
    if (partition === undefined) {
      return [
        {
          code: 'partition-missing',
          severity: role === 'recovery' ? 'error' : 'warning',
          what: `there is no ${role} partition`,
          why: `no partition has the GPT name "${role}" or the label ${name}`,
        },
      ];
    }
    const wanted = role !== 'recovery' && on.bootedFrom !== 'recovery';
    if (!wanted || partition.mountedAt !== undefined) return [];
    return [
      {
        code: 'partition-not-mounted',
        severity: 'info',
        what: `the ${role} partition (${partition.device}) is not mounted`,
        fix: byHand(`look at "dmesg" and "fsck -n ${partition.device}"`),
      },
    ];
  });
}

function thereIsRoom({ stateFree, slots, leftovers }: Examination): readonly Finding[] {
  const free = valueOf(stateFree);
  const active = valueOf(slots)?.find(({ slot }) => slot === 'active');
  const freed = (valueOf(leftovers) ?? []).length > 0;
  if (free === undefined || active === undefined || freed || free >= active.bytes + MARGIN)
    return [];
  return [
    {
      code: 'no-room',
      severity: 'warning',
      what: `COS_STATE has ${mib(free)} MiB free`,
      why: `an image as large as the active one needs ${mib(active.bytes + MARGIN)} MiB beside the present ones`,
      fix: byHand(
        'the next upgrade will be refused unless its image is smaller: see "slotwright plan upgrade"',
      ),
    },
  ];
}

/** What could not be looked at is told, once for each reason. */
function unseen(seen: Examination): readonly Finding[] {
  const told = new Set(
    [seen.log, seen.user].flatMap((one) => ('error' in one ? [one.error.message] : [])),
  );
  return Object.entries(seen).flatMap(([what, found]: [string, Seen<unknown>]): Finding[] => {
    if (!('error' in found) || told.has(found.error.message)) return [];
    told.add(found.error.message);
    const { message, reason } = found.error;
    return [
      {
        code: 'not-seen',
        severity: 'warning',
        what: `could not look at ${what}: ${message}`,
        ...(reason === undefined ? {} : { why: reason }),
      },
    ];
  });
}

function valueOf<T>(seen: Seen<T>): T | undefined {
  return 'value' in seen ? seen.value : undefined;
}

function isHidden({ partitions }: Device): boolean {
  const partition = partitions.find(({ role }) => role === 'recovery');
  return partition !== undefined && partition.mountedAt === undefined;
}

function lastOperation(log: LogSeen | undefined): string {
  const last = log?.registry.operations.at(-1);
  return last === undefined ? 'the log began' : `${last.operation} ${last.id}`;
}

const byHand = (says: string): NonNullable<Finding['fix']> => ({ by: 'hand', says });
const mib = (bytes: number): number => Math.ceil(bytes / 2 ** 20);
