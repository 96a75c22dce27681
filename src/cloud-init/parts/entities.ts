import { AccountFile } from '../entities/account-file.ts';
import type { Entity } from '../entities/entity.ts';
import { readEntity } from '../entities/entity.ts';
import { entityFields, literalLine, usualFiles } from '../entities/entity-line.ts';
import type { EntityEntry } from '../step.ts';
import type { Part, PartContext } from './part.ts';
import { filePath } from './target-path.ts';

/** Adds or replaces lines of the account files. */
export const ensureEntities: Part = {
  name: 'ensure_entities',
  isAskedFor: (step) => (step.ensure_entities ?? []).length > 0,
  async run(step, context) {
    for (const entry of step.ensure_entities ?? []) {
      await context.attempt(entry.at, async () => {
        const entity = await entityOf(entry, context);
        const newMode = entity.kind === 'gshadow' ? 0o400 : undefined;
        const file = await AccountFile.open(context.target, pathOf(entity, entry), newMode);
        file.put(await entityFields(entity, file, context));
        await file.save(context.target);
      });
    }
  },
};

/** Takes lines out: a group by its name, the others only when the whole line is the entity's. */
export const deleteEntities: Part = {
  name: 'delete_entities',
  isAskedFor: (step) => (step.delete_entities ?? []).length > 0,
  async run(step, context) {
    for (const entry of step.delete_entities ?? []) {
      await context.attempt(entry.at, async () => {
        const entity = await entityOf(entry, context);
        const file = await AccountFile.open(context.target, pathOf(entity, entry));
        if (entity.kind === 'group') {
          const name = entity.group.group_name ?? '';
          file.removeWhere((line) => name !== '' && line.startsWith(`${name}:`));
        } else {
          const wanted = literalLine(entity);
          file.removeWhere((line) => line === wanted);
        }
        await file.save(context.target);
      });
    }
  },
};

async function entityOf(entry: EntityEntry, context: PartContext): Promise<Entity> {
  return readEntity(await context.render(entry.entity ?? ''));
}

function pathOf(entity: Entity, entry: EntityEntry): string {
  return filePath(entry.path ? entry.path : usualFiles[entity.kind]);
}
