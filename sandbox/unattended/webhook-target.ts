import { readFile } from 'node:fs/promises';
import { messageOf, SandboxError } from '../core/errors.ts';

/** Who is told how unattended work ended, and the key that messages are signed with. */
export interface WebhookTarget {
  readonly url: URL;
  readonly secret: Buffer;
}

/** Shorter secrets can be guessed from a signature: half of what SHA-256 gives. */
const secretBytesMin = 16;

/**
 * Reads a webhook's address, and its secret from `SANDBOX_WEBHOOK_SECRET` or the file that `SANDBOX_WEBHOOK_SECRET_FILE`
 * names. A secret that begins with `whsec_` is base64, as Standard Webhooks writes it. Throws `BAD_OPTION` before
 * anything starts.
 */
export async function webhookTarget(
  address: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<WebhookTarget> {
  const url = URL.parse(address);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw bad(
      'The address of the webhook is no http or https address, or has a password in it.',
      '--webhook https://host/path',
    );
  }
  const { SANDBOX_WEBHOOK_SECRET: given, SANDBOX_WEBHOOK_SECRET_FILE: file } = environment;
  const text = given || (file ? await readSecret(file) : '');
  if (text === '') {
    throw bad(
      'A webhook is signed, and there is no secret.',
      'Set SANDBOX_WEBHOOK_SECRET_FILE or SANDBOX_WEBHOOK_SECRET.',
    );
  }
  const secret = text.startsWith('whsec_') ? Buffer.from(text.slice('whsec_'.length), 'base64') : Buffer.from(text);
  if (secret.length < secretBytesMin) {
    throw bad(`The secret of the webhook has less than ${secretBytesMin} bytes.`, 'Make one: openssl rand -hex 32');
  }
  return { url, secret };
}

async function readSecret(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (thrown) {
    throw bad(
      `The secret of the webhook cannot be read: ${messageOf(thrown)}.`,
      'Look at SANDBOX_WEBHOOK_SECRET_FILE.',
    );
  }
}

function bad(message: string, next: string): SandboxError {
  return new SandboxError({ code: 'BAD_OPTION', message, next });
}
