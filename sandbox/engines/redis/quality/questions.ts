import type { QualityQuestion } from '../../contract/quality.ts';

/** What a query file can ask of Redis, which has no language for it. */
export type RedisAsk =
  /** Keys of the place: none may be without a lifetime. */
  | { readonly ask: 'keys without a lifetime' }
  /** Keys of the place that live longer from now on than so many seconds. One that stays is without a lifetime. */
  | { readonly ask: 'keys that live too long'; readonly lifetimeMaxS: number }
  /** Keys of the whole server without a lifetime, by what each node counts: no key is looked at. */
  | { readonly ask: 'count of keys without a lifetime' }
  /** Nodes that use more of the memory that they may use than so many percent. */
  | { readonly ask: 'memory'; readonly usedPercentMax: number }
  | { readonly ask: 'count of keys' };

const asks = [
  'keys without a lifetime',
  'keys that live too long',
  'count of keys without a lifetime',
  'memory',
  'count of keys',
];

export function askOf({ ask }: QualityQuestion): RedisAsk {
  if ('rule' in ask) return { ask: 'count of keys' };
  const read = JSON.parse(ask.query) as RedisAsk;
  if (!asks.includes(read.ask)) throw new Error(`\`${String(read.ask)}\` is none of ${asks.join(', ')}`);
  if (read.ask === 'keys that live too long' && !(read.lifetimeMaxS > 0))
    throw new Error('`lifetimeMaxS` is no number');
  if (read.ask === 'memory' && !(read.usedPercentMax > 0)) throw new Error('`usedPercentMax` is no number');
  return read;
}
