import type { Engine } from './contract/engine.ts';
import type { ReadSchemaGaps } from './contract/schema-gap.ts';
import { type EngineName, engineNames } from './engine-names.ts';

/** Where each engine is. Loaded when used: drivers cost start-up time. */
export const engineLoaders = {
  postgresql: async () => (await import('./postgresql/engine.ts')).postgresql,
  mongodb: async () => (await import('./mongodb/engine.ts')).mongodb,
  neo4j: async () => (await import('./neo4j/engine.ts')).neo4j,
  redis: async () => (await import('./redis/engine.ts')).redis,
  qdrant: async () => (await import('./qdrant/engine.ts')).qdrant,
} as const satisfies Readonly<Record<EngineName, () => Promise<Engine>>>;

/** What each store lacks of its schema: apart from the engines, since `up` asks for it each time, and for nothing else. */
export const schemaGapLoaders: Readonly<Partial<Record<EngineName, () => Promise<ReadSchemaGaps>>>> = {
  postgresql: async () => (await import('./postgresql/schema/schema-gaps.ts')).schemaGaps,
  mongodb: async () => (await import('./mongodb/schema/schema-gaps.ts')).schemaGaps,
  neo4j: async () => (await import('./neo4j/schema/schema-gaps.ts')).schemaGaps,
  redis: async () => (await import('./redis/schema/schema-gaps.ts')).schemaGaps,
  qdrant: async () => (await import('./qdrant/schema/schema-gaps.ts')).schemaGaps,
};

/** The driver's client that an engine hands out. */
export type EngineClient<Name extends EngineName> =
  Awaited<ReturnType<(typeof engineLoaders)[Name]>> extends Engine<infer Client> ? Client : never;

/** Commands that open an engine's own shell, by what the product calls it. Written here, since help loads no engine. */
export const shellPrograms = {
  psql: 'postgresql',
  mongosh: 'mongodb',
  cypher: 'neo4j',
  'redis-cli': 'redis',
} as const satisfies Readonly<Record<string, EngineName>>;

export type ShellProgram = keyof typeof shellPrograms;

/**
 * Adds an engine that comes from elsewhere, as the tests' own does: it is one of the list from then on, in this process.
 * Its name must not be taken.
 *
 * @public
 */
export function registerEngine(engine: Engine): void {
  if (engineNames.includes(engine.name)) throw new Error(`there is an engine ${engine.name} already`);
  Object.assign(engineLoaders, { [engine.name]: async () => engine });
  (engineNames as unknown as EngineName[]).push(engine.name);
}
