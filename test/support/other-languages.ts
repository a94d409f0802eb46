import { join } from 'node:path';
import { execa } from 'execa';
import { installPackages } from '../../sandbox/containers/runtime/find/docker-install.ts';

/** Makes sure that there is a `go`: Debian's where the machine has none. */
export async function ensureGo(): Promise<void> {
  await ensure(['go', 'version'], 'golang-go');
}

/** Makes a Python environment of its own in a folder, with what a file of pinned packages names. Returns its programs' folder. */
export async function pythonEnvironment(folder: string, requirementsFile: string): Promise<string> {
  // Debian's Python has the module, and what it needs in a package of its own.
  await ensure(['python3', '-c', 'import ensurepip, venv'], 'python3-venv');
  await execa('python3', ['-m', 'venv', folder]);
  const programs = join(folder, 'bin');
  await execa(join(programs, 'pip'), ['install', '--quiet', '--requirement', requirementsFile]);
  return programs;
}

async function ensure([program = '', ...args]: readonly string[], debianPackage: string): Promise<void> {
  const { failed } = await execa(program, args, { reject: false });
  if (failed) await installPackages([debianPackage], { advance: ({ text }) => console.log(text), summarise: () => {} });
}
