/** The small files that an installer leaves beside the images. */
import { chmod, constants, copyFile, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { changeVariables, EMPTY_BLOCK, encodeBlock } from '../boot/environment-block.ts';
import { JUDGEMENT_BLOCK } from '../boot/judgement.ts';
import { UsageError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { renderStateYaml } from '../../state/state-yaml.ts';
import { DEPLOY, type DiskPlan } from './disk-plan.ts';
import { FIRST_BOOT, firstBootHooks } from './first-boot.ts';

/** Writes them into the folders `state` and `recovery` of a staging directory. */
export async function writeInstalledFiles(plan: DiskPlan, staging: string): Promise<void> {
  const at = (name: string): string => join(staging, name);
  // The boot loader takes those of recovery where COS_STATE is gone.
  for (const part of plan.extent === 'whole' ? ['state', 'recovery'] : ['recovery']) {
    await writeFile(at(`${part}/grub2/grub.cfg`), plan.tree.menu);
    await writeFile(at(`${part}/grub_oem_env`), bootVariables(plan));
    await writeFile(at(`${part}/state.yaml`), stateYaml(plan));
  }
  if (plan.extent === 'whole') {
    await writeFile(at(`state/${JUDGEMENT_BLOCK}`), encodeBlock(EMPTY_BLOCK));
  }
}

/** Writes what goes onto COS_OEM into the folder `oem` of a staging directory; hooks may change it afterwards. */
export async function writeOemFiles(plan: DiskPlan, staging: string): Promise<void> {
  const at = (name: string): string => join(staging, name);
  if (plan.extent === 'expandable') {
    await writeFile(at(`oem/${FIRST_BOOT}`), firstBoot(plan), { mode: 0o600 });
  }
  for (const file of plan.recipe.oem ?? []) {
    const copy = at(join('oem', basename(file)));
    await copyFile(resolve(file), copy, constants.COPYFILE_EXCL).catch((error: unknown) => {
      throw unreadable(file, error);
    });
    await chmod(copy, 0o600);
  }
}

/** Names of the reference (spec 1.6). */
function bootVariables({ labels, tree }: DiskPlan): Buffer {
  return encodeBlock(
    changeVariables(EMPTY_BLOCK, {
      state_label: labels.state,
      active_label: labels.active,
      passive_label: labels.passive,
      recovery_label: labels.recovery,
      system_label: labels.system,
      oem_label: labels.oem,
      persistent_label: labels.persistent,
      ...(tree.menuTitle === undefined ? {} : { default_menu_entry: tree.menuTitle }),
    }),
  );
}

function firstBoot({ recipe, labels, added }: DiskPlan): string {
  return firstBootHooks({ labels, added, deploy: recipe.deployCommand ?? DEPLOY });
}

function stateYaml({ recipe, labels, extent }: DiskPlan): string {
  const image = (label: string) => ({ source: `dir://${resolve(recipe.root)}`, label, fs: 'ext2' });
  return renderStateYaml({
    date: recipe.date,
    efi: { label: labels.efi },
    oem: { label: labels.oem },
    persistent: { label: labels.persistent },
    recovery: { label: labels.recovery, recovery: image(labels.system) },
    state:
      extent === 'expandable'
        ? { label: labels.state }
        : {
            label: labels.state,
            active: image(labels.active),
            passive: image(labels.passive),
          },
  });
}

const isTaken = (cause: unknown): boolean =>
  cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';

function unreadable(file: string, cause: unknown): UsageError {
  return new UsageError({
    code: 'oem-file-unreadable',
    message: `${file} cannot be copied to COS_OEM`,
    reason: isTaken(cause)
      ? 'another file of that name goes there'
      : cause instanceof Error
        ? cause.message
        : String(cause),
    hint: '--oem takes files; name each of them',
    exit: EXIT.readCommandConfig,
    cause,
  });
}
