import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import { sha256Of } from '../../../core/sha256-of.ts';
import type { Exporter, Metrics } from '../../contract/metrics.ts';
import { firstNode, type RunningEngine } from '../../contract/topology.ts';
import { downDrills } from '../../shared/metrics/alert-causes.ts';
import { debianProgram, monitoringUser } from '../../shared/metrics/debian-program.ts';
import {
  eachNode,
  exporterSecret,
  monitoringLogin,
  monitoringPassword,
} from '../../shared/metrics/monitoring-login.ts';
import { serverPort } from '../server/client-options.ts';
import { openClient, probe } from '../server/connection.ts';
import { alertDrills, notDrilled } from './alert-drills.ts';
import { evictionDrills } from './eviction-drills.ts';

/** Default port of redis_exporter. */
const exporterPort = 9_121;

/** redis_exporter beside every server. */
export const metrics: Metrics = {
  job: 'redis-exporter',
  image: {
    variable: 'REDIS_EXPORTER',
    official: { reference: 'oliver006/redis_exporter:v1.69.0' },
    local: debianProgram('prometheus-redis-exporter', ['prometheus-redis-exporter'], 'redis_exporter 1.69 of Debian'),
  },
  // They lie with the data of each server.
  userStores: eachNode,
  grant,
  revoke,
  exporterOf,
  alertDrills: [...downDrills({ alert: 'RedisDown', probe, exporterOf }), ...alertDrills, ...evictionDrills],
  notDrilled,
};

/**
 * No key, no channel, and of the commands those alone that the exporter asks (its README, "Authenticating with Redis"), but for
 * `CONFIG GET`: it tells `masterauth`, by which members log in at each other as the administrator.
 */
const rights = [
  ...['+ping', '+info', '+slowlog|len', '+slowlog|get', '+latency|latest', '+latency|histogram'],
  ...['+client|setname', '+cluster|info'],
];

async function grant(server: RunningEngine): Promise<void> {
  const password = `#${sha256Of(monitoringPassword(server.secrets.default))}`;
  await using client = await openClient(firstNode(server), server.secrets);
  await client.acl('SETUSER', monitoringLogin, 'reset', 'on', password, '-@all', ...rights);
  await client.acl('SAVE');
}

async function revoke(server: RunningEngine): Promise<void> {
  await using client = await openClient(firstNode(server), server.secrets);
  await client.acl('DELUSER', monitoringLogin);
  await client.acl('SAVE');
}

function exporterOf(running: RunningEngine, node: NodeHandle): Exporter {
  const address = `redis://${node.name}:${serverPort}`;
  const password = monitoringPassword(running.secrets.default);
  // Looked up by the address with its user, if it is given one.
  const named = `redis://${monitoringLogin}@${node.name}:${serverPort}`;
  const file = exporterSecret('passwords.json', JSON.stringify({ [address]: password, [named]: password }));
  return {
    port: exporterPort,
    spec: {
      name: `${node.name}-exporter`,
      role: 'exporter',
      ports: [],
      // The official image's own user, 59000, could not read the file.
      user: String(monitoringUser),
      environment: {
        REDIS_ADDR: address,
        REDIS_USER: monitoringLogin,
        REDIS_PASSWORD_FILE: file.path,
        // The machine's memory, which RedisMemoryUnlimited reads.
        REDIS_EXPORTER_INCL_SYSTEM_METRICS: 'true',
        // It asks for no configuration, which it may not see.
        REDIS_EXPORTER_CONFIG_COMMAND: '-',
      },
      files: [file],
    },
  };
}
