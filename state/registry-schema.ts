/** The shape of registry.json. */
import * as z from 'zod';

/** Raised when the projection changes: a registry of another format is made anew from the log. */
export const REGISTRY_FORMAT = 2;

const slot = z.object({
  /** Identity of the file, see `FileStat.id`. */
  id: z.string(),
  bytes: z.number().exactOptional(),
  digest: z.string().exactOptional(),
  label: z.string().exactOptional(),
  source: z.string().exactOptional(),
  /** Key of the operation that installed it (law 3). */
  key: z.string().exactOptional(),
  installedAt: z.string().exactOptional(),
});

const operation = z.object({
  id: z.string(),
  segment: z.string(),
  operation: z.string(),
  /** Missing while it is unfinished. */
  outcome: z.enum(['completed', 'rolled-back']).exactOptional(),
  key: z.string(),
  startedAt: z.string(),
  finishedAt: z.string().exactOptional(),
  postStage: z.enum(['ok', 'failed']).exactOptional(),
  bootId: z.string(),
  cause: z.string().exactOptional(),
});

export const registrySchema = z.object({
  format: z.literal(REGISTRY_FORMAT),
  /** Place of the last record that this was made from. */
  head: z.string().regex(/^[0-9a-f]{64}$/),
  seq: z.int().nonnegative(),
  /** In the order in which they were started. */
  operations: z.array(operation),
  slots: z.object({
    active: slot.exactOptional(),
    passive: slot.exactOptional(),
    recovery: slot.exactOptional(),
  }),
  /** Digests, or identities where none is known, of images that are known to be good: confirmed, or seen running without a judge. */
  confirmed: z.array(z.string()),
  /** Keys of operations whose image failed its judgement (law 3). */
  condemned: z.array(z.string()),
});

/** An image in a slot, as far as the log knows it. */
export type RegistrySlot = Readonly<z.infer<typeof slot>>;

/** An operation, as far as it has come. */
export type RegistryOperation = Readonly<z.infer<typeof operation>>;

/** A projection of the whole log: thrown away and made anew whenever its head is not the log's. */
export type Registry = Readonly<z.infer<typeof registrySchema>>;
