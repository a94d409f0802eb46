import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runForDocument, stackFolder } from '../support/command.ts';

const root = join(import.meta.dirname, '..', '..');

/** The last commit of release 0.1.0. */
const release = '2f806195';

/** Neo4j takes as long as the others together, and has nothing of its own in what a stack keeps. */
const engines = 'postgresql,mongodb,redis,qdrant';

const isThere = (await execa('git', ['cat-file', '-e', release], { cwd: root, reject: false })).exitCode === 0;

let checkout: string;
beforeAll(async () => {
  checkout = await mkdtemp(join(tmpdir(), 'taishang-release-'));
  if (!isThere) return;
  const { stdout } = await execa(
    'git',
    ['archive', release, 'package.json', 'sandbox', 'seeds', 'scenarios', 'bench'],
    {
      cwd: root,
      encoding: 'buffer',
    },
  );
  await mkdir(join(checkout, 'stack'));
  await execa('tar', ['x', '-C', checkout], { input: stdout });
  await symlink(join(root, 'node_modules'), join(checkout, 'node_modules'));
});
afterAll(() => rm(checkout, { recursive: true }));

/** A command as that release ran it, on its own code. */
const runOfRelease = (args: readonly string[], cwd: string) =>
  execa(process.execPath, [join(checkout, 'sandbox', 'cli.ts'), ...args], { cwd });

async function queryAt(databaseUrl: string, text: string): Promise<number | null> {
  const client = new Client(databaseUrl);
  await client.connect();
  try {
    return (await client.query(text)).rowCount;
  } finally {
    await client.end();
  }
}

// Without the history of the checkout, as of a clone of one commit, there is no such release to be had.
test.skipIf(!isThere)(
  'a stack of release 0.1.0 that runs comes up with what its user added, and is what it says',
  async () => {
    await using folder = await stackFolder();
    const before = await runOfRelease(['up', '--engines', engines, '--size', 'small', '--format', 'json'], folder.path);
    const url = ['exec', '--', 'printenv', 'DATABASE_URL'];
    const added = "INSERT INTO users (username, email, password_hash) VALUES ('kept', 'kept@example.com', 'x')";
    expect(await queryAt((await runOfRelease(url, folder.path)).stdout, added)).toBe(1);

    const present = { cwd: folder.path };
    const { stack } = JSON.parse(before.stdout) as { readonly stack: string };
    expect(await runForDocument(['up', '--engines', engines], present)).toMatchObject({ stack, state: 'running' });
    const { stdout } = await folder.run(...url);
    expect(await queryAt(stdout.trim(), "SELECT FROM users WHERE username = 'kept'")).toBe(1);
    expect(await runForDocument(['status'], present)).toMatchObject({ stack, state: 'running' });
  },
  400_000,
);
