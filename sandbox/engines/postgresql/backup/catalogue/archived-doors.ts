import { SandboxError } from '../../../../core/errors.ts';
import type { BackupManifest } from '../../../contract/backup.ts';
import type { RunningEngine } from '../../../contract/topology.ts';
import { openAdministration } from '../restore/temporary-databases.ts';
import type { OwnerChoice } from './apply-content.ts';
import type { Catalogue, CataloguedDatabase, Membership, Setting } from './catalogue.ts';
import { availableExtensions, extensionRefusal } from './extensions.ts';
import { reachedFrom } from './reached.ts';
import { globalsFile, readCatalogueFiles, readServer } from './read-catalogue.ts';

/** Made by `initdb`, and the only superuser of a server of the sandbox. */
const bootstrapRole = 'postgres';

/** What the platform's own roles need: they get the stack's passwords, whatever an archive says. */
const expected: ReadonlyMap<string, string> = new Map([['replicator', 'REPLICATION']]);

/** Why the content of a backup of the first release goes in as a superuser: its dumps alone say who owns what. */
const earlierDoor = 'the content of a backup of release 0.1.0, which only the superuser can restore with its rights';

/**
 * Rights in a backup that reach beyond a database and that `live` does not give already, to be confirmed before anything
 * is restored in place. What only shows once the content is there is refused then: see {@link superusersCode}.
 */
export async function doors(
  directory: string,
  manifest: BackupManifest,
  live?: RunningEngine,
): Promise<readonly string[]> {
  if (!manifest.parts.some(({ path }) => path === globalsFile)) return [earlierDoor];
  const archived = await readCatalogueFiles(directory, manifest);
  const known = live === undefined ? [] : doorsOfCatalogue(await catalogueOf(live, archived));
  return doorsOfCatalogue(archived).filter((door) => !known.includes(door));
}

/** What the server gives by its roles and settings; what is in its databases is not asked. */
async function catalogueOf(live: RunningEngine, { databases }: Catalogue): Promise<Catalogue> {
  await using opened = await openAdministration(live);
  const names = databases.map(({ name }) => name);
  // Awaited here: the connection ends with this function.
  return await readServer(opened.client, names);
}

function doorsOfCatalogue(catalogue: Catalogue): readonly string[] {
  const { roles, settings, parameters, databases } = catalogue;
  return [
    ...roles
      .filter(({ name }) => name !== bootstrapRole)
      .flatMap(({ name }) => doorsOfRole(catalogue, name).map((door) => `role ${JSON.stringify(name)}: ${door}`)),
    ...settings.filter(loadsCode).map(({ name, value }) => `setting ${name} = ${JSON.stringify(value)}`),
    ...parameters.flatMap(({ name, rights }) =>
      rights
        .filter(({ grantee }) => grantee !== bootstrapRole)
        .map(({ grantee, privilege }) => `${privilege} on the setting ${name} for ${shown(grantee)}`),
    ),
    ...databases.flatMap(doorsOfDatabase),
  ];
}

/** What lets a role reach beyond what it was given, by itself or through those that it is a member of. */
export function doorsOfRole({ roles, memberships }: Pick<Catalogue, 'roles' | 'memberships'>, name: string) {
  const attributes = attributesThatOpen({ roles, memberships }, name);
  const joined = rolesThrough(memberships, name)
    .filter(
      (role) =>
        role.startsWith('pg_') || role === bootstrapRole || attributesThatOpen({ roles, memberships }, role).length > 0,
    )
    .map((role) => `membership in ${role}`);
  return [...attributes, ...joined];
}

function attributesThatOpen({ roles }: Pick<Catalogue, 'roles' | 'memberships'>, name: string): readonly string[] {
  const role = roles.find((each) => each.name === name);
  if (role === undefined) return [];
  const attributes = [
    role.superuser ? 'SUPERUSER' : '',
    role.createRole ? 'CREATEROLE' : '',
    role.bypassRls ? 'BYPASSRLS' : '',
    role.replication ? 'REPLICATION' : '',
  ];
  return attributes.filter((attribute) => attribute !== '' && attribute !== expected.get(name));
}

