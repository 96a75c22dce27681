import { isChrootStage } from '../known-stages.ts';
import { EntryError } from '../parts/entry-error.ts';
import { LayoutRefusal, checkAdditions } from '../parts/layout-addition.ts';
import { isFileSystemName } from '../parts/layout-file-systems.ts';
import { imageSource } from '../parts/unpack-images.ts';
import type { Step } from '../step.ts';
import type { Position } from '../yaml/node.ts';
import type { Finding } from './finding.ts';

/** What a part would refuse in this stage, or on any machine. */
export function partFindings(step: Step, stage: string): readonly Finding[] {
  return [
    ...(isChrootStage(stage) ? startedInside(step) : []),
    ...layoutFindings(step, stage),
    ...imageFindings(step),
  ];
}

function startedInside({ systemctl }: Step): readonly Finding[] {
  return (systemctl?.start ?? []).map(({ text, at }) => ({
    severity: 'warning',
    code: 'start-in-chroot',
    message: `${text} is not started: in a chroot it would start on the running system`,
    expected: 'enable',
    at,
  }));
}

function layoutFindings({ layout }: Step, stage: string): readonly Finding[] {
  if (layout === undefined) {
    return [];
  }
  const { device, add_partitions: entries = [], at } = layout;
  if (isChrootStage(stage)) {
    const message =
      '`layout` is refused in a chroot: it would divide a disk of the running machine';
    return [{ severity: 'error', code: 'layout-in-chroot', message, expected: 'rootfs', at }];
  }
  if (!device?.path && !device?.label) {
    const message = '`layout` names no disk: nothing is done';
    return [{ severity: 'warning', code: 'no-disk', message, expected: 'device.path', at }];
  }
  // An unknown word is found as the value that it is.
  const known = entries.filter(({ filesystem }) => !filesystem || isFileSystemName(filesystem));
  return refusals('bad-partition', at, () => checkAdditions(known, 'gpt'));
}

function imageFindings({ unpack_images: images = [] }: Step): readonly Finding[] {
  return images.flatMap(({ source, target, at }) =>
    source && target ? refusals('bad-image-source', at, () => imageSource(source)) : [],
  );
}

function refusals(code: string, at: Position, check: () => unknown): readonly Finding[] {
  try {
    check();
    return [];
  } catch (error) {
    if (!(error instanceof EntryError)) {
      throw error;
    }
    const place = error instanceof LayoutRefusal ? error.at : at;
    return [{ severity: 'error', code, message: error.message, at: place }];
  }
}
