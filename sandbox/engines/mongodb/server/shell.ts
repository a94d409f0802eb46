import type { Shell } from '../../contract/shell.ts';
import { firstNode } from '../../contract/topology.ts';
import { databaseName, toolHost, userName } from './connection.ts';

/**
 * `mongosh` with the platform's database. It takes a password from its arguments or a prompt alone (mongosh's
 * documentation, "Options"), so a first script logs in with what is in the environment; then it goes on by itself.
 */
export const shell: Shell = {
  async call(running, { args }) {
    const environment = { TAISHANG_USER: userName, TAISHANG_PASSWORD: running.secrets.root ?? '' };
    const logIn = "db.getSiblingDB('admin').auth(process.env.TAISHANG_USER, process.env.TAISHANG_PASSWORD)";
    const address = `mongodb://${addressOf(toolHost(running))}`;
    return {
      node: running.nodes.find(({ role }) => role === 'router') ?? firstNode(running),
      command: ['mongosh', '--quiet', address, '--eval', logIn, ...(args.length === 0 ? ['--shell'] : args)],
      environment,
    };
  },
  instead:
    'The stand-in brings no shell. Run yours, which takes the address from the environment: `npm run sandbox -- exec -- npx mongosh --nodb`, then `db = connect(process.env.MONGODB_URI)`.',
};

/** `taishang/a:1,b:2`, as MongoDB's tools take it, is an option of an address. */
function addressOf(host: string): string {
  const [set, members] = host.includes('/') ? host.split('/') : [undefined, host];
  return `${members}/${databaseName}?${set === undefined ? 'directConnection=true' : `replicaSet=${set}`}`;
}
