import type { EntityName } from '../../../seeds/entities.ts';
import document from './entities.schema.json' with { type: 'json' };

/** What a field of a row holds, and so how a file has it. */
export type FieldKind = 'text' | 'integer' | 'number' | 'time' | 'json' | 'vector';

export interface Field {
  readonly name: string;
  readonly kind: FieldKind;
  /** Whether a row may have null, or lack it. */
  readonly nullable: boolean;
  readonly isUuid: boolean;
}

interface PropertySchema {
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly description?: string;
  /** Files of earlier versions have it. It is checked, and no part of the row. */
  readonly deprecated?: boolean;
}

interface EntitySchema {
  readonly required: readonly string[];
  readonly properties: Readonly<Record<string, PropertySchema>>;
}

/** JSON Schema of the rows of each entity. */
export const entitySchemas = document.definitions as unknown as Readonly<Record<EntityName, EntitySchema>>;

export const entityNames = Object.keys(entitySchemas) as readonly EntityName[];

/** Fields of an entity in the order of its columns. */
export function fieldsOf(entity: EntityName): readonly Field[] {
  const { properties, required } = entitySchemas[entity];
  return Object.entries(properties)
    .filter(([, { deprecated = false }]) => !deprecated)
    .map(([name, schema]) => ({
      name,
      kind: kindOf(schema),
      nullable: !required.includes(name) || typesOf(schema).includes('null'),
      isUuid: schema.format === 'uuid',
    }));
}

function typesOf({ type }: PropertySchema): readonly string[] {
  return type === undefined ? [] : typeof type === 'string' ? [type] : type;
}

function kindOf(schema: PropertySchema): FieldKind {
  const [type] = typesOf(schema);
  if (schema.description === 'float32') return 'vector';
  if (schema.format === 'date-time') return 'time';
  if (type === 'string') return 'text';
  if (type === 'integer' || type === 'number') return type;
  return 'json';
}
