// Asks a port where nobody listens, as each engine's probe does until its node is up, and prints which timers are left afterwards.
import { createServer } from 'node:net';
import { engineNames } from '../../../sandbox/engines/engine-names.ts';
import { engineEntries } from '../../../sandbox/engines/index.ts';

const [name] = process.argv.slice(2);
const taken = createServer().listen(0, '127.0.0.1');
await new Promise((resolve) => taken.once('listening', resolve));
const { port } = taken.address();
await new Promise((resolve) => taken.close(resolve));

const engine = await engineEntries[engineNames.find((known) => known === name)].load();
const node = { name, host: '127.0.0.1', port, hostPorts: {}, containerName: name };
const refused = await engine.probe(node, {}).then(
  () => 'answered',
  () => 'refused',
);
// Sockets that nobody answers close by themselves; a timer that is left holds the process until its time.
console.log(JSON.stringify({ refused, timers: process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout') }));
