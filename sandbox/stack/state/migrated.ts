/** What was made of an engine's store beside, or in place of, the platform's schema. */
export interface Migrated {
  /** Whether the platform's schema and data are there. */
  readonly platformSchema: boolean;
  readonly applied: readonly { readonly name: string; readonly hash: string }[];
  /** Hash of the command that ran last, and of what it read. */
  readonly command?: string;
  readonly seed?: string;
  /** What was begun and has not ended: a process that was killed leaves it. */
  readonly pending?: string;
  /** What of the platform's schema is otherwise because of them: no gaps. */
  readonly gaps: readonly string[];
  /** Its data came from a backup, and nobody knows what was applied to that. */
  readonly restored?: true;
}

export const nothingMigrated: Migrated = { platformSchema: true, applied: [], gaps: [] };

/** The same once a backup has taken the place of the data: a tool keeps records in it, and runs again; of files nobody knows. */
export function afterRestore({ command: _, ...others }: Migrated): Migrated {
  const isKnown = others.applied.length === 0 && others.seed === undefined;
  return isKnown ? others : { ...others, restored: true };
}
