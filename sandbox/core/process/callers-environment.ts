import { delimiter, join, resolve, sep } from 'node:path';

/** Folder of this package, whose script npm ran. */
const packageFolder = resolve(import.meta.dirname, '../../..');

/** What the scripts in `package.json` set for the sandbox's own process. */
const ownVariables: ReadonlySet<string> = new Set(['MALLOC_ARENA_MAX', 'MALLOC_MMAP_THRESHOLD_']);

/** Where the caller was: npm runs scripts in the package's folder and keeps theirs in `INIT_CWD` (npm's documentation of `npm run`). */
export function callersFolder(environment: NodeJS.ProcessEnv): string {
  return (isOfOurScript(environment) ? environment.INIT_CWD : undefined) ?? process.cwd();
}

/** npm's variables alone may be inherited from a script above; it runs ours in the package's folder. */
function isOfOurScript(environment: NodeJS.ProcessEnv): boolean {
  return environment.npm_package_json === join(packageFolder, 'package.json') && process.cwd() === packageFolder;
}

/**
 * The environment as it was before npm ran the sandbox's script: without the folders of programs that npm put before
 * `PATH` for it, whose `node` would hide the caller's, and without npm's and the script's own variables.
 */
export function callersEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (!isOfOurScript(environment)) return withoutLaunchers(environment);
  const kept = Object.entries(environment).filter(([name]) => !isOfNpm(name) && !ownVariables.has(name));
  const path = (environment.PATH ?? '').split(delimiter).filter((folder) => !isPutThereByNpm(folder));
  return { ...Object.fromEntries(kept), PATH: path.join(delimiter) };
}

/** `bin.mjs` of the installed package says in this variable which others it has added. */
const launchersVariable = 'TAISHANG_LAUNCHER_SET';

function withoutLaunchers(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const added = environment[launchersVariable];
  if (added === undefined) return environment;
  const own = new Set([launchersVariable, ...added.split(',')]);
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !own.has(name)));
}

function isOfNpm(name: string): boolean {
  return /^npm_(?:lifecycle|package|command|execpath|node_execpath)(?:_|$)/.test(name) || name === 'INIT_CWD';
}

/** `node_modules/.bin` of the package and of each folder above it, and the folder of npm's own `node-gyp`. */
function isPutThereByNpm(folder: string): boolean {
  if (folder.endsWith(join('@npmcli', 'run-script', 'lib', 'node-gyp-bin'))) return true;
  const bin = join('node_modules', '.bin');
  if (!folder.endsWith(`${sep}${bin}`)) return false;
  const above = folder.slice(0, -bin.length);
  return `${packageFolder}${sep}`.startsWith(above);
}
