import type { Client } from 'pg';
import { identifier, literal } from '../../server/statements.ts';
import type { Content, OwnedObject, Right } from './catalogue.ts';
import { query } from './described-databases.ts';
import { type FoundObject, readContent } from './read-catalogue.ts';
import { changeRights, nameOf, type RightsChange } from './rights.ts';

/** What a statement calls an object of each type of `pg_identify_object`, for its owner and for its rights. */
const kinds: Readonly<Record<string, { readonly owner: string; readonly rights?: string }>> = {
  table: { owner: 'TABLE', rights: 'TABLE' },
  view: { owner: 'VIEW', rights: 'TABLE' },
  'materialized view': { owner: 'MATERIALIZED VIEW', rights: 'TABLE' },
  'foreign table': { owner: 'FOREIGN TABLE', rights: 'TABLE' },
  sequence: { owner: 'SEQUENCE', rights: 'SEQUENCE' },
  function: { owner: 'ROUTINE', rights: 'ROUTINE' },
  procedure: { owner: 'ROUTINE', rights: 'ROUTINE' },
  aggregate: { owner: 'ROUTINE', rights: 'ROUTINE' },
  type: { owner: 'TYPE', rights: 'TYPE' },
  schema: { owner: 'SCHEMA', rights: 'SCHEMA' },
  language: { owner: 'LANGUAGE', rights: 'LANGUAGE' },
  'large object': { owner: 'LARGE OBJECT', rights: 'LARGE OBJECT' },
  'foreign-data wrapper': { owner: 'FOREIGN DATA WRAPPER', rights: 'FOREIGN DATA WRAPPER' },
  server: { owner: 'SERVER', rights: 'FOREIGN SERVER' },
  operator: { owner: 'OPERATOR' },
  'operator class': { owner: 'OPERATOR CLASS' },
  'operator family': { owner: 'OPERATOR FAMILY' },
  conversion: { owner: 'CONVERSION' },
  collation: { owner: 'COLLATION' },
  'text search dictionary': { owner: 'TEXT SEARCH DICTIONARY' },
  'text search configuration': { owner: 'TEXT SEARCH CONFIGURATION' },
  'statistics object': { owner: 'STATISTICS' },
  publication: { owner: 'PUBLICATION' },
  'event trigger': { owner: 'EVENT TRIGGER' },
};

const defaultKinds = {
  r: 'TABLES',
  S: 'SEQUENCES',
  f: 'FUNCTIONS',
  T: 'TYPES',
  n: 'SCHEMAS',
  L: 'LARGE OBJECTS',
} as const;

/** How an object uses its owner's rights by itself: whoever looks at it, or where it reads what not everybody may. */
export type Acting = 'always' | 'reading';

/** Who gets what. */
export interface OwnerChoice {
  readonly ownerFor: (object: OwnedObject, acting: Acting | undefined) => string;
  /** Called when all owners are chosen, before the first of them is made one. */
  readonly prepare: (client: Client) => Promise<void>;
}

const asBackedUp: OwnerChoice = { ownerFor: ({ owner }) => owner, prepare: async () => {} };

/**
 * Gives what is in the database that `client` is connected to the owners, the rights and the comments that a dump leaves to us.
 * Names and places of objects are those that the database itself tells: from a backup come only names of roles.
 */
export async function applyContent(
  client: Client,
  content: Content,
  { ownerFor, prepare }: OwnerChoice = asBackedUp,
): Promise<void> {
  const acting = await actingObjects(client);
  const wanted = new Map(content.objects.map((object) => [keyOf(object), object]));
  const everything = content.objects.some(({ own }) => !own);
  const owners = new Map(content.objects.map((object) => [object, ownerFor(object, acting.get(keyOf(object)))]));
  const ownerOf = (object: OwnedObject) => owners.get(object) ?? object.owner;
  await prepare(client);

  const before = await readContent(client, everything);
  await inOneTransaction(
    client,
    before.objects.flatMap((found) => {
      const object = wanted.get(keyOf(found));
      const kind = kinds[found.type];
      if (object === undefined || kind === undefined || !found.own || found.follows) return [];
      const owner = ownerOf(object);
      return owner === found.owner ? [] : [`ALTER ${kind.owner} ${found.identity} OWNER TO ${identifier(owner)}`];
    }),
  );
  const after = await readContent(client, everything);
  const changes = after.objects.flatMap((found) => changesOf(found, wanted.get(keyOf(found)), ownerOf));
  const defaults = content.defaults.flatMap(({ role, schema, kind, rights }) => {
    const place = schema === null ? '' : ` IN SCHEMA ${identifier(schema)}`;
    const target = `ALTER DEFAULT PRIVILEGES FOR ROLE ${identifier(role)}${place}`;
    return defaultStatements(target, defaultKinds[kind], rights, schema === null);
  });
  const comments = content.extensions.map(
    ({ name, comment }) => `COMMENT ON EXTENSION ${identifier(name)} IS ${literal(comment)}`,
  );
  await inOneTransaction(client, [...changes.flatMap(({ byOwner }) => byOwner), ...defaults, ...comments]);
  for (const { grantor, statement } of changes.flatMap(({ byOthers }) => byOthers)) {
    await client
      .query(`SET ROLE ${identifier(grantor)}; ${statement}; RESET ROLE`)
      // He granted it once, and cannot any more: it counts all the same.
      .catch(() => client.query(statement));
  }
}

