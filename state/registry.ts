/** registry.json: what was projected from the log, kept so that not every start folds everything. Never the truth. */
import { constants } from 'node:fs';
import path from 'node:path';
import { Low, type Adapter } from 'lowdb';
import { withMeaning } from './disk-fault.ts';
import { removeLeftovers, writeDurably } from './durable-file.ts';
import type { EventStore } from './event-store.ts';
import { openRegular } from './log-directory.ts';
import { projectRegistry } from './projections.ts';
import type { Link } from './record.ts';
import { registrySchema, type Registry } from './registry-schema.ts';

/** Loads the registry of a state directory. A missing or damaged one is no error: it will be made anew. */
export async function openRegistry(directory: string): Promise<RegistryFile> {
  const database = new Low<Registry | null>(new DurableAdapter(directory), null);
  await database.read();
  return new RegistryFile(database);
}

export class RegistryFile {
  readonly #database: Low<Registry | null>;

  /** Use {@link openRegistry}. */
  constructor(database: Low<Registry | null>) {
    this.#database = database;
  }

  /** The place in the chain that was last recorded here: the log must hold it. */
  get anchor(): Link | undefined {
    const registry = this.#database.data;
    return registry === null ? undefined : { seq: registry.seq, hash: registry.head };
  }

  /** The registry of this log, projected when the file is not of its head. Writes nothing. */
  async view(store: EventStore): Promise<Registry> {
    const held = this.#database.data;
    return held?.head === store.head() ? held : projectRegistry(await store.all());
  }

  /** Brings the file up to the log's head; resolves when it is on disk. Only the lock's holder may call it. */
  async save(store: EventStore): Promise<Registry> {
    const registry = await this.view(store);
    if (registry === this.#database.data) return registry;
    this.#database.data = registry;
    await withMeaning(UNWRITTEN, () => this.#database.write());
    return registry;
  }
}

const UNWRITTEN = {
  code: 'registry-not-written',
  message: 'the registry could not be written',
  hint: 'nothing is lost: it is made anew from the event log at the next start',
};

/** lowdb's own adapters rename without a sync: after a power cut the file is old, empty or gone. */
class DurableAdapter implements Adapter<Registry | null> {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async read(): Promise<Registry | null> {
    try {
      const handle = await openRegular(this.#file, constants.O_RDONLY);
      try {
        return registrySchema.parse(JSON.parse(await handle.readFile('utf8')));
      } finally {
        await handle.close();
      }
    } catch {
      // Missing, unreadable, damaged or of another version: all the same, the log knows better.
      return null;
    }
  }

  async write(registry: Registry | null): Promise<void> {
    await removeLeftovers(this.#directory);
    await writeDurably(this.#file, `${JSON.stringify(registry, null, 2)}\n`, 0o600);
  }

  get #file(): string {
    return path.join(this.#directory, 'registry.json');
  }
}
