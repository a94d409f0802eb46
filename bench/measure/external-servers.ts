import { messageOf, SandboxError } from '../../sandbox/core/errors.ts';
import { withoutUndefined } from '../../sandbox/core/without-undefined.ts';
import type { Engine } from '../../sandbox/engines/contract/engine.ts';
import { whyWithout } from '../../sandbox/engines/contract/lacks.ts';
import type { ExternalEngine } from '../../sandbox/engines/contract/topology.ts';
import type { Dataset } from '../../seeds/dataset.ts';
import type { BenchTarget } from '../bench-target.ts';
import { choosePaths, reasonNotToWrite } from './subjects.ts';

/** A server that the sandbox did not start, and how it is reached, with its password. */
export interface ExternalServer {
  readonly engine: Engine;
  readonly url: string;
}

export interface ExternalOptions {
  /** Paths that write are run too, in objects of their own. Default: false. */
  readonly confirmedWrites?: boolean;
  /** What the servers may hold: answers are known of those whose record says that they do. */
  readonly dataset: Dataset;
  readonly directory?: string;
}

/**
 * Servers by their addresses alone, ready to be measured. Throws `BENCH_SERVER_UNREACHABLE` where one does not answer.
 * No password is ever part of a message.
 */
export async function externalTarget(
  servers: readonly ExternalServer[],
  { dataset, confirmedWrites = false, directory }: ExternalOptions,
): Promise<BenchTarget> {
  const reached = await Promise.all(servers.map(reach));
  const fingerprint = await dataset.fingerprint();
  const records = await Promise.all(
    // A user who may not read the record is one of a server whose data is not known.
    reached.map(({ engine, running }) => engine.data?.loadedFingerprint(running).catch(() => undefined)),
  );
  const holds = reached.filter((_, index) => records[index] === fingerprint).map(({ engine }) => engine.name);
  return {
    engines: reached.map(({ engine }) => engine),
    running: new Map(reached.map(({ engine, running }) => [engine.name, running])),
    dataset,
    holds: new Set(holds),
    confirmedWrites,
    ...withoutUndefined({ directory }),
  };
}

/**
 * Throws `BENCH_SCHEMA_MISSING` where a path would find no table, label, collection or row that it needs, and
 * `BAD_OPTION` where one is named that writes, without the confirmation: before anything is run.
 */
export async function refuseMissing(target: BenchTarget, names: readonly string[]): Promise<void> {
  const chosen = choosePaths(target, 0, names);
  const unconfirmed = chosen.find((subject) => reasonNotToWrite(subject) !== undefined);
  if (names.length > 0 && unconfirmed !== undefined) {
    throw new SandboxError({
      code: 'BAD_OPTION',
      message: `The path \`${unconfirmed.path.name}\` writes ${unconfirmed.path.writes}.`,
      next: 'Add --confirm-writes where that is wanted on this server.',
    });
  }
  const subjects = chosen.filter((subject) => reasonNotToWrite(subject) === undefined);
  const missing = await Promise.all(subjects.map((subject) => subject.missing()));
  if (missing.every((each) => each.length === 0)) return;
  const possible = subjects.filter((_, index) => missing[index]?.length === 0);
  const named = possible.map(({ path }) => `"${path.name}"`).join(' ');
  throw new SandboxError({
    code: 'BENCH_SCHEMA_MISSING',
    message: `The servers lack ${[...new Set(missing.flat())].join(', ')}.`,
    next:
      possible.length === 0
        ? "They must hold the platform's schema and some data: `npm run sandbox -- up` starts servers that do."
        : `Nothing was run. These paths are possible: ${named}.`,
    evidence: subjects
      .flatMap(({ engine, path }, index) => {
        const lacking = missing[index] ?? [];
        return lacking.length === 0 ? [] : [`${engine} / ${path.name}: ${lacking.join(', ')}`];
      })
      .join('\n'),
  });
}

async function reach({ engine, url }: ExternalServer) {
  const unknown: ExternalEngine = {
    engine: engine.name,
    topology: 'standalone',
    // Nothing is known of its image; that it is the vendor's engine is what everybody but a stand-in is.
    image: { reference: 'external', digest: 'external', origin: 'official' },
    serverVersion: '',
    url,
  };
  try {
    const external = engine.bench?.external;
    if (external === undefined) throw new Error(`it is not reached by an address: ${whyWithout(engine, 'external')}`);
    const running: ExternalEngine = { ...unknown, serverVersion: await external.version(unknown) };
    return { engine, running };
  } catch (thrown) {
    throw new SandboxError({
      code: 'BENCH_SERVER_UNREACHABLE',
      engine: engine.name,
      message: `${engine.title} at ${new URL(url).host} cannot be measured: ${withoutPassword(messageOf(thrown), url)}.`,
      next: 'Look at the address, the user and the password.',
    });
  }
}

function withoutPassword(text: string, url: string): string {
  const { password } = new URL(url);
  if (password === '') return text;
  return text
    .replaceAll(url, 'the address')
    .replaceAll(password, '***')
    .replaceAll(decodeURIComponent(password), '***');
}
