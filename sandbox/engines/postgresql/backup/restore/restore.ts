import pLimit from 'p-limit';
import { messageOf, SandboxError } from '../../../../core/errors.ts';
import { allSettled } from '../../../../core/run-concurrently.ts';
import type { BackupManifest, RestoreRun } from '../../../contract/backup.ts';
import type { RunningEngine } from '../../../contract/topology.ts';
import { applyProperties } from '../../schema/create-database.ts';
import { setPasswords } from '../../schema/schema.ts';
import { identifier } from '../../server/statements.ts';
import { inOneTransaction } from '../catalogue/apply-content.ts';
import { earlierNeedsTrust, requireHarmlessInPlace } from '../catalogue/archived-doors.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { foundDatabases, initialDatabases } from '../catalogue/described-databases.ts';
import { availableExtensions, extensionRefusal } from '../catalogue/extensions.ts';
import type { ReadableBackup } from '../catalogue/readable-backup.ts';
import { namesBeside } from '../catalogue/restored-names.ts';
import { standInFrom } from '../catalogue/stand-in.ts';
import { requireReadable, requireUsable, roomFor } from './restore-checks.ts';
import { restoreFailed } from './restore-content.ts';
import { type MadeDatabase, type RestorePlan, restoreDatabase } from './restore-database.ts';
import { addRoles, restoreRoles } from './restore-roles.ts';
import { restoreTablespaces } from './restore-tablespaces.ts';
import { removeStaged, type Staged, stageArchives, stagingFolder } from './stage-archives.ts';
import { dropTemporary, openAdministration, unmarkStatements } from './temporary-databases.ts';

/**
 * Roles, then all databases side by side under names of their own; they get their names together at the end. A restore
 * that was killed leaves databases that carry a mark, which the next one removes. Tells `say` what people should know.
 */
export async function restore(
  target: RunningEngine,
  directory: string,
  manifest: BackupManifest,
  { say = () => {}, archiveTrusted = false }: RestoreRun = {},
): Promise<void> {
  const archive = await requireReadable(target, directory, manifest);
  if (archive.isEarlier && !archiveTrusted) throw earlierNeedsTrust();
  const usable = () => requireUsable(target, { sizeBytes: roomFor(manifest, archive.databases), empty: true });
  await whileStaged(target, { directory, archive, usable }, async (staged, catalogue) => {
    if (!archiveTrusted) await requireHarmlessInPlace(target, catalogue);
    await using opened = await openAdministration(target);
    const { client } = opened;
    await restoreRoles(client, catalogue, say);
    await restoreTablespaces(client, catalogue);
    const { isEarlier } = archive;
    const plan: RestorePlan = { target, staged, catalogue, isEarlier, archiveTrusted, say, singly: pLimit(1) };
    const others = catalogue.databases.filter(({ name }) => !initialDatabases.has(name));
    const made = await allOrNone(
      target,
      others.map((database) => restoreDatabase(plan, database, { name: database.name })),
    );
    // They are there in every server, and cannot be replaced by their own connections: all of it or nothing.
    for (const database of catalogue.databases.filter(
      ({ name, file }) => initialDatabases.has(name) && file !== null,
    )) {
      await restoreDatabase(plan, database, { name: database.name });
    }
    await renameAll(target, made, { marked: false });
    for (const database of catalogue.databases.filter(({ name }) => initialDatabases.has(name))) {
      const { settings } = catalogue;
      await applyProperties(client, database, { name: database.name, settings, onlyOwn: false, say });
    }
    await setPasswords(client, target);
  });
}

/** Into copies with names of their own. Roles that are there already stay as they are, and so does everything live. */
export async function restoreBeside(
  running: RunningEngine,
  directory: string,
  manifest: BackupManifest,
  { say = () => {} }: RestoreRun = {},
): Promise<readonly string[]> {
  const archive = await requireReadable(running, directory, manifest);
  const usable = () => requireUsable(running, { sizeBytes: roomFor(manifest, archive.databases), empty: false });
  let names: readonly string[] = [];
  await whileStaged(running, { directory, archive, usable }, async (staged, catalogue) => {
    await using opened = await openAdministration(running);
    const { client } = opened;
    const dumped = catalogue.databases.filter(({ file }) => file !== null);
    const copies = namesBeside(
      dumped.map(({ name }) => name),
      await foundDatabases(client),
    );
    const nameOf = new Map(copies.map(({ original, name }) => [original, name]));
    await requireHarmlessExtensions(running, catalogue);
    const created = await addRoles(client, catalogue, say);
    const plan: RestorePlan = {
      target: running,
      staged,
      catalogue,
      isEarlier: archive.isEarlier,
      archiveTrusted: false,
      say,
      singly: pLimit(1),
    };
    const standIn = await standInFrom(client, created);
    const made = await allOrNone(
      running,
      dumped.map((database) =>
        restoreDatabase(plan, database, { name: nameOf.get(database.name) ?? '', beside: standIn() }),
      ),
    );
    await dropCopies(
      running,
      copies.map(({ name }) => name),
    );
    await renameAll(running, made, { marked: true });
    names = copies.map(({ name }) => name);
  });
  return names;
}

