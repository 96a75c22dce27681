/** The small files that an installer leaves beside the images. */
import { chmod, copyFile, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { changeVariables, EMPTY_BLOCK, encodeBlock } from '../boot/environment-block.ts';
import { JUDGEMENT_BLOCK } from '../boot/judgement.ts';
import { UsageError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { renderStateYaml } from '../../state/state-yaml.ts';
import type { DiskPlan } from './disk-plan.ts';

/** Writes them into the folders `state`, `recovery` and `oem` of a staging directory. */
export async function writeInstalledFiles(plan: DiskPlan, staging: string): Promise<void> {
  const at = (name: string): string => join(staging, name);
  // The boot loader takes those of recovery where COS_STATE is gone.
  for (const part of ['state', 'recovery']) {
    await writeFile(at(`${part}/grub2/grub.cfg`), plan.tree.menu);
    await writeFile(at(`${part}/grub_oem_env`), bootVariables(plan));
  }
  await writeFile(at(`state/${JUDGEMENT_BLOCK}`), encodeBlock(EMPTY_BLOCK));
  for (const part of ['state', 'recovery']) {
    await writeFile(at(`${part}/state.yaml`), stateYaml(plan));
  }
  for (const file of plan.recipe.oem ?? []) {
    const copy = at(join('oem', basename(file)));
    await copyFile(resolve(file), copy).catch((error: unknown) => {
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

function stateYaml({ recipe, labels }: DiskPlan): string {
  const image = (label: string) => ({ source: `dir://${resolve(recipe.root)}`, label, fs: 'ext2' });
  return renderStateYaml({
    date: recipe.date,
    efi: { label: labels.efi },
    oem: { label: labels.oem },
    persistent: { label: labels.persistent },
    recovery: { label: labels.recovery, recovery: image(labels.system) },
    state: {
      label: labels.state,
      active: image(labels.active),
      passive: image(labels.passive),
    },
  });
}

function unreadable(file: string, cause: unknown): UsageError {
  return new UsageError({
    code: 'oem-file-unreadable',
    message: `${file} cannot be copied to COS_OEM`,
    reason: cause instanceof Error ? cause.message : String(cause),
    hint: '--oem takes files; name each of them',
    exit: EXIT.readCommandConfig,
    cause,
  });
}
