import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import type { Exporter, Metrics } from '../../contract/metrics.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { downDrills } from '../../shared/metrics/alert-causes.ts';
import { eachNode, monitoringLogin, monitoringPassword } from '../../shared/metrics/monitoring-login.ts';
import { pythonExporter, pythonExporterNode } from '../../shared/metrics/python-exporter.ts';
import { probe, withDriver } from '../server/connection.ts';

/** Of Neo4j's own endpoint, which Community lacks. */
const exporterPort = 2_004;

/** An exporter of ours, over Bolt: the endpoint for Prometheus is of the Enterprise edition. */
export const metrics: Metrics = {
  job: 'neo4j',
  image: {
    variable: 'NEO4J_EXPORTER',
    noOfficial: 'the vendor has none: its endpoint for Prometheus is of the Enterprise edition',
    local: pythonExporter(
      readFileSync(join(import.meta.dirname, 'requirements.txt'), 'utf8'),
      "an exporter of ours, on Neo4j's driver",
    ),
  },
  userStores: eachNode,
  grant,
  revoke,
  exporterOf,
  alertDrills: downDrills({ alert: 'Neo4jDown', probe, exporterOf }),
};

async function aboutUsers(server: RunningEngine, statement: string, parameters: object): Promise<void> {
  await withDriver(server, (driver) => driver.executeQuery(statement, parameters, { database: 'system' }));
}

/** This edition has no roles: the login may do everything, and the exporter asks in transactions that cannot write. */
async function grant(server: RunningEngine): Promise<void> {
  const parameters = { login: monitoringLogin, password: monitoringPassword(server.secrets.neo4j) };
  await aboutUsers(server, readQuery('grant.cypher'), parameters);
}

async function revoke(server: RunningEngine): Promise<void> {
  await aboutUsers(server, readQuery('revoke.cypher'), { login: monitoringLogin });
}

function readQuery(name: string): string {
  return readFileSync(join(import.meta.dirname, name), 'utf8');
}

function exporterOf(running: RunningEngine, node: NodeHandle): Exporter {
  return pythonExporterNode({
    node,
    target: `${node.name}:7687`,
    password: monitoringPassword(running.secrets.neo4j),
    programDirectory: join(import.meta.dirname, 'exporter'),
    port: exporterPort,
  });
}
