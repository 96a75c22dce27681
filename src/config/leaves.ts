/** The configuration schema as a flat table: full key to the type of its value. Maps are not keys, lists are. */
import * as z from 'zod';
import { configSchema } from './keys.ts';

export const LEAVES: ReadonlyMap<string, z.core.$ZodType> = new Map(leavesOf(configSchema, ''));

/** Keys that hold further keys: `upgrade`, `upgrade.system`. */
export const BRANCHES: ReadonlySet<string> = new Set(
  [...LEAVES.keys()].flatMap((key) => {
    const parts = key.split('.');
    return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('.'));
  }),
);

type Shape = Readonly<Record<string, z.core.$ZodType>>;

function leavesOf(schema: z.ZodObject<Shape>, prefix: string): [string, z.core.$ZodType][] {
  return Object.entries(schema.shape).flatMap(([name, type]): [string, z.core.$ZodType][] => {
    const key = prefix + name;
    const branch = branchOf(type);
    return branch === undefined ? [[key, type]] : leavesOf(branch, `${key}.`);
  });
}

function branchOf(type: z.core.$ZodType): z.ZodObject<Shape> | undefined {
  const inner: unknown = type instanceof z.ZodPrefault ? type.unwrap() : type;
  return inner instanceof z.ZodObject ? inner : undefined;
}
