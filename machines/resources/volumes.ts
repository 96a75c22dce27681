/** COS_OEM and COS_PERSISTENT, bound into the new image at `/oem` and `/usr/local`, as hooks are promised. */
import * as z from 'zod';
import { placeOf, type Resource } from '../step.ts';
import { WORKING_TREE } from './target.ts';

export const volumes: Resource = {
  name: 'volumes',
  title: '/oem and /usr/local of the new image, bound to their partitions',

  async acquire({ system, device }) {
    const bound: string[] = [];
    for (const [role, name] of [
      ['oem', 'oem'],
      ['persistent', 'usr/local'],
    ] as const) {
      const source = placeOf(device, role);
      if (source === undefined) continue;
      const at = await system.files.inside(WORKING_TREE, name);
      await system.mounts.mount({ kind: 'bind', source, at, mode: 'rw' });
      bound.push(at);
    }
    return bound;
  },

  async release({ system }, bound) {
    for (const at of z.array(z.string()).parse(bound).toReversed()) await system.mounts.unmount(at);
  },
};
