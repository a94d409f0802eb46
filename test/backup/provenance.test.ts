import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openBackup } from '../../sandbox/backup/archive/open-archive.ts';
import type { ArchiveSigner } from '../../sandbox/backup/archive/signature.ts';
import { writeArchive } from '../../sandbox/backup/archive/write-archive.ts';
import { archiveKeys, keyFromStack } from '../../sandbox/backup/keys/archive-keys.ts';
import { userKey } from '../../sandbox/backup/keys/user-key.ts';
import { SandboxError } from '../../sandbox/core/errors.ts';
import { newStackKey } from '../../sandbox/stack/state/stack-key.ts';
import { writeSecrets } from '../../sandbox/stack/state/stack-state.ts';
import { seed, seedText } from '../support/seed.ts';
import { manifestOf, scratchFolder, writeMadeUp } from './support/made-up-archive.ts';
import { piecesOf, seal } from './support/resealed.ts';

const files = { 'postgresql/content.json': Buffer.from('{}'), 'redis/dump.rdb': Buffer.alloc(300, 'x') };
const flips = 1_500;

let folder: Awaited<ReturnType<typeof scratchFolder>>;
let stack: { readonly name: string; readonly directory: string };
beforeAll(async () => {
  folder = await scratchFolder();
  stack = { name: 'taishang-provenance', directory: folder.path };
  await writeMadeUp(folder.path, files);
});
afterAll(() => folder?.[Symbol.asyncDispose]());

const newKey = () => generateKeyPairSync('ed25519').privateKey;
const pem = (key: KeyObject) => String(key.export({ format: 'pem', type: key.type === 'private' ? 'pkcs8' : 'spki' }));
/** What a user with a data folder of their own has in the environment. */
const userOf = (name: string, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  XDG_DATA_HOME: join(folder.path, `data-of-${name}`),
  ...more,
});

async function signedBy(signers: readonly ArchiveSigner[]): Promise<string> {
  const file = join(folder.path, `${crypto.randomUUID()}.tar.gz`);
  await writeArchive({ manifest: manifestOf(files), directory: join(folder.path, 'parts') }, file, { signers });
  return file;
}

/** What an archive is to the stack of this environment: `own`, `foreign`, or the code that it is refused with. */
async function lookAt(file: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const keys = await archiveKeys(stack, environment);
  try {
    await using opened = await openBackup(file, { temporaryDirectory: join(folder.path, 'unpacked') });
    return keys.provenanceOf(opened.signedBy);
  } catch (thrown) {
    if (thrown instanceof SandboxError) return thrown.code;
    throw thrown;
  }
}

const signersOf = async (environment: NodeJS.ProcessEnv) => (await archiveKeys(stack, environment)).signers;

describe('an archive', () => {
  test('of this user is own in every stack of theirs, and foreign to others', async () => {
    const file = await signedBy(await signersOf(userOf('ada')));
    expect(await lookAt(file, userOf('ada'))).toBe('own');
    expect(await lookAt(file, userOf('bob'))).toBe('foreign');
  });

  test('that nobody has signed is foreign', async () => {
    expect(await lookAt(await signedBy([]), userOf('ada'))).toBe('foreign');
  });

  test('that was changed after it was signed is refused, and foreign once somebody else signs it', async () => {
    const signers = await signersOf(userOf('ada'));
    const mine = await piecesOf(await signedBy(signers));
    const other = await piecesOf(await signedBy(signers));
    const file = join(folder.path, 'changed.tar.gz');
    await seal(file, Buffer.concat([other.content, mine.signature]));
    expect(await lookAt(file, userOf('ada'))).toBe('BACKUP_PART_CHANGED');
    await seal(file, mine.content);
    expect(await lookAt(file, userOf('ada'))).toBe('foreign');
    await seal(file, other.content, [{ holder: 'user', privateKey: newKey() }]);
    expect(await lookAt(file, userOf('ada'))).toBe('foreign');
    await seal(file, Buffer.concat([mine.content, mine.signature]));
    expect(await lookAt(file, userOf('ada'))).toBe('own');
  });

  test('is still an ordinary tar file', async () => {
    const file = await signedBy(await signersOf(userOf('ada')));
    const { stdout, stderr } = await execa('tar', ['-tzf', file]);
    expect(stderr).toBe('');
    expect(stdout.split('\n')).toHaveLength(4);
    await execa('gzip', ['--test', file]);
  });
});

