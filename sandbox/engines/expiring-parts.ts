import { createHash, type Hash } from 'node:crypto';
import type { ExpiringPart, Fingerprint } from './engine.ts';

/** What expires is hashed together by the second: a hash for each moment would be one for each key. */
const togetherMs = 1_000;

/** Makes parts of a fingerprint of a store in which some things go by themselves. */
export interface PartsBuilder {
  /** Adds a thing to a part, in an order that the data alone decides. `goesMs`: when it goes, in ms since 1970. */
  readonly add: (part: string, content: readonly (string | Uint8Array)[], goesMs?: number) => void;
  readonly build: () => Required<Fingerprint>;
}

interface Hashes {
  readonly all: Hash;
  readonly staying: Hash;
  readonly going: Map<number, Hash>;
}

export function buildParts(): PartsBuilder {
  const hashes = new Map<string, Hashes>();
  return {
    add(part, content, goesMs) {
      const own = hashes.get(part) ?? { all: newHash(), staying: newHash(), going: new Map<number, Hash>() };
      hashes.set(part, own);
      let further = own.staying;
      if (goesMs !== undefined) {
        const moment = Math.floor(goesMs / togetherMs) * togetherMs;
        further = own.going.get(moment) ?? newHash();
        own.going.set(moment, further);
      }
      for (const piece of content) {
        own.all.update(piece);
        further.update(piece);
      }
    },
    build() {
      const parts: Record<string, string> = {};
      const expiring: Record<string, ExpiringPart> = {};
      for (const [part, { all, staying, going }] of hashes) {
        parts[part] = all.digest('hex');
        if (going.size === 0) continue;
        const moments = [...going].map(([moment, hash]) => [moment, hash.digest('hex')] as const);
        expiring[part] = { staying: staying.digest('hex'), going: Object.fromEntries(moments) };
      }
      return { parts, expiring };
    },
  };
}

function newHash(): Hash {
  return createHash('sha256');
}