function changesOf(
  found: FoundObject,
  object: OwnedObject | undefined,
  ownerOf: (object: OwnedObject) => string,
): readonly RightsChange[] {
  const kind = kinds[found.type]?.rights;
  if (object === undefined || kind === undefined || object.rights === null) return [];
  const owner = ownerOf(object);
  const mine = (right: Right) => ({
    ...right,
    grantor: right.grantor === object.owner ? found.owner : right.grantor,
    grantee: right.grantee === object.owner && owner !== object.owner ? owner : right.grantee,
  });
  const change = (current: readonly Right[], wanted: readonly Right[]) =>
    changeRights(`${kind} ${found.identity}`, { current, wanted: wanted.map(mine), owner: found.owner });
  return [change(found.rights ?? [], object.rights), change(found.columns, object.columns)];
}

/** For everywhere, what is listed is all that there is; for a schema it comes beside that. */
function defaultStatements(target: string, kind: string, rights: readonly Right[], isAll: boolean): readonly string[] {
  const grants = rights.map(
    ({ grantee, privilege, grantable }) =>
      `${target} GRANT ${privilege} ON ${kind} TO ${nameOf(grantee)}${grantable ? ' WITH GRANT OPTION' : ''}`,
  );
  if (!isAll) return grants;
  const owner = /FOR ROLE ("(?:[^"]|"")+")/.exec(target)?.[1] ?? '';
  return [`${target} REVOKE ALL ON ${kind} FROM PUBLIC`, `${target} REVOKE ALL ON ${kind} FROM ${owner}`, ...grants];
}

/** Publications that only a superuser may make. */
export async function makeWidePublications(client: Client, content: Content): Promise<void> {
  await inOneTransaction(
    client,
    content.publications.flatMap(({ name, allTables, schemas, publish, viaRoot }) => [
      ...(allTables
        ? [
            `CREATE PUBLICATION ${identifier(name)} FOR ALL TABLES ` +
              `WITH (publish = ${literal(publish.join(', '))}, publish_via_partition_root = ${viaRoot})`,
          ]
        : []),
      ...schemas.map((schema) => `ALTER PUBLICATION ${identifier(name)} ADD TABLES IN SCHEMA ${identifier(schema)}`),
    ]),
  );
}

/** Event triggers come last: from then on they act on statements like these. */
export async function createEventTriggers(
  client: Client,
  content: Content,
  { enabled }: { readonly enabled: boolean },
) {
  const owners = new Map(content.objects.map((object) => [`${object.type} ${object.names[0]}`, object.owner]));
  const modes = { O: 'ENABLE', D: 'DISABLE', R: 'ENABLE REPLICA', A: 'ENABLE ALWAYS' } as const;
  const creations = content.eventTriggers.map(({ name, event, tags, functionSchema, function: routine, comment }) => {
    const when = tags.length === 0 ? '' : ` WHEN TAG IN (${tags.map(literal).join(', ')})`;
    const created = identifier(name);
    const owner = owners.get(`event trigger ${name}`);
    return [
      `CREATE EVENT TRIGGER ${created} ON ${event}${when} EXECUTE FUNCTION ${identifier(functionSchema)}.${identifier(routine)}()`,
      `ALTER EVENT TRIGGER ${created} DISABLE`,
      `COMMENT ON EVENT TRIGGER ${created} IS ${literal(comment)}`,
      ...(owner === undefined || !enabled ? [] : [`ALTER EVENT TRIGGER ${created} OWNER TO ${identifier(owner)}`]),
    ];
  });
  const switches = content.eventTriggers.map(
    ({ name, enabled: mode }) => `ALTER EVENT TRIGGER ${identifier(name)} ${modes[mode]}`,
  );
  await inOneTransaction(client, [...creations.flat(), ...(enabled ? switches : [])]);
}

async function actingObjects(client: Client): Promise<ReadonlyMap<string, Acting>> {
  const { rows } = await client.query<OwnedObject & { always: boolean }>(await query('acting-objects.sql'));
  return new Map(rows.map((row) => [keyOf(row), row.always ? 'always' : 'reading']));
}

const keyOf = ({ type, names, arguments: given }: Pick<OwnedObject, 'type' | 'names' | 'arguments'>) =>
  JSON.stringify([type, names, given]);

/** Several statements in one message are one transaction (PostgreSQL documentation, "Message Flow"). */
export async function inOneTransaction(client: Client, statements: readonly string[]): Promise<void> {
  if (statements.length > 0) await client.query(statements.join(';\n'));
}
