import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';

/** Which stack is meant: of which folder, under which name. */
export interface StackIdentity {
  /** Prefix of every container, volume and network, for example `taishang-1f3a9c2e`. */
  readonly name: string;
  /** Real path of the project's folder. */
  readonly directory: string;
}

/** Name and folder of a stack. Two checkouts have two names without any setting. Default folder: the current one. */
export function stackIdentity(options: { readonly directory?: string; readonly name?: string }): StackIdentity {
  const directory = realpathSync(resolve(options.directory ?? process.cwd()));
  return { directory, name: options.name ?? `taishang-${shortHash(directory)}` };
}

/** First eight hexadecimal digits of a SHA-256. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
