import { moduleMigrations } from '../../shared/migrations/modules.ts';
import { connect } from '../server/connection.ts';

/** Modules with `up(client)`, which is one of @qdrant/js-client-rest. */
export const migrations = moduleMigrations(connect);
