import type { LimitFunction } from 'p-limit';
import type { Client } from 'pg';
import type { Say } from '../../../contract/backup.ts';
import type { RunningEngine } from '../../../contract/topology.ts';
import { applyProperties, createDatabase } from '../../schema/create-database.ts';
import { identifier } from '../../server/statements.ts';
import { applyContent, createEventTriggers, makeWidePublications } from '../catalogue/apply-content.ts';
import { rightsNotConfirmed, superusersCode } from '../catalogue/archived-doors.ts';
import type { Catalogue, CataloguedDatabase, Content } from '../catalogue/catalogue.ts';
import { initialDatabases } from '../catalogue/described-databases.ts';
import { readContent } from '../catalogue/read-catalogue.ts';
import { reassignRest, type StandIn } from '../catalogue/stand-in.ts';
import { ownersFromContents } from './earlier/earlier-owners.ts';
import { contentFailed, type Filling, fillPrivileged, fillUnprivileged } from './restore-content.ts';
import type { Staged, StagedArchive } from './stage-archives.ts';
import { createTemporaryRole, markStatements, openAdministration, type TemporaryRole } from './temporary-databases.ts';

/** What all databases of a restore have in common. */
export interface RestorePlan {
  readonly target: RunningEngine;
  readonly staged: Staged;
  readonly catalogue: Catalogue;
  /** Of the first release: who owns what is in the dumps alone. */
  readonly isEarlier: boolean;
  /** Whether what only a superuser may make is made, in a server of its own: see `RestoreRun`. */
  readonly archiveTrusted: boolean;
  readonly say: Say;
  /** For what two databases must not change at once: the server refuses the second. */
  readonly singly: LimitFunction;
}

/** A database that is whole, and the name that it gets. */
export interface MadeDatabase {
  readonly temporary: string;
  readonly name: string;
}

/** Where one database goes. */
interface Place {
  readonly name: string;
  /** Beside live data; absent where the server holds nothing else. */
  readonly beside?: StandIn;
}

/** Temporary files that sorting for indexes may take: each index once, and room to merge. */
const temporaryBytesMax = (sizeBytes: number) => sizeBytes * 2 + 256 * 2 ** 20;

/** Makes and fills one database under a temporary name; `postgres` and `template1` are filled where they are. */
export async function restoreDatabase(
  plan: RestorePlan,
  database: CataloguedDatabase,
  place: Place,
): Promise<MadeDatabase> {
  const { target, catalogue, staged, say } = plan;
  const archive = staged.archives.get(database.name);
  if (archive === undefined) throw new Error(`nothing of ${database.name} was staged`);
  await using opened = await openAdministration(target);
  const { client } = opened;
  const role = await createTemporaryRole(client, temporaryBytesMax(database.sizeBytes));
  const whole = place.beside === undefined && initialDatabases.has(database.name);
  const name = whole ? database.name : role.name;
  const tablespaces = place.beside === undefined;
  if (tablespaces) await plan.singly(() => openTablespaces(client, catalogue, role));
  const make = () => makePlace(client, database, { name, role, whole, tablespaces, place });
  await make();
  const content = database.content ?? undefined;
  const filling: Filling = {
    name,
    role,
    archive,
    content: content ?? { extensions: database.extensions ?? [] },
    sizeBytes: database.sizeBytes,
    whole,
    tablespaces,
  };
  const privileged = await fill(plan, database, filling, place, async () => {
    if (whole) return undoWhole(target, filling);
    await client.query(`DROP DATABASE ${identifier(name)} WITH (FORCE)`);
    await make();
  });
  await finishContent(plan, database, { name, role, archive, privileged, place });
  if (!whole) {
    const { settings } = catalogue;
    await client.query(`ALTER DATABASE ${identifier(name)} RESET ALL`);
    for (const statement of markStatements(name, place.name, database.name)) await client.query(statement);
    await applyProperties(client, database, { name, settings, onlyOwn: place.beside !== undefined, say });
  }
  return { temporary: name, name: place.name };
}

async function makePlace(
  client: Client,
  database: CataloguedDatabase,
  {
    name,
    role,
    whole,
    tablespaces,
    place,
  }: {
    readonly name: string;
    readonly role: TemporaryRole;
    readonly whole: boolean;
    readonly tablespaces: boolean;
    readonly place: Place;
  },
): Promise<void> {
  if (whole) {
    await client.query(`ALTER DATABASE ${identifier(name)} OWNER TO ${identifier(role.name)}`);
    return;
  }
  const isElsewhere = tablespaces && database.tablespace !== 'pg_default';
  await createDatabase(client, database, {
    name,
    owner: role.name,
    ...(isElsewhere ? { tablespace: database.tablespace } : {}),
  });
  for (const statement of markStatements(name, place.name, database.name)) await client.query(statement);
}

