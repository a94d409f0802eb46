import type { Content } from '../entities.ts';
import { levelsOfCell } from '../random/cells.ts';
import { exponents, tagCount } from '../random/distributions.ts';
import { uuidOf } from '../random/identifiers.ts';
import type { Random } from '../random/random.ts';
import { momentBetween } from '../random/rhythm.ts';
import { awkwardTexts, chineseSentences, tagNames, textOfLength, topics } from '../random/texts.ts';
import { cleanupAgeMs, dayMs, referenceTime } from '../random/times.ts';
import { sampleDifferent, type Zipf } from '../random/zipf.ts';
import type { RowMaker, World } from '../world.ts';
import { cellOfUser } from './users.ts';

/** Longest title that the specification's validator takes, in code points. */
export const titleLimit = 200;

/** One content in this many is temporary; half of those are past the cleanup age, and half of that half is kept. */
const temporaryPeriod = 20;

const lastingTypes = ['article', 'article', 'note', 'note', 'note', 'bookmark', 'comment'] as const;

const oddContents: Readonly<Record<number, Partial<Content>>> = {
  1: { title: textOfLength('t', titleLimit), content: '' },
  2: { title: textOfLength('意识层级', titleLimit) },
  3: { title: textOfLength('🧠', titleLimit), tags: [] },
  4: { title: '', content: '', tags: [], metadata: {} },
  5: { title: awkwardTexts.arabic, content: awkwardTexts.mixedDirections, tags: [awkwardTexts.hebrew] },
  6: { title: awkwardTexts.quotes, content: awkwardTexts.whitespace },
  7: { content: textOfLength('太上老君 S×C×T ', 65_536) },
  8: { tags: Array.from({ length: 100 }, (_, index) => `tag-${index}`) },
  9: { title: awkwardTexts.copyNull, metadata: { 'key.with.dots': 1, $dollar: awkwardTexts.emoji } },
};

/** User who wrote a row: each active user wrote one, as far as there are rows for it, and few wrote most of the rest. */
export function authorOf(world: World, index: number, ranks: Zipf, random: Random): number {
  return index < world.activeUsers ? world.activeUser(index) : world.userOfRank(ranks.sample(random));
}

export function contentMaker(world: World): RowMaker<Content> {
  const randomOf = world.random('contents');
  const ranks = world.zipf(world.activeUsers, exponents.contentsPerUser);
  const tagRanks = world.zipf(tagCount, exponents.tags);
  return (index) => {
    const random = randomOf(index);
    const author = authorOf(world, index, ranks, random);
    const temporary = index % temporaryPeriod === temporaryPeriod - 1;
    const past = index % (2 * temporaryPeriod) < temporaryPeriod;
    const createdMs = temporary
      ? createdNearCleanup(past, random)
      : momentBetween(world.userCreatedMs(author), referenceTime.getTime(), random);
    return {
      id: uuidOf('content', index),
      userId: world.userId(author),
      contentType: temporary ? 'temp' : random.pick(lastingTypes),
      title: title(world, random),
      content: paragraph(world, random),
      tags: tags(tagRanks, random),
      metadata: {
        source: random.pick(['web', 'mobile', 'import']),
        words: random.int(2_000),
        ...(temporary && past ? { keep: index % (4 * temporaryPeriod) < 2 * temporaryPeriod } : {}),
      },
      siliconLevel: levelsOfCell(cellOfUser(author)).silicon,
      createdAt: new Date(createdMs),
      updatedAt: new Date(momentBetween(createdMs, referenceTime.getTime(), random)),
      ...oddContents[index],
    };
  };
}

/** Milliseconds since 1970, on one side of the cleanup age with a day's distance. */
export function createdNearCleanup(past: boolean, random: Random): number {
  const cleanupMs = referenceTime.getTime() - cleanupAgeMs;
  return past
    ? momentBetween(cleanupMs - 30 * dayMs, cleanupMs - dayMs, random)
    : momentBetween(cleanupMs + dayMs, referenceTime.getTime(), random);
}

export function paragraph(world: World, random: Random): string {
  const sentences: string[] = [];
  const chinese = random.chance(0.7);
  const length = 1 + random.int(5);
  for (let index = 0; index < length; index += 1) {
    sentences.push(random.pick(chinese ? chineseSentences : world.pools.englishSentences));
  }
  return sentences.join(chinese ? '' : ' ');
}

function title(world: World, random: Random): string {
  if (random.chance(0.3)) return random.pick(world.pools.englishSentences).slice(0, titleLimit);
  return `${random.pick(topics)}：${random.pick(chineseSentences).slice(0, -1)}`;
}

/** None to four different tags; the first tags of the list are the frequent ones. */
function tags(ranks: Zipf, random: Random): readonly string[] {
  return sampleDifferent(ranks, random.int(5), random).map(tagName);
}

/** The tag of a rank: the words themselves first, then the words with a number. */
function tagName(rank: number): string {
  const word = tagNames[rank % tagNames.length] as string;
  const round = Math.floor(rank / tagNames.length);
  return round === 0 ? word : `${word}-${round}`;
}
