import type { Db, Filter } from 'mongodb';
import type { Dataset } from '../../../../../seeds/dataset.ts';
import type { Content } from '../../../../../seeds/entities.ts';
import {
  absentIds,
  countUp,
  perDataset,
  ranked,
  rowsOf,
  usersByActivity,
} from '../../../contract/bench/path-parameters.ts';
import { type QueryPath, usualShares } from '../../../contract/bench/query-path.ts';
import { type Dated, newestPageText, pageText } from '../../../shared/load/newest-page.ts';
import type { ContentDocument } from '../../data/documents.ts';
import { documentPath } from './document-path.ts';
import { planCheck } from './plan.ts';

/** Contents on a page. */
const pageSize = 20;

/** Values that are drawn from a server that is not ours. */
const sampled = 2_000;

interface PageOf {
  readonly name: string;
  readonly description: string;
  readonly field: 'user_id' | 'content_type' | 'tags';
  readonly index: string;
  readonly valuesOf: (content: Content) => readonly string[];
  readonly ranked: (dataset: Dataset) => Promise<readonly string[]>;
  readonly absent: readonly string[];
  readonly p99Ms: number;
}

/** The twenty newest contents of one user, of one type, or with one tag. */
function pageOf(page: PageOf): QueryPath {
  const plan = `IXSCAN on ${page.index}`;
  return documentPath<string, readonly ContentDocument[]>({
    name: page.name,
    description: page.description,
    plan,
    shares: usualShares,
    objective: { p99Ms: page.p99Ms },
    collections: ['user_contents'],
    ranked: page.ranked,
    sample: async (database) => {
      const counts = new Map<string, number>();
      const documents = contents(database)
        .find({})
        .project<Record<string, unknown>>({ [page.field]: 1 });
      for await (const document of documents.limit(sampled)) {
        for (const value of [document[page.field]].flat()) countUp(counts, String(value));
      }
      return ranked(counts);
    },
    absent: page.absent,
    request: (database, value) => newest(database, page.field, value).toArray(),
    planOf: async (database, value) =>
      planCheck(await newest(database, page.field, value).explain('executionStats'), plan),
    answer: (found, value) => {
      const others = found.filter((document) => ![document[page.field]].flat().includes(value));
      const text = pageText(found.map(dated), pageSize);
      return others.length === 0 ? text : `${others.length} without ${value}`;
    },
    known: async (dataset, values) => {
      // Of a type there may be a hundred thousand: their texts are not kept.
      const found = new Map<string, Dated[]>(values.map((value) => [value, []]));
      for await (const content of rowsOf(dataset, 'contents')) {
        const { id, createdAt } = content;
        for (const value of new Set(page.valuesOf(content))) found.get(value)?.push({ id, createdAt });
      }
      return values.map((value) => newestPageText(found.get(value) ?? [], pageSize));
    },
  });
}

function contents(database: Db) {
  return database.collection<ContentDocument>('user_contents');
}

function newest(database: Db, field: PageOf['field'], value: string) {
  const filter: Filter<ContentDocument> = { [field]: value };
  return contents(database).find(filter).sort({ created_at: -1 }).limit(pageSize);
}

function dated({ _id, created_at }: ContentDocument) {
  return { id: _id, createdAt: created_at };
}

function byFrequency(valuesOf: PageOf['valuesOf']): PageOf['ranked'] {
  return perDataset(async (dataset) => {
    const counts = new Map<string, number>();
    for await (const content of rowsOf(dataset, 'contents')) {
      for (const value of valuesOf(content)) countUp(counts, value);
    }
    return ranked(counts);
  });
}

const typeOf = ({ contentType }: Content) => [contentType];
const tagsOf = ({ tags }: Content) => tags;

export const contentPages: readonly QueryPath[] = [
  pageOf({
    name: 'latest contents of a user',
    description: "A user's first page: the twenty newest contents.",
    field: 'user_id',
    index: 'user_id_1_created_at_-1',
    valuesOf: ({ userId }) => [userId],
    ranked: usersByActivity,
    absent: absentIds(),
    p99Ms: 50,
  }),
  pageOf({
    name: 'latest contents of a type',
    description: 'The twenty newest contents of a type.',
    field: 'content_type',
    index: 'content_type_1_created_at_-1',
    valuesOf: typeOf,
    ranked: byFrequency(typeOf),
    absent: ['no such type', 'nor this', 'nor that'],
    p99Ms: 100,
  }),
  pageOf({
    name: 'latest contents with a tag',
    description: 'The twenty newest contents that have a tag among theirs.',
    field: 'tags',
    index: 'tags_1',
    valuesOf: tagsOf,
    ranked: byFrequency(tagsOf),
    absent: ['no such tag', 'nor this', 'nor that'],
    p99Ms: 250,
  }),
];
