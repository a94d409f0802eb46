import type { Client } from 'pg';
import type { RunningEngine } from '../../contract/topology.ts';
import { query } from '../backup/catalogue/described-databases.ts';
import { readServer } from '../backup/catalogue/read-catalogue.ts';
import { type Content, contentOf, differencesBetween } from './content.ts';
import { connectionsPerPlace, type PlaceLogin } from './login.ts';
import { databaseOfPlace } from './marks.ts';
import type { Outside } from './outside.ts';
import type { Template } from './templates.ts';

/** What a used place is compared with. */
export interface Untouched {
  readonly login: PlaceLogin;
  /** Of the databases that it has. */
  readonly sources: readonly { readonly template: Template; readonly outside: Outside }[];
  /** What {@link readShared} returned before the first test. */
  readonly shared: Content;
}

/** What of a place differs from a new one: in its databases, around them, of its login, and on the server that all share. */
export async function verifyPlace(
  running: RunningEngine,
  client: Client,
  { login, sources, shared }: Untouched,
): Promise<readonly string[]> {
  const ofDatabases = await Promise.all(
    sources.map(async ({ template, outside }) => {
      const name = databaseOfPlace(login.role, template.database);
      const content = await contentOf(running, name, template.database);
      return [
        ...differencesBetween(template.content, content),
        ...(await outsideDifferences(client, name, outside, login.role)),
      ];
    }),
  );
  const now = await readShared(client);
  return [
    ...ofDatabases.flat(),
    ...(await loginDifferences(client, login)),
    ...differencesBetween(shared, now).map((name) => `server: ${name}`),
  ];
}

/** What all places share, by kind. Places themselves are no part of it. */
export async function readShared(client: Client): Promise<Content> {
  const lines = await Promise.all(
    ['fingerprint-roles.sql', 'shared-state.sql'].map(
      async (file) => (await client.query<{ kind: string; line: string }>(await query(file))).rows,
    ),
  );
  const kinds = Map.groupBy(lines.flat(), ({ kind }) => kind);
  return Object.fromEntries(
    [...kinds].map(([kind, rows]) => [
      kind,
      rows
        .map(({ line }) => line)
        .toSorted()
        .join('\n'),
    ]),
  );
}

async function outsideDifferences(
  client: Client,
  name: string,
  { catalogued: original, settings }: Outside,
  role: string,
): Promise<readonly string[]> {
  const server = await readServer(client, [name]);
  const [found] = server.databases;
  if (found === undefined) return [`${original.name}: it is not there`];
  const ofClone = { ...found, rights: found.rights.filter(({ grantee }) => grantee !== role) };
  const settingsOf = (all: Outside['settings'], database: string) =>
    all.filter((setting) => setting.database === database).map(({ role: of, name: key, value }) => [of, key, value]);
  const wanted = { ...textsOf(original), settings: sorted(settingsOf(settings, original.name)) };
  const there = { ...textsOf(ofClone), settings: sorted(settingsOf(server.settings, name)) };
  return differencesBetween(wanted, there).map((part) => `${original.name}: ${part} of the database`);
}

/** A database from outside, its name and its size apart. */
function textsOf({ owner, comment, connectionLimit, isTemplate, rights }: Outside['catalogued']): Content {
  return {
    owner,
    comment: comment ?? '',
    'connection limit': String(connectionLimit),
    'being a template': String(isTemplate),
    rights: sorted(rights),
  };
}

function sorted(values: readonly unknown[]): string {
  return values
    .map((value) => JSON.stringify(value))
    .toSorted()
    .join('\n');
}

async function loginDifferences(client: Client, { role, verifier }: PlaceLogin): Promise<readonly string[]> {
  const { rows } = await client.query<{ password: boolean; limit: boolean; settings: boolean }>(
    `SELECT rolpassword = $2 AS password, rolconnlimit = $3 AND rolcanlogin AS limit,
            NOT EXISTS (SELECT FROM pg_db_role_setting WHERE setrole = a.oid AND setdatabase = 0) AS settings
     FROM pg_authid a WHERE rolname = $1`,
    [role, verifier, connectionsPerPlace],
  );
  const [found] = rows;
  if (found === undefined) return ['login: it is not there'];
  return Object.entries(found).flatMap(([part, isAsMade]) => (isAsMade ? [] : [`login: ${part}`]));
}
