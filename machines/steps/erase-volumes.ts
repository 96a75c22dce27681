import { removeAll } from '../leftovers.ts';
import { placeOf, type Step, type StepContext } from '../step.ts';
import { requestOf } from '../upgrade-request.ts';

/** Of ext4, from the beginning on. */
const LOST_AND_FOUND = 'lost+found';

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
      const names = (await system.files.list(at)).filter((name) => name !== LOST_AND_FOUND);
      // That directory stays for the next check of the file system; what an earlier one put there does not.
      const lost = await system.files.list(`${at}/${LOST_AND_FOUND}`);
      const all = [...names, ...lost.map((name) => `${LOST_AND_FOUND}/${name}`)];
      for (const name of all) await removeAll(system, `${at}/${name}`);
      erased[role] = all.length;
    }
    const said = Object.entries(erased).map(([role, names]) => `${names} names on ${role}`);
    return { erased, said: `erased ${said.join(', ')}` };
  },
};

function placesOf(context: StepContext) {
  return requestOf(context).erase.flatMap((role) => {
    const at = placeOf(context.device, role);
    return at === undefined ? [] : [{ role, at }];
  });
}
