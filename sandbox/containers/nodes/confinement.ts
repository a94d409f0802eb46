/** Processes and threads of one container: a Neo4j under load has about 200, PostgreSQL one for each client. */
const processesMax = 4_096;

/**
 * What no container of ours may do: gain rights that it was not started with (a program with the setuid bit), and fill
 * the machine with processes.
 */
export const confined = {
  SecurityOpt: ['no-new-privileges'],
  PidsLimit: processesMax,
} as const;

/**
 * Least limit, in bytes. It bounds what runs away and is no budget: rows may come later, from files, a backup or an
 * application, and the most that an engine is known to need, MongoDB's stand-in with `large`, is 2.4 GB.
 */
const memoryLimitBytesMin = 4 * 2 ** 30;

/** How many times what an engine is known to need it may take. */
const memoryFactor = 4;

/** Limit of a node's memory: generous, by what its engine needs for its data. */
export function memoryLimitBytes(neededBytes: number): number {
  return Math.max(memoryLimitBytesMin, Math.ceil(neededBytes * memoryFactor));
}
