import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type MongoClient, MongoServerError } from 'mongodb';
import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import type { Exporter, Metrics } from '../../contract/metrics.ts';
import { firstNode, type RunningEngine } from '../../contract/topology.ts';
import { downDrills } from '../../shared/metrics/alert-causes.ts';
import { monitoringLogin, monitoringPassword } from '../../shared/metrics/monitoring-login.ts';
import { pythonExporter, pythonExporterNode } from '../../shared/metrics/python-exporter.ts';
import { clientAsServer, openForWork, probe } from '../server/connection.ts';
import { mongodPort } from '../server/topologies.ts';

/** Percona's, the one that its dashboards and rules expect. */
const exporterPort = 9_216;

/** An exporter of ours with the names of Percona's: it asks for commands alone that the stand-in knows too. */
export const metrics: Metrics = {
  job: 'mongodb-exporter',
  image: {
    variable: 'MONGODB_EXPORTER',
    noOfficial: "Percona's takes its password from its environment or its arguments, where others can read it",
    local: pythonExporter(
      readFileSync(join(import.meta.dirname, 'requirements.txt'), 'utf8'),
      'an exporter of ours, on pymongo',
    ),
  },
  userStores,
  grant,
  revoke,
  exporterOf,
  alertDrills: downDrills({ alert: 'MongoDBDown', probe, exporterOf }),
};

/** Status of the server and of its set, and no document (MongoDB documentation, "Built-In Roles"). */
const roles = [{ role: 'clusterMonitor', db: 'admin' }];

/** The server's own words for what is there already, and for what is not (its `error_codes.yml`). */
const [userExists, userNotFound] = [51_003, 11];

const hasCode = (thrown: unknown, code: number) => thrown instanceof MongoServerError && thrown.code === code;

/** A set has its own; of a cluster the router writes those that the config server has, and each shard has its own. */
function userStores(running: RunningEngine): readonly RunningEngine[] {
  if (running.topology !== 'clustered') return [running];
  const storesOf = (wanted: string) =>
    running.nodes.filter(({ role }) => role === wanted).map((node) => ({ ...running, nodes: [node] }));
  return [...storesOf('router'), ...storesOf('shard')];
}

/** A shard has no other user than the server's own. */
function openAdministrator(store: RunningEngine): Promise<MongoClient> {
  return firstNode(store).role === 'shard' ? clientAsServer(store).connect() : openForWork(store);
}

async function grant(store: RunningEngine): Promise<void> {
  const pwd = monitoringPassword(store.secrets.root);
  await using client = await openAdministrator(store);
  const admin = client.db('admin');
  await admin.command({ createUser: monitoringLogin, pwd, roles }).catch(async (thrown) => {
    if (!hasCode(thrown, userExists)) throw thrown;
    await admin.command({ updateUser: monitoringLogin, pwd, roles });
  });
}

async function revoke(store: RunningEngine): Promise<void> {
  await using client = await openAdministrator(store);
  await client
    .db('admin')
    .command({ dropUser: monitoringLogin })
    .catch((thrown) => {
      if (!hasCode(thrown, userNotFound)) throw thrown;
    });
}

function exporterOf(running: RunningEngine, node: NodeHandle): Exporter {
  return pythonExporterNode({
    node,
    target: `${node.name}:${Object.keys(node.hostPorts)[0] ?? mongodPort}`,
    password: monitoringPassword(running.secrets.root),
    programDirectory: join(import.meta.dirname, 'exporter'),
    port: exporterPort,
  });
}
