/** Engines that a stack has where none is named. */
export const defaultEngines = ['postgresql', 'mongodb', 'neo4j', 'redis', 'qdrant'] as const;

/** Engines that a stack has only where they are named: `--engines`, `SANDBOX_ENGINES`, or `engines` of the file. */
const furtherEngines = [] as const;

/** All engines, in the order in which they are shown. A name without its entry in `index.ts` does not compile. */
export const engineNames = [...defaultEngines, ...furtherEngines] as const;

/** Name of an engine: `postgresql`, `mongodb`, `neo4j`, `redis` or `qdrant`. */
export type EngineName = (typeof engineNames)[number];
