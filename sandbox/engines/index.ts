import type { Engine } from './contract/engine.ts';
import type { ReadSchemaGaps } from './contract/schema/schema-gap.ts';
import { type EngineName, engineNames } from './engine-names.ts';

/** What is known of an engine before it is loaded: drivers cost start-up time. */
interface EngineEntry {
  readonly load: () => Promise<Engine>;
  /** What it lacks of its schema: apart from the engine, since `up` asks for it each time, and for nothing else. */
  readonly schemaGaps?: () => Promise<ReadSchemaGaps>;
  /** The command that opens its own shell, by what the product calls it. Written here, since help loads no engine. */
  readonly shellProgram?: string;
}

/** An entry for each engine: `load` is all that is needed. */
export const engineEntries = {
  postgresql: {
    load: async () => (await import('./postgresql/engine.ts')).postgresql,
    schemaGaps: async () => (await import('./postgresql/schema/schema-gaps.ts')).schemaGaps,
    shellProgram: 'psql',
  },
  mongodb: {
    load: async () => (await import('./mongodb/engine.ts')).mongodb,
    schemaGaps: async () => (await import('./mongodb/schema/schema-gaps.ts')).schemaGaps,
    shellProgram: 'mongosh',
  },
  neo4j: {
    load: async () => (await import('./neo4j/engine.ts')).neo4j,
    schemaGaps: async () => (await import('./neo4j/schema/schema-gaps.ts')).schemaGaps,
    shellProgram: 'cypher',
  },
  redis: {
    load: async () => (await import('./redis/engine.ts')).redis,
    schemaGaps: async () => (await import('./redis/schema/schema-gaps.ts')).schemaGaps,
    shellProgram: 'redis-cli',
  },
  qdrant: {
    load: async () => (await import('./qdrant/engine.ts')).qdrant,
    schemaGaps: async () => (await import('./qdrant/schema/schema-gaps.ts')).schemaGaps,
  },
} as const satisfies Readonly<Record<EngineName, EngineEntry>>;

/** The driver's client that an engine hands out. */
export type EngineClient<Name extends EngineName> =
  Awaited<ReturnType<(typeof engineEntries)[Name]['load']>> extends Engine<infer Client> ? Client : never;

/** What is known of an engine before it is loaded. `undefined`: this checkout does not have it. */
export function entryOf(engine: string): EngineEntry | undefined {
  return Object.hasOwn(engineEntries, engine) ? engineEntries[engine as EngineName] : undefined;
}

/** Engines with a shell of their own, by the command that opens it. */
export function shellPrograms(): ReadonlyMap<string, EngineName> {
  return new Map(
    engineNames.flatMap((name) => {
      const program = entryOf(name)?.shellProgram;
      return program === undefined ? [] : [[program, name]];
    }),
  );
}

/**
 * Adds an engine that comes from elsewhere, as the tests' own does: it is one of the list from then on, in this process, and
 * part of a stack where it is named. Its name must not be taken.
 *
 * @public
 */
export function registerEngine(engine: Engine): void {
  if (engineNames.includes(engine.name)) throw new Error(`there is an engine ${engine.name} already`);
  Object.assign(engineEntries, { [engine.name]: { load: async () => engine } });
  (engineNames as unknown as EngineName[]).push(engine.name);
}
