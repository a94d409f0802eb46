import { type Client, DatabaseError } from 'pg';
import type { Say } from '../../../contract/backup.ts';
import { identifier, literal } from '../../server/statements.ts';
import { restoreFailed } from '../restore/restore-content.ts';
import type { Acting, OwnerChoice } from './apply-content.ts';
import type { OwnedObject } from './catalogue.ts';

/** Owns what an archive must not have a live role own. It may not log in, and belongs to nobody. */
const standInRole = 'taishang_restored';

const comment = 'taishang sandbox: owns what acts with the rights of its owner in restored copies';

/** What may be given to whom beside live data. */
export interface StandIn extends OwnerChoice {
  /** Tells what went to the stand-in. */
  readonly tell: (database: string, say: Say) => void;
}

/**
 * Roles that were there before get no code of an archive that would run with their rights: functions that are
 * `SECURITY DEFINER`, indexes and statistics that the server works out by itself; nor views of theirs on what the system
 * keeps to itself. The stand-in gets them. Returns what makes one for each database.
 */
export async function standInFrom(client: Client, created: ReadonlySet<string>): Promise<() => StandIn> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT r.rolname AS name FROM pg_catalog.pg_roles r
     WHERE rolsuper OR EXISTS (SELECT FROM pg_catalog.pg_roles p
                               WHERE p.rolname ~ '^pg_' AND pg_catalog.pg_has_role(r.oid, p.oid, 'MEMBER'))`,
  );
  const readers = new Set(rows.map(({ name }) => name));
  return () => standIn(created, readers);
}

function standIn(created: ReadonlySet<string>, readers: ReadonlySet<string>): StandIn {
  const given = new Set<string>();
  return {
    ownerFor: ({ type, names, owner }: OwnedObject, acting: Acting | undefined) => {
      const isRisk = acting === 'always' ? !created.has(owner) : acting === 'reading' && readers.has(owner);
      if (!isRisk) return owner;
      given.add(`${type} ${names.join('.')}`);
      return standInRole;
    },
    prepare: async (inDatabase) => {
      if (given.size > 0) await ensureStandIn(inDatabase);
    },
    tell: (database, say) => {
      if (given.size === 0) return;
      const what = [...given].toSorted().slice(0, 5).join(', ');
      const more = given.size > 5 ? ` and ${given.size - 5} more` : '';
      say(
        `in the copy of ${JSON.stringify(database)}, ${standInRole} owns what acts with its owner's rights: ${what}${more}`,
      );
    },
  };
}

/** Makes the stand-in where it is missing. Throws `RESTORE_FAILED` where a role of its name is more than that. */
async function ensureStandIn(client: Client): Promise<string> {
  const { rows } = await client.query<{ harmless: boolean }>(
    `SELECT NOT (rolcanlogin OR rolsuper OR rolcreaterole OR rolbypassrls OR rolreplication)
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_auth_members WHERE member = r.oid) AS harmless
     FROM pg_catalog.pg_roles r WHERE rolname = $1`,
    [standInRole],
  );
  const [found] = rows;
  if (found === undefined) {
    await client
      .query(
        `CREATE ROLE ${identifier(standInRole)} NOLOGIN; COMMENT ON ROLE ${identifier(standInRole)} IS ${literal(comment)}`,
      )
      .catch(async (thrown: unknown) => {
        // Another database of the same restore made it at the same moment.
        if (!(thrown instanceof DatabaseError && ['42710', '23505'].includes(thrown.code ?? ''))) throw thrown;
      });
  } else if (!found.harmless) {
    throw restoreFailed(`The role ${standInRole}, which must have no rights of its own, has some.`);
  }
  return standInRole;
}

/** What nobody else got is the stand-in's; the temporary role keeps nothing in the database that `client` is connected to. */
export async function reassignRest(client: Client, role: string): Promise<void> {
  const { rows } = await client.query<{ owns: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_catalog.pg_shdepend s JOIN pg_catalog.pg_roles r ON r.oid = s.refobjid
                    WHERE r.rolname = $1 AND s.deptype = 'o'
                      AND s.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())) AS owns`,
    [role],
  );
  if (rows[0]?.owns === true) {
    const to = await ensureStandIn(client);
    await client.query(`REASSIGN OWNED BY ${identifier(role)} TO ${identifier(to)}`);
  }
  await client.query(`DROP OWNED BY ${identifier(role)}`);
}