/** Drops the copies that restores beside the live data have left, and returns their names. Roles stay. */
export async function discardBeside(running: RunningEngine): Promise<readonly string[]> {
  await using opened = await openAdministration(running);
  const names = (await foundDatabases(opened.client)).flatMap(({ copy, name }) => (copy ? [name] : []));
  await dropCopies(running, names);
  return names;
}

/** Before anything is made. Throws `RESTORE_FAILED`. */
async function requireHarmlessExtensions(running: RunningEngine, { databases }: Catalogue): Promise<void> {
  await using opened = await openAdministration(running);
  const available = await availableExtensions(opened.client);
  for (const { name, content, extensions = [] } of databases) {
    for (const extension of content?.extensions ?? extensions) {
      const refusal = extensionRefusal(extension, available);
      if (refusal === undefined) continue;
      throw new SandboxError({
        code: 'RESTORE_FAILED',
        engine: 'postgresql',
        message: `The database ${JSON.stringify(name)} needs the extension ${JSON.stringify(extension.name)}, and it is not made beside live data: ${refusal}.`,
        next: 'Nothing was touched. Restore into a stack of its own: --name another.',
      });
    }
  }
}

async function allOrNone(
  target: RunningEngine,
  works: readonly Promise<MadeDatabase>[],
): Promise<readonly MadeDatabase[]> {
  return allSettled(works).catch(async (thrown: unknown) => {
    // Where the server was killed it cannot; the next restore removes them.
    await dropTemporary(target).catch(() => {});
    throw thrown;
  });
}

/** Copies of an earlier restore that this one replaces: they carry its mark. */
async function dropCopies(running: RunningEngine, names: readonly string[]): Promise<void> {
  await using opened = await openAdministration(running);
  for (const { name, copy, isTemplate } of await foundDatabases(opened.client)) {
    if (!copy || !names.includes(name)) continue;
    if (isTemplate) await opened.client.query(`ALTER DATABASE ${identifier(name)} IS_TEMPLATE false`);
    await opened.client.query(`DROP DATABASE ${identifier(name)} WITH (FORCE)`);
  }
}

/** All of them or none. */
async function renameAll(
  target: RunningEngine,
  made: readonly MadeDatabase[],
  { marked }: { readonly marked: boolean },
): Promise<void> {
  await using opened = await openAdministration(target);
  await inOneTransaction(
    opened.client,
    made.flatMap(({ temporary, name }) => [
      ...(marked ? [] : unmarkStatements(temporary)),
      `ALTER DATABASE ${identifier(temporary)} RENAME TO ${identifier(name)}`,
    ]),
  );
}

interface Archives {
  readonly directory: string;
  readonly archive: ReadableBackup;
  /** Looks at the target, before the databases are touched. */
  readonly usable: () => Promise<void>;
}

/**
 * Puts all archives into the container and reads each to its end while `usable` looks at the target, then runs `work`.
 * Whatever it ends with, nothing is left that was made for a time.
 */
async function whileStaged(
  target: RunningEngine,
  { directory, archive, usable }: Archives,
  work: (staged: Staged, catalogue: Catalogue) => Promise<void>,
): Promise<void> {
  const folder = stagingFolder();
  try {
    const staging = stageArchives(target, {
      directory,
      folder,
      databases: archive.databases,
      definitions: archive.isEarlier,
    });
    // What is wrong with the target is told first.
    await allSettled([usable(), staging]);
    const staged = await staging;
    const catalogue = archive.catalogueOf(staged);
    await dropTemporary(target);
    await work(staged, catalogue).catch(async (thrown: unknown) => {
      await dropTemporary(target).catch(() => {});
      throw brokenOff(thrown);
    });
    await dropTemporary(target);
  } finally {
    await removeStaged(target, folder);
  }
}

function brokenOff(thrown: unknown): unknown {
  if (thrown instanceof SandboxError) return thrown;
  return restoreFailed(`The restore was broken off: ${messageOf(thrown)}.`, messageOf(thrown));
}