/** The server's own words where a role may not make something (PostgreSQL source, `ERRCODE_INSUFFICIENT_PRIVILEGE`). */
const needsSuperuser = (reason: string) =>
  /permission denied|must be (?:a )?(?:superuser|owner)|only superuser/i.test(reason);

/**
 * Returns whether a superuser had to fill it: what a database of a server of its own may need where its archive is
 * trusted, and a copy beside live ones never gets. Throws `RESTORE_RIGHTS_NOT_CONFIRMED`.
 */
async function fill(
  { target, isEarlier, archiveTrusted, say }: RestorePlan,
  database: CataloguedDatabase,
  filling: Filling,
  { beside }: Place,
  again: () => Promise<void>,
): Promise<boolean> {
  if (isEarlier && beside === undefined) {
    await fillPrivileged(target, filling);
    return true;
  }
  const result = await fillUnprivileged(target, filling);
  if (result.exitCode === 0) return false;
  const failed = contentFailed(database.name, result);
  if (beside !== undefined) throw failed;
  const reason = failed.evidence?.split('\n').find((line) => line.includes('ERROR:')) ?? 'pg_restore failed';
  if (!archiveTrusted) {
    // Whatever else went wrong is told as what it is.
    if (!needsSuperuser(reason)) throw failed;
    throw rightsNotConfirmed([`the content of the database ${JSON.stringify(database.name)}: ${reason.trim()}`]);
  }
  say(`${JSON.stringify(database.name)} was filled by the superuser, because nobody else may: ${reason.trim()}`);
  await again();
  await fillPrivileged(target, filling);
  return true;
}

/** `postgres` and `template1` as they were, after a try that failed. */
async function undoWhole(target: RunningEngine, { name, role, content }: Filling): Promise<void> {
  await using opened = await openAdministration(target, name);
  await opened.client.query(`DROP OWNED BY ${identifier(role.name)} CASCADE`);
  for (const extension of content.extensions.filter((each) => each.name !== 'plpgsql')) {
    await opened.client.query(`DROP EXTENSION IF EXISTS ${identifier(extension.name)} CASCADE`);
  }
}

async function openTablespaces(client: Client, { tablespaces }: Catalogue, role: TemporaryRole): Promise<void> {
  for (const { name } of tablespaces) {
    await client.query(`GRANT CREATE ON TABLESPACE ${identifier(name)} TO ${identifier(role.name)}`);
  }
}

/** Owners, rights, and what only a superuser may make, by statements of ours. */
async function finishContent(
  { target, archiveTrusted, say, singly, catalogue }: RestorePlan,
  database: CataloguedDatabase,
  {
    name,
    role,
    archive,
    privileged,
    place,
  }: {
    readonly name: string;
    readonly role: TemporaryRole;
    readonly archive: StagedArchive;
    readonly privileged: boolean;
    readonly place: Place;
  },
): Promise<void> {
  await using opened = await openAdministration(target, name);
  const { client } = opened;
  const content =
    database.content ?? (privileged ? undefined : await contentOfEarlier(client, catalogue, database, archive, say));
  if (content !== undefined) {
    if (!privileged) await makeWidePublications(client, content);
    const untrusted = archiveTrusted ? undefined : superusersCode(catalogue, database.name);
    await applyContent(client, content, place.beside ?? untrusted);
    place.beside?.tell(database.name, say);
    if (!privileged && content.eventTriggers.length > 0) {
      await createEventTriggers(client, content, { enabled: place.beside === undefined });
      if (place.beside !== undefined)
        say(`event triggers of ${JSON.stringify(database.name)} are there, and switched off`);
    }
  }
  await singly(() => reassignRest(client, role.name));
}

/** Of a backup of the first release. */
async function contentOfEarlier(
  client: Client,
  { roles }: Catalogue,
  { name }: CataloguedDatabase,
  { contents }: StagedArchive,
  say: Say,
): Promise<Content> {
  say(`who may do what with things in ${JSON.stringify(name)} is not restored: its backup is of an earlier release`);
  return ownersFromContents(
    await readContent(client),
    contents,
    roles.map((role) => role.name),
  );
}