/** Every role that `name` is a member of, straight or through others. */
function rolesThrough(memberships: readonly Membership[], name: string): readonly string[] {
  return reachedFrom(name, (member) => memberships.filter((each) => each.member === member).map(({ role }) => role));
}

/** What a setting makes the server load, or anything that a superuser's sessions begin with. */
function loadsCode({ name, role }: Setting): boolean {
  return role === bootstrapRole || /(?:_libraries|^dynamic_library_path)$/i.test(name);
}

/** Code that runs with the rights of whoever changes the schema, and functions of the server itself that were opened. */
function doorsOfDatabase({ name, content }: CataloguedDatabase): readonly string[] {
  const triggers = (content?.eventTriggers ?? []).filter(({ enabled }) => enabled !== 'D');
  const opened = (content?.objects ?? []).filter(
    ({ own, names, rights }) =>
      !own && names[0] === 'pg_catalog' && (rights ?? []).some(({ grantee }) => grantee !== bootstrapRole),
  );
  return [
    ...triggers.map(
      (trigger) => `event trigger ${JSON.stringify(trigger.name)} of the database ${JSON.stringify(name)}`,
    ),
    ...opened.map((object) => `rights on ${object.names.join('.')} in the database ${JSON.stringify(name)}`),
  ];
}

const shown = (grantee: string | null) => (grantee === null ? 'everybody' : JSON.stringify(grantee));

/** Extensions of a backup that reach beyond their database. One that this server does not have is another failure. */
export async function requireHarmlessInPlace(target: RunningEngine, { databases }: Catalogue): Promise<void> {
  await using opened = await openAdministration(target);
  const available = await availableExtensions(opened.client);
  const found = databases.flatMap(({ name, content, extensions = [] }) =>
    (content?.extensions ?? extensions)
      .filter((extension) => available.has(extension.name) && extensionRefusal(extension, available) !== undefined)
      .map((extension) => `extension ${JSON.stringify(extension.name)} of the database ${JSON.stringify(name)}`),
  );
  if (found.length > 0) throw rightsNotConfirmed(found);
}

/**
 * Owners as they were backed up, unless a superuser, or who may read what the system keeps to itself, would own code of the
 * archive that runs with its owner's rights, or views on what others may not see. Throws `RESTORE_RIGHTS_NOT_CONFIRMED`
 * before the first owner is made one.
 */
export function superusersCode(catalogue: Catalogue, database: string): OwnerChoice {
  const found = new Set<string>();
  const reaches = (owner: string) => owner === bootstrapRole || doorsOfRole(catalogue, owner).length > 0;
  return {
    ownerFor: ({ type, names, owner }, acting) => {
      if (acting !== undefined && reaches(owner)) {
        found.add(`${type} ${names.join('.')} of the database ${JSON.stringify(database)}, which acts as ${owner}`);
      }
      return owner;
    },
    prepare: async () => {
      if (found.size > 0) throw rightsNotConfirmed([...found].toSorted());
    },
  };
}

/** Refused at the new server, whose data is given up: the live data is as it was. */
export function rightsNotConfirmed(found: readonly string[]): SandboxError {
  const more = found.length === 1 ? '' : `, and ${found.length - 1} more`;
  return new SandboxError({
    code: 'RESTORE_RIGHTS_NOT_CONFIRMED',
    engine: 'postgresql',
    message: `The archive needs, or brings, rights that reach beyond its databases: ${found[0]}${more}.`,
    next: 'The live data is as it was. Restore beside it, or pass --trust-archive if you trust whoever made the archive.',
    evidence: found.join('\n'),
  });
}

export const earlierNeedsTrust = (): SandboxError => rightsNotConfirmed([earlierDoor]);
