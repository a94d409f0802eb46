import { moduleMigrations } from '../../shared/migrations/modules.ts';
import { connect, databaseName } from '../server/connection.ts';

/** Modules with `up(db, client)`, as migrate-mongo has them: `db` is the platform's database. */
export const migrations = moduleMigrations(connect, (client) => [client.db(databaseName), client]);
