/** The engines, in the order in which they are shown. A name without its entry in `index.ts` does not compile. */
export const engineNames = ['postgresql', 'mongodb', 'neo4j', 'redis', 'qdrant'] as const;

export type EngineName = (typeof engineNames)[number];
