/** A document as far as a page of the newest shows it. */
export interface Dated {
  readonly id: string;
  readonly createdAt: Date;
}

/**
 * A page of the newest as text. Documents of one moment may come in any order, and the last moment of a full page may
 * have more documents than there is room for: of those the number alone is told.
 */
export function pageText(newestFirst: readonly Dated[], limit: number): string {
  const page = newestFirst.slice(0, limit);
  const last = page.length === limit ? page.at(-1)?.createdAt.getTime() : undefined;
  const moments = Map.groupBy(page, ({ createdAt }) => createdAt.getTime());
  return [...moments]
    .map(([ms, of]) => {
      const ids = ms === last ? `${of.length} documents` : of.map(({ id }) => id).toSorted();
      return `${new Date(ms).toISOString()} ${ids.toString()}`;
    })
    .join('\n');
}

/** {@link pageText} of documents in any order. */
export function newestPageText(documents: readonly Dated[], limit: number): string {
  return pageText(
    documents.toSorted((left, right) => right.createdAt.getTime() - left.createdAt.getTime()),
    limit,
  );
}
