import type { Entities, EntityName } from '../../../../seeds/entities.ts';

/** A file of rows for `neo4j-admin database import`: nodes of a label, or relationships of a type. */
export interface ImportFile<Row> {
  /** Names the file, and the step of the load over Bolt that does the same. */
  readonly step: string;
  readonly kind: 'nodes' | 'relationships';
  /** The label or type. */
  readonly token: string;
  /** First line: names and types of the fields (Neo4j Operations Manual, "Import: CSV header format"). */
  readonly header: string;
  /** Fields of each line that a row becomes, as the file has them. */
  readonly lines: (row: Row) => readonly (readonly string[])[];
}

/** An entity and the files that its rows go into, in one pass. */
export interface ImportedEntity<Name extends EntityName> {
  readonly entity: Name;
  readonly files: readonly ImportFile<Entities[Name]>[];
}

const imported = <Name extends EntityName>(entity: Name, files: readonly ImportFile<Entities[Name]>[]) =>
  ({ entity, files }) as unknown as ImportedEntity<EntityName>;

/**
 * What is imported: the same labels, types, properties and types of properties as `load/*.cypher`. Relations of concepts
 * are left to Bolt: they are few, and given twice they are one relationship.
 */
export const importedEntities: readonly ImportedEntity<EntityName>[] = [
  imported('concepts', [
    {
      step: 'concepts',
      kind: 'nodes',
      token: 'Concept',
      header: 'name:ID(Concept),category:string,description:string,silicon_level:long,created_at:datetime',
      lines: (row) => [
        [text(row.name), text(row.category), text(row.description), whole(row.siliconLevel), time(row.createdAt)],
      ],
    },
  ]),
  imported('users', [
    {
      step: 'users',
      kind: 'nodes',
      token: 'User',
      header:
        'id:ID(User),name:string,silicon_level:long,consciousness_level:long,thinking_level:long,created_at:datetime',
      lines: ({ id, username, levels, createdAt }) => [
        [
          text(id),
          text(username),
          whole(levels.silicon),
          whole(levels.consciousness),
          whole(levels.thinking),
          time(createdAt),
        ],
      ],
    },
  ]),
  imported('knowledge', [
    {
      step: 'knowledge',
      kind: 'nodes',
      token: 'Knowledge',
      header:
        'id:ID(Knowledge),title:string,content:string,silicon_level:long,knowledge_type:string,created_at:datetime,updated_at:datetime',
      lines: (row) => [
        [
          text(row.id),
          text(row.title),
          text(row.content),
          whole(row.siliconLevel),
          text(row.category),
          time(row.createdAt),
          time(row.updatedAt),
        ],
      ],
    },
    {
      step: 'about',
      kind: 'relationships',
      token: 'ABOUT',
      header: ':START_ID(Knowledge),:END_ID(Concept),relevance:double',
      // A concept that is named twice is one relationship, with what was said last.
      lines: ({ id, about }) => [
        ...new Map(
          about.map(({ concept, relevance }) => [concept, [text(id), text(concept), number(relevance)]]),
        ).values(),
      ],
    },
  ]),
  imported('learned', [
    {
      step: 'learned',
      kind: 'relationships',
      token: 'LEARNED',
      header: ':START_ID(User),:END_ID(Knowledge),learned_at:datetime',
      lines: ({ userId, knowledgeId, learnedAt }) => [[text(userId), text(knowledgeId), time(learnedAt)]],
    },
  ]),
  imported('interests', [
    {
      step: 'interested-in',
      kind: 'relationships',
      token: 'INTERESTED_IN',
      header: ':START_ID(User),:END_ID(Concept),since:datetime',
      lines: ({ userId, concept, since }) => [[text(userId), text(concept), time(since)]],
    },
  ]),
];

/** Records that the sandbox keeps beside the graph. */
export const recordsFile: ImportFile<{ readonly name: string; readonly text: string }> = {
  step: 'records',
  kind: 'nodes',
  token: 'SandboxRecord',
  header: 'name:ID(SandboxRecord),text:string',
  lines: (record) => [[text(record.name), text(record.text)]],
};

/** Rows as lines of a file. */
export function linesOf<Row>(file: ImportFile<Row>, rows: readonly Row[]): string {
  return rows
    .map((row) =>
      file
        .lines(row)
        .map((fields) => `${fields.join(',')}\n`)
        .join(''),
    )
    .join('');
}

/** Always in quotes: without them an empty text would be no property at all. */
function text(value: string): string {
  return `"${value.replaceAll('"', '""')}"`;
}

const whole = (value: number): string => String(Math.trunc(value));
const number = (value: number): string => String(value);
const time = (value: Date): string => value.toISOString();
