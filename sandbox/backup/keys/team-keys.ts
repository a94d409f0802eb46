import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';

/** Keys that a team shares. */
export interface TeamKeys {
  /** Signs archives. Absent: this machine checks them only. */
  readonly signing?: KeyObject;
  /** Whoever has signed with one of these is known. */
  readonly known: readonly KeyObject[];
}

const block = /-----BEGIN ([A-Z ]+)-----[^-]*-----END \1-----/g;

/**
 * Reads PEM blocks from `SANDBOX_ARCHIVE_KEY` or the file that `SANDBOX_ARCHIVE_KEY_FILE` names: the first private key
 * signs, and all of them, private or public, are known, so that a key can be followed by the next. Throws `BAD_OPTION`.
 */
export async function readTeamKeys(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<TeamKeys> {
  const { SANDBOX_ARCHIVE_KEY: given, SANDBOX_ARCHIVE_KEY_FILE: file } = environment;
  const text = given || (file ? await readKeys(file) : '');
  if (text === '') return { known: [] };
  const keys = [...text.matchAll(block)].map(([pem, kind = '']) => readKey(pem, kind));
  if (keys.length === 0) throw bad('there is none in it');
  const signing = keys.find(({ type }) => type === 'private');
  return { ...withoutUndefined({ signing }), known: keys };
}

function readKey(pem: string, kind: string): KeyObject {
  let key: KeyObject;
  try {
    key = kind.endsWith('PRIVATE KEY') ? createPrivateKey(pem) : createPublicKey(pem);
  } catch (thrown) {
    throw bad(messageOf(thrown));
  }
  if (key.asymmetricKeyType !== 'ed25519') throw bad(`one is of the kind ${key.asymmetricKeyType}, not Ed25519`);
  return key;
}

async function readKeys(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (thrown) {
    throw bad(messageOf(thrown));
  }
}

function bad(reason: string): SandboxError {
  return new SandboxError({
    code: 'BAD_OPTION',
    message: `The key of archives in SANDBOX_ARCHIVE_KEY or SANDBOX_ARCHIVE_KEY_FILE cannot be used: ${reason}.`,
    next: 'Make one: openssl genpkey -algorithm ed25519 -out archive-key.pem',
  });
}
