import { deadlineMs } from '../../core/deadlines.ts';
import { SandboxError } from '../../core/errors.ts';
import { runConcurrently } from '../../core/run-concurrently.ts';
import { within } from '../../core/within.ts';
import { nameOfGap, type SchemaGap } from '../../engines/contract/schema/schema-gap.ts';
import type { RunningEngine } from '../../engines/contract/topology.ts';
import { entryOf } from '../../engines/index.ts';

/** An object of the schema that an engine lacks, or has otherwise. */
export interface EngineGap extends SchemaGap {
  readonly engine: string;
}

/**
 * Holds the catalogue of each engine against its schema, side by side. Throws what an engine throws that cannot be asked, and
 * `NODE_NOT_READY` where one is silent.
 */
export async function readSchemaGaps(running: Iterable<RunningEngine>): Promise<readonly EngineGap[]> {
  const timeoutMs = deadlineMs('statement');
  const gaps = await runConcurrently([...running], async (target) => {
    const ask = await entryOf(target.engine)?.schemaGaps?.();
    if (ask === undefined) return [];
    const found = await within(ask(target), { timeoutMs, onTimeout: () => silent(target.engine, timeoutMs) });
    return found.map((gap) => ({ engine: target.engine, ...gap }));
  });
  return gaps.flat();
}

/** A node that is cut off takes a question and is silent. */
function silent(engine: string, timeoutMs: number): SandboxError {
  return new SandboxError({
    code: 'NODE_NOT_READY',
    engine,
    message: `${engine} did not say within ${Math.round(timeoutMs / 1_000)} s what it has of its schema.`,
    next: '`npm run sandbox -- topology` shows who is what; `npm run sandbox -- logs` what the server says.',
  });
}

/** `postgresql: index idx_users_status of taishang_users is missing`, a line for each. */
export function linesOfGaps(gaps: readonly EngineGap[]): readonly string[] {
  return gaps.map((gap) => {
    const how =
      gap.what === 'missing' ? '' : `: it is ${shortened(gap.there)}; the schema has ${shortened(gap.wanted)}`;
    return `${gap.engine}: ${nameOfGap(gap)} is ${gap.what}${how}`;
  });
}

/** Characters of a definition that are shown: a function or a validator has thousands, in which the difference drowns. */
const shownMax = 160;

function shortened(definition = ''): string {
  const line = definition.replace(/\s+/g, ' ').trim();
  return line.length <= shownMax ? line : `${line.slice(0, shownMax)} ...`;
}

/** `SCHEMA_INCOMPLETE`, with each object that is missing or different. Nothing is thrown where there is none. */
export function requireWholeSchemas(gaps: readonly EngineGap[]): void {
  if (gaps.length === 0) return;
  const engines = [...new Set(gaps.map(({ engine }) => engine))];
  const [engine] = engines;
  throw new SandboxError({
    code: 'SCHEMA_INCOMPLETE',
    ...(engines.length === 1 && engine !== undefined ? { engine } : {}),
    message: `The stack runs, but ${engines.join(', ')} ${engines.length === 1 ? 'has' : 'have'} not what the schema has: ${gaps.length} ${gaps.length === 1 ? 'object is' : 'objects are'} missing or different.`,
    next: 'Nothing was changed. `npm run sandbox -- up --reset` brings it back, and DELETES what was added to the data there; `npm run sandbox -- backup` keeps a copy first. To work with it as it is: `npm run sandbox -- start`.',
    evidence: linesOfGaps(gaps).join('\n'),
  });
}
