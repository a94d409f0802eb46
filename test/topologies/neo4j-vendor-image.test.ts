import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { resolveImages } from '../../sandbox/containers/images/images.ts';
import { isRunning, startNodeAgain } from '../../sandbox/containers/nodes/nodes.ts';
import { untilReady } from '../../sandbox/containers/nodes/until-ready.ts';
import { docker } from '../../sandbox/containers/runtime/docker.ts';
import { execInNode } from '../../sandbox/containers/runtime/exec.ts';
import { deadlineMs } from '../../sandbox/core/deadlines.ts';
import { silent } from '../../sandbox/core/progress.ts';
import type { RunningEngine } from '../../sandbox/engines/contract/topology.ts';
import { neo4j } from '../../sandbox/engines/neo4j/engine.ts';
import { accessOf, roles } from '../../sandbox/engines/neo4j/failover/roles.ts';
import { withDriver } from '../../sandbox/engines/neo4j/server/connection.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import { serverIsRoot } from '../../scenarios/backup/one-engine/server-user.ts';
import { type VendorLikeImage, vendorLikeImage } from '../engines/support/neo4j-vendor/image.ts';
import { withVariables } from '../support/moved-clock.ts';
import { eventually } from './support/write-through.ts';

let image: VendorLikeImage;
let stack: Stack<'neo4j'>;
let running: RunningEngine;

beforeAll(async () => {
  const request = { engine: 'neo4j', spec: neo4j.image };
  const resolved = (await resolveImages([request], { policy: 'built', progress: silent })).get('neo4j');
  image = await vendorLikeImage(resolved?.reference ?? '');
  using _ = withVariables({ SANDBOX_NEO4J_IMAGE: image.reference });
  stack = await createStack({ engines: ['neo4j'], topologies: { neo4j: 'replicated' }, size: 'none', connect: false });
  running = stack.engines.neo4j;
}, 300_000);
afterAll(async () => {
  await stack?.dispose();
  await image?.[Symbol.asyncDispose]();
});

// One of the tests stops them.
beforeEach(async () => {
  await Promise.all(
    running.nodes.map(async (node) => {
      if (await isRunning(node)) return;
      await startNodeAgain(node);
      await untilReady(node, { probe: () => neo4j.probe(node, running.secrets) });
    }),
  );
});

const [primary, standby] = [0, 1].map((index) => () => running.nodes[index] as RunningEngine['nodes'][number]);

test('a standby whose image has no store to copy makes one once, and only reads from then on', async () => {
  // On a busy machine a server may need longer to say what it is than one look waits.
  await eventually('each says what it is', async () => {
    expect(await roles(running)).toMatchObject([{ role: 'primary' }, { role: 'standby' }]);
    expect(await accessOf(standby?.() as never, running.secrets)).toMatchObject({ takesWrites: false });
    return true;
  });
  const alone = { ...running, nodes: [standby?.() as never] };
  const write = withDriver(alone, (driver) => driver.executeQuery('CREATE (:Written)'));
  await expect(write).rejects.toThrow(/read.?only/i);
});

test('what our own image says in a file is said to the server of any image', async () => {
  const names = [
    'dbms.fleet_manager.enabled',
    'server.fleet_discovery.enabled',
    'dbms.usage_report.enabled',
    'client.allow_telemetry',
    'server.bolt.telemetry.enabled',
  ];
  for (const node of running.nodes) {
    const { output } = await execInNode(node, ['cat', '/var/lib/neo4j/conf/neo4j.conf'], { user: 'root' });
    for (const name of names) expect(output.split('\n'), node.name).toContain(`${name}=false`);
    // Reached from outside, also where the first start was for nobody.
    expect(output).not.toContain('127.0.0.1');
  }
});

test('the server is told from the first process, which is root', async () => {
  const { output } = await execInNode(primary?.() as never, ['stat', '-c', '%u', '/proc/1'], { user: 'root' });
  expect(output.trim()).toBe('0');
  expect(await serverIsRoot(primary?.() as never)).toBe(false);
});

describe('nodes that are stopped', () => {
  test('`docker stop` ends it by its signal, and need not kill it', async () => {
    const client = await docker();
    await Promise.all(
      running.nodes.map(async ({ containerId }) => {
        const container = client.getContainer(containerId);
        await container.stop({ t: Math.ceil(deadlineMs('nodeStop') / 1_000) });
        const { State } = await container.inspect();
        // A kill is 137. Whether its end was by the signal or by itself is the first process's to tell; the server says 1 where
        // the signal comes before its start is over, which answers to Bolt are not.
        expect(State.Running).toBe(false);
        expect([0, 1, 143]).toContain(State.ExitCode);
      }),
    );
  });
});
