import { createHash } from 'node:crypto';
import { sha256Of } from '../../../core/sha256-of.ts';
import type { ExpiringPart, Fingerprint } from '../../contract/data.ts';

/** What expires is hashed together by the second: a hash for each moment would be one for each key. */
const togetherMs = 1_000;

/** Adds a thing to a part. `goesMs`: when it goes, in ms since 1970; absent where it stays. */
type Add = (part: string, content: readonly (string | Uint8Array)[], goesMs?: number) => void;

/** Makes parts of a fingerprint of a store in which some things go by themselves. */
export interface PartsBuilder {
  /** In an order that the data alone decides. */
  readonly add: Add;
  /** In any order: a thing that is there twice counts twice. A part is added to in one of the two ways. */
  readonly addUnordered: Add;
  readonly build: () => Required<Fingerprint>;
}

/** A hash of things. */
interface Sum {
  readonly add: (content: readonly (string | Uint8Array)[]) => void;
  readonly digest: () => string;
}

interface Hashes {
  readonly all: Sum;
  readonly staying: Sum;
  readonly going: Map<number, Sum>;
}

export function buildParts(): PartsBuilder {
  const hashes = new Map<string, Hashes>();
  const adding =
    (newSum: () => Sum): Add =>
    (part, content, goesMs) => {
      const own = hashes.get(part) ?? { all: newSum(), staying: newSum(), going: new Map<number, Sum>() };
      hashes.set(part, own);
      if (content.length === 0) return;
      let further = own.staying;
      if (goesMs !== undefined) {
        const moment = Math.floor(goesMs / togetherMs) * togetherMs;
        further = own.going.get(moment) ?? newSum();
        own.going.set(moment, further);
      }
      own.all.add(content);
      further.add(content);
    };
  return {
    add: adding(inOrder),
    addUnordered: adding(inAnyOrder),
    build() {
      const parts: Record<string, string> = {};
      const expiring: Record<string, ExpiringPart> = {};
      for (const [part, { all, staying, going }] of hashes) {
        parts[part] = all.digest();
        if (going.size === 0) continue;
        const moments = [...going].map(([moment, hash]) => [moment, hash.digest()] as const);
        expiring[part] = { staying: staying.digest(), going: Object.fromEntries(moments) };
      }
      return { parts, expiring };
    },
  };
}

function inOrder(): Sum {
  const hash = createHash('sha256');
  return {
    add: (content) => {
      for (const piece of content) hash.update(piece);
    },
    digest: () => hash.digest('hex'),
  };
}

/** The sum of the hashes of all things, in 256 bits. */
function inAnyOrder(): Sum {
  let sum = 0n;
  return {
    add: (content) => {
      const hash = createHash('sha256');
      for (const piece of content) hash.update(piece);
      sum = BigInt.asUintN(256, sum + BigInt(`0x${hash.digest('hex')}`));
    },
    digest: () => sha256Of(sum.toString(16)),
  };
}