describe(`any byte of a signed archive, changed and sealed again (${seedText})`, () => {
  test('makes it refused or foreign, never own', { timeout: 240_000 }, async () => {
    const environment = userOf('ada');
    const { content, signature } = await piecesOf(await signedBy(await signersOf(environment)));
    const bytes = Buffer.concat([content, signature]);
    const keys = await archiveKeys(stack, environment);
    const file = join(folder.path, 'flipped.tar.gz');
    // Every byte of the signatures, and any of the rest.
    const place = fc.oneof(
      fc.integer({ min: content.length, max: bytes.length - 1 }),
      fc.integer({ min: 0, max: content.length - 1 }),
    );
    const found = new Set<string>();
    await fc.assert(
      fc.asyncProperty(place, fc.integer({ min: 1, max: 255 }), async (at, mask) => {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ mask;
        await seal(file, changed);
        const outcome = await openBackup(file, { temporaryDirectory: join(folder.path, 'unpacked') }).then(
          async (opened) => {
            await opened[Symbol.asyncDispose]();
            return keys.provenanceOf(opened.signedBy);
          },
          (thrown: unknown) => (thrown instanceof SandboxError ? thrown.code : String(thrown)),
        );
        found.add(outcome);
        expect(outcome).toMatch(/^(?:foreign|BACKUP_[A-Z_]+)$/);
      }),
      { seed, numRuns: flips },
    );
    // Both ways out were tried.
    expect([...found]).toEqual(expect.arrayContaining(['foreign', 'BACKUP_PART_CHANGED']));
  });
});

describe('keys of a team', () => {
  const former = newKey();
  const present = newKey();

  test('sign with the first private one, and know all of them, so that one can follow the other', async () => {
    const file = join(folder.path, 'team.pem');
    await writeFile(file, pem(former));
    const before = await signedBy(await signersOf(userOf('ada', { SANDBOX_ARCHIVE_KEY_FILE: file })));
    await writeFile(file, pem(present) + pem(createPublicKey(former)));
    const environment = userOf('bob', { SANDBOX_ARCHIVE_KEY_FILE: file });
    const after = await signedBy(await signersOf(environment));
    expect(await lookAt(before, environment)).toBe('own');
    expect(await lookAt(after, environment)).toBe('own');
    const outsider = userOf('bob', { SANDBOX_ARCHIVE_KEY: pem(present) });
    expect([await lookAt(before, outsider), await lookAt(after, outsider)]).toEqual(['foreign', 'own']);
  });

  test('that are public check, and sign nothing', async () => {
    const file = await signedBy([{ holder: 'team', privateKey: present }]);
    const environment = userOf('cy', { SANDBOX_ARCHIVE_KEY: pem(createPublicKey(present)) });
    expect(await lookAt(file, environment)).toBe('own');
    expect((await signersOf(environment)).map(({ holder }) => holder)).toEqual(['user']);
  });

  test('made by openssl are taken', async () => {
    const { stdout } = await execa('openssl', ['genpkey', '-algorithm', 'ed25519']);
    expect((await signersOf(userOf('ada', { SANDBOX_ARCHIVE_KEY: stdout })))[0]?.holder).toBe('team');
  });

  test.each([
    ['a file that is not there', { SANDBOX_ARCHIVE_KEY_FILE: '/nowhere/key.pem' }],
    ['no PEM', { SANDBOX_ARCHIVE_KEY: 'secret' }],
    [
      'another kind of key',
      { SANDBOX_ARCHIVE_KEY: pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey) },
    ],
    ['damaged PEM', { SANDBOX_ARCHIVE_KEY: pem(present).replace(/[A-Za-z0-9+/]{20}/, 'x') }],
  ])('are refused: %s', async (_, variables) => {
    await expect(archiveKeys(stack, userOf('ada', variables))).rejects.toMatchObject({ code: 'BAD_OPTION' });
  });
});

describe('the key of a user', () => {
  test('is made once, however many ask for it at a time, for its owner alone', async () => {
    const environment = userOf('dee');
    const keys = await Promise.all(Array.from({ length: 8 }, () => userKey(environment)));
    expect(new Set(keys.map((key) => pem(key as KeyObject))).size).toBe(1);
    const file = join(environment.XDG_DATA_HOME ?? '', 'taishang-sandbox', 'archive-key.pem');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(pem(keys[0] as KeyObject)).toBe(await readFile(file, 'utf8'));
  });

  test('that cannot be read is said, and not replaced', async () => {
    const environment = userOf('eve');
    const file = join(environment.XDG_DATA_HOME ?? '', 'taishang-sandbox', 'archive-key.pem');
    await mkdir(join(file, '..'), { recursive: true, mode: 0o700 });
    await writeFile(file, 'no key');
    await expect(userKey(environment)).rejects.toMatchObject({ code: 'STATE_CORRUPT' });
    expect(await readFile(file, 'utf8')).toBe('no key');
  });
});

test('a key of a stack that a checkout brings is not known: nothing was started with it here', async () => {
  const key = newStackKey();
  await writeSecrets(stack.directory, stack.name, { key, secrets: {}, connections: {} });
  const file = await signedBy([{ holder: 'stack', privateKey: keyFromStack(key) }]);
  expect(await lookAt(file, userOf('ada'))).toBe('foreign');
});
