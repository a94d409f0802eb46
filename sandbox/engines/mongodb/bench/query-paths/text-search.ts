import type { Db } from 'mongodb';
import type { Content } from '../../../../../seeds/entities.ts';
import { countUp, perDataset, ranked, rowsOf } from '../../../contract/bench/path-parameters.ts';
import { usualShares } from '../../../contract/bench/query-path.ts';
import type { ContentDocument } from '../../data/documents.ts';
import { noTextIndexes } from '../../schema/collections.ts';
import { documentPath } from './document-path.ts';
import { planCheck } from './plan.ts';

const pageSize = 20;

const index = 'title_text_content_text';

const plan = `TEXT_MATCH on ${index}`;

/** Two words of a title: Chinese ones the server does not take apart, so a phrase of Latin letters is asked for. */
function phraseOf(title: string): string | undefined {
  return /^[A-Za-z]{4,} [A-Za-z]{4,}/.exec(title)?.[0].toLowerCase();
}

function hasPhrase(text: Pick<Content, 'title' | 'content'>, phrase: string): boolean {
  return [text.title, text.content].some((each) => each.toLowerCase().includes(phrase));
}

/** How many there are on the first page, and how many of those have the phrase: which ones is the server's choice. */
function textOf(found: number, right: number): string {
  return `${found} found, ${right} of them with the phrase`;
}

export const textSearch = documentPath<string, readonly ContentDocument[]>({
  name: 'contents by their text',
  description: 'The first twenty contents that have a phrase in title or text, the best first.',
  plan,
  shares: usualShares,
  objective: { p99Ms: 100 },
  notRunOn: { compatible: noTextIndexes },
  collections: ['user_contents'],
  alsoMissing: async (database) => {
    const indexes = await database.collection('user_contents').listIndexes().toArray();
    return indexes.some(({ name }) => name === index) ? [] : [`text index ${index} on user_contents`];
  },
  ranked: perDataset(async (dataset) => {
    const counts = new Map<string, number>();
    for await (const { title } of rowsOf(dataset, 'contents')) {
      const phrase = phraseOf(title);
      if (phrase !== undefined) countUp(counts, phrase);
    }
    return ranked(counts);
  }),
  sample: async (database) => {
    const counts = new Map<string, number>();
    for await (const { title } of database.collection('user_contents').find({}).project({ title: 1 }).limit(2_000)) {
      const phrase = phraseOf(String(title));
      if (phrase !== undefined) countUp(counts, phrase);
    }
    return ranked(counts);
  },
  absent: ['qwxyzq zyxwvq', 'vvqqzz zzqqvv', 'jjxxqq qqxxjj'],
  request: (database, phrase) => search(database, phrase).toArray(),
  planOf: async (database, phrase) => planCheck(await search(database, phrase).explain('executionStats'), plan),
  answer: (found, phrase) => textOf(found.length, found.filter((each) => hasPhrase(each, phrase)).length),
  known: async (dataset, phrases) => {
    const counts = new Map<string, number>();
    for await (const content of rowsOf(dataset, 'contents')) {
      for (const phrase of phrases) if (hasPhrase(content, phrase)) countUp(counts, phrase);
    }
    return phrases.map((phrase) => {
      const found = Math.min(pageSize, counts.get(phrase) ?? 0);
      return textOf(found, found);
    });
  },
});

function search(database: Db, phrase: string) {
  return database
    .collection<ContentDocument>('user_contents')
    .find({ $text: { $search: `"${phrase}"` } })
    .sort({ score: { $meta: 'textScore' } })
    .limit(pageSize);
}
