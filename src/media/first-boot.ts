/** The hook file on COS_OEM that makes the first boot of an expandable disk complete it (spec 3.9). Pure. */
import { renderGoYaml } from '../../state/go-yaml.ts';
import type { DiskLabels } from './disk-plan.ts';

/** After files of users: a `layout` of theirs has its say first. */
export const FIRST_BOOT = '90_first_boot.yaml';

/**
 * In recovery: adds the partitions that are missing and deploys. Cut anywhere, the next boot comes to recovery again and goes on: a
 * partition that is there is left out, a deployment goes on, and one that was made is found made. In the system that was deployed it
 * removes itself.
 */
export function firstBootHooks(wanted: {
  readonly labels: DiskLabels;
  readonly added: { readonly state: number; readonly persistent?: number };
  /** Text for a shell. */
  readonly deploy: string;
}): string {
  const { labels, added, deploy } = wanted;
  const inRecovery = '[ -e /run/cos/recovery_mode ]';
  const partition = (name: 'state' | 'persistent') => ({
    fsLabel: labels[name],
    pLabel: name,
    size: added[name] ?? 0,
    filesystem: 'ext4',
  });
  return renderGoYaml({
    name: 'Complete an expandable disk at its first boot',
    stages: {
      network: [
        {
          name: 'Use the rest of the disk',
          if: inRecovery,
          layout: {
            device: { label: labels.recovery },
            add_partitions: [partition('state'), partition('persistent')],
          },
        },
        { name: 'Deploy', if: inRecovery, commands: [deploy] },
        {
          name: 'That was the first boot',
          if: '[ -e /run/cos/active_mode ]',
          commands: [`rm -f /oem/${FIRST_BOOT}`],
        },
      ],
    },
  });
}
