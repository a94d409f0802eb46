import type { Shell } from '../../contract/shell.ts';
import { primaryThatAnswers } from '../failover/rejoin.ts';

/** `psql` over the server's own socket; the superuser needs no password there (`schema/pg_hba.conf`). */
export const shell: Shell = {
  async call(running, { admin, args }) {
    const node = await primaryThatAnswers(running);
    const command = ['psql', '--no-psqlrc', ...args];
    if (admin) return { node, command, user: 'postgres', environment: { PGDATABASE: 'taishang_users' } };
    const environment = {
      PGDATABASE: 'taishang_users',
      PGUSER: 'taishang_user',
      PGPASSWORD: running.secrets.taishang_user ?? '',
    };
    return { node, command, environment };
  },
  instead: 'Use an image with `psql`, or run yours: `npm run sandbox -- exec -- psql`.',
};
