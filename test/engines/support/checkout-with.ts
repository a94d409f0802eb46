import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';

const project = join(import.meta.dirname, '..', '..', '..');

/** A copy of this checkout that has one engine more. */
export interface CheckoutWith extends AsyncDisposable {
  readonly path: string;
}

/**
 * Copies this checkout and does what CONTRIBUTING.md says of a new engine: its folder, its name, its entry, and nothing
 * else. The folder is the one of its name beside this file; its `engine.ts` exports the engine as `exported`.
 */
export async function checkoutWith(name: string, exported: string): Promise<CheckoutWith> {
  const path = await mkdtemp(join(tmpdir(), 'taishang-checkout-'));
  const remove = () => rm(path, { recursive: true, force: true });
  try {
    await copyCheckout(path);
    const engines = join(path, 'sandbox', 'engines');
    const folder = join(import.meta.dirname, name);
    await mkdir(join(engines, name));
    for (const file of await readdir(folder)) {
      const text = await readFile(join(folder, file), 'utf8');
      await writeFile(join(engines, name, file), text.replaceAll("'../../../../sandbox/", "'../../"));
    }
    await edit(join(engines, 'engine-names.ts'), 'furtherEngines = []', `furtherEngines = ['${name}']`);
    const entry = `  '${name}': { load: async () => (await import('./${name}/engine.ts')).${exported} },\n`;
    await edit(join(engines, 'index.ts'), '} as const satisfies', `${entry}} as const satisfies`);
  } catch (thrown) {
    await remove();
    throw thrown;
  }
  return { path, [Symbol.asyncDispose]: remove };
}

/** What is in the repository, or would be: not what lies about beside it. */
async function copyCheckout(to: string): Promise<void> {
  const listed = await execa('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: project });
  const files = listed.stdout.split('\0').filter((file) => file !== '');
  for (const folder of new Set(files.map((file) => dirname(file)))) await mkdir(join(to, folder), { recursive: true });
  await Promise.all(files.map((file) => copyFile(join(project, file), join(to, file))));
  await symlink(join(project, 'node_modules'), join(to, 'node_modules'));
}

async function edit(path: string, from: string, to: string): Promise<void> {
  const text = await readFile(path, 'utf8');
  if (text.split(from).length !== 2) throw new Error(`${path} has not \`${from}\` once`);
  await writeFile(path, text.replace(from, to));
}
