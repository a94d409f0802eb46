import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import type { Exporter, Metrics } from '../../contract/metrics.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { downDrills } from '../../shared/metrics/alert-causes.ts';
import { debianProgram, monitoringUser } from '../../shared/metrics/debian-program.ts';
import { exporterSecret, monitoringLogin, monitoringPassword } from '../../shared/metrics/monitoring-login.ts';
import { primaryThatAnswers } from '../failover/rejoin.ts';
import { type OpenClient, openClient, probe } from '../server/connection.ts';
import { scramVerifier } from '../server/scram.ts';
import { alertDrills } from './alert-drills.ts';

/** Default port of postgres_exporter. */
const exporterPort = 9_187;

/** Connections that the exporter may have: it uses one, and another one while a scrape hangs. */
const connectionsMax = 3;

/** postgres_exporter, whose metrics' names are those of version 0.17 in both images: 0.20 has renamed some. */
export const metrics: Metrics = {
  job: 'postgres-exporter',
  image: {
    variable: 'POSTGRESQL_EXPORTER',
    official: { reference: 'quay.io/prometheuscommunity/postgres-exporter:v0.17.1' },
    local: debianProgram(
      'prometheus-postgres-exporter',
      ['prometheus-postgres-exporter'],
      'postgres_exporter 0.17 of Debian',
    ),
  },
  grant,
  revoke,
  exporterOf,
  alertDrills: [
    ...downDrills({
      alert: 'PostgreSQLDown',
      probe,
      exporterOf,
      // `pg_up` is 0 where the connection is refused, and stale where the name of a container that is gone takes too long.
      asSpecified: { killed: 'varies', paused: 'misses', exporterKilled: 'misses' },
    }),
    ...alertDrills,
  ],
};

async function openWritable(running: RunningEngine): Promise<OpenClient> {
  return openClient(await primaryThatAnswers(running), running.secrets, { database: 'postgres' });
}

/** Statistics, settings and sizes, and no row of any table (PostgreSQL documentation, "Predefined Roles"). */
async function grant(running: RunningEngine): Promise<void> {
  await using opened = await openWritable(running);
  const { client } = opened;
  const role = client.escapeIdentifier(monitoringLogin);
  const there = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [monitoringLogin]);
  if (there.rowCount === 0) await client.query(`CREATE ROLE ${role}`);
  const password = client.escapeLiteral(scramVerifier(monitoringPassword(running.secrets.postgres)));
  await client.query(`ALTER ROLE ${role} LOGIN CONNECTION LIMIT ${connectionsMax} PASSWORD ${password}`);
  await client.query(`GRANT pg_monitor TO ${role}`);
}

async function revoke(running: RunningEngine): Promise<void> {
  await using opened = await openWritable(running);
  await opened.client.query(`DROP ROLE IF EXISTS ${opened.client.escapeIdentifier(monitoringLogin)}`);
}

function exporterOf(running: RunningEngine, node: NodeHandle): Exporter {
  const password = exporterSecret('password', monitoringPassword(running.secrets.postgres));
  return {
    port: exporterPort,
    spec: {
      name: `${node.name}-exporter`,
      role: 'exporter',
      ports: [],
      user: String(monitoringUser),
      environment: {
        DATA_SOURCE_URI: `${node.name}:${Object.keys(node.hostPorts)[0] ?? 5432}/postgres?sslmode=disable&connect_timeout=5`,
        DATA_SOURCE_USER: monitoringLogin,
        DATA_SOURCE_PASS_FILE: password.path,
      },
      files: [password],
    },
  };
}
