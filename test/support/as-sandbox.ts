import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

/** Runs a program of the tests with the flags and variables that `npm run sandbox` gives to its process. */
export async function runAsSandbox(
  program: string,
  args: readonly string[],
  options: { readonly input?: string } = {},
): Promise<string> {
  const file = join(import.meta.dirname, '..', '..', 'package.json');
  const script = String(JSON.parse(await readFile(file, 'utf8')).scripts.sandbox);
  const flags = script.match(/--\S+/g) ?? [];
  const env = Object.fromEntries([...script.matchAll(/([A-Z_]+)=(\S+)/g)].map(([, name, value]) => [name, value]));
  const { stdout } = await execa(process.execPath, [...flags, program, ...args], { env, ...options });
  return stdout;
}
