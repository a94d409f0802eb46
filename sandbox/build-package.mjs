// Builds what is installed elsewhere: JavaScript with declarations and source maps into `dist/`, and beside it the files
// that the code reads. Plain JavaScript, since a git dependency is built by whichever Node its project has.
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const target = join(root, 'dist');
const rooms = ['sandbox', 'seeds', 'scenarios', 'bench', 'contracts'];

// A checkout runs its TypeScript as it is: `npm ci` there has nothing to build.
if (process.argv.includes('--for-others') && isOwnCheckout()) process.exit(0);

rmSync(target, { recursive: true, force: true });
const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
execFileSync(process.execPath, [compiler, '--project', join(root, 'tsconfig.build.json')], { stdio: 'inherit' });
for (const room of rooms) cpSync(join(root, room), join(target, room), { recursive: true, filter: isRead });
cpSync(join(root, 'compose.yaml'), join(target, 'compose.yaml'));
// The code reads its own version above its rooms. Entry points are told by the package's manifest alone.
const { name, version, type, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
for (const entry of Object.values(exports)) if (typeof entry === 'object') refuseOldNode(join(root, entry.default));
writeFileSync(join(target, 'package.json'), `${JSON.stringify({ name, version, type, private: true }, null, 2)}\n`);

/** npm installs a project where it was called; what others need is packed, or prepared in a folder that npm chose. */
function isOwnCheckout() {
  const { npm_command: command, INIT_CWD: calledIn } = process.env;
  const isInstall = command === 'ci' || command === 'install';
  return isInstall && calledIn !== undefined && !relative(root, calledIn).startsWith('..');
}

/** On the entry's first line, so that its source map holds. */
function refuseOldNode(entry) {
  const path = relative(dirname(entry), join(target, 'sandbox/refuse-old-node.mjs'));
  const specifier = path.startsWith('.') ? path : `./${path}`;
  writeFileSync(entry, `import '${specifier}'; ${readFileSync(entry, 'utf8')}`);
}

/** Everything but what was compiled, and what a run leaves behind. */
function isRead(path) {
  return extname(path) !== '.ts' && !path.includes('__pycache__');
}
