import { placeOf, type Step, type StepContext } from '../step.ts';
import { requestOf } from '../upgrade-request.ts';

/**
 * Erases COS_PERSISTENT or COS_OEM where the user asked for it (law 6), before the hooks, which find them empty. The file systems stay:
 * no moment without a label, and nothing that is mounted elsewhere is pulled away.
 */
export const eraseVolumes: Step = {
  name: 'erase-volumes',
  title: 'Erase the partitions that were named',
  needs: ['partitions'],
  whenInterrupted: 'repeat',
  skip: (context) => (requestOf(context).erase.length === 0 ? 'no partition was named' : undefined),
  touches: (context) => placesOf(context).map(({ at }) => at),

  async run(context) {
    const { system } = context;
    const erased: Record<string, number> = {};
    for (const { role, at } of placesOf(context)) {
      const names = (await system.files.list(at)).filter((name) => name !== 'lost+found');
      for (const name of names) await removeAll(context, `${at}/${name}`);
      erased[role] = names.length;
    }
    const said = Object.entries(erased).map(([role, names]) => `${names} names on ${role}`);
    return { erased, said: `erased ${said.join(', ')}` };
  },
};

export async function removeAll({ system }: StepContext, path: string): Promise<void> {
  const stat = await system.files.stat(path);
  if (stat?.kind === 'directory') await system.files.removeTree(path);
  else await system.files.remove(path);
}

function placesOf(context: StepContext) {
  return requestOf(context).erase.flatMap((role) => {
    const at = placeOf(context.device, role);
    return at === undefined ? [] : [{ role, at }];
  });
}
