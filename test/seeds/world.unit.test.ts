import { describe, expect, test } from 'vitest';
import { knowledgePointId, userPointId } from '../../sandbox/engines/qdrant/data/points.ts';
import { createDataset } from '../../seeds/create-dataset.ts';
import { accountLimits } from '../../seeds/entities/accounts.ts';
import { titleLimit } from '../../seeds/entities/contents.ts';
import { userLimits } from '../../seeds/entities/users.ts';
import type { ConceptRelation, EntityName } from '../../seeds/entities.ts';
import { cellCount, cellOfLevels } from '../../seeds/random/cells.ts';
import { awkwardTexts } from '../../seeds/random/texts.ts';
import { cleanupAgeMs, referenceTime } from '../../seeds/random/times.ts';
import { rowsOf } from './rows.ts';

const dataset = createDataset({ size: 'small' });
const lengthOf = (text: string | null) => [...(text ?? '')].length;
const idsOf = (rows: readonly { readonly id: string }[]) => new Set(rows.map(({ id }) => id));

describe('size small', () => {
  test.each(
    Object.entries({
      users: 1_080,
      userPreferences: 1_080,
      userSessions: 1_080,
      userPermissions: 1_080,
      contents: 4_320,
      conversations: 2_160,
      concepts: 216,
      knowledge: 2_160,
      knowledgeVectors: 2_160,
      userVectors: 1_080,
    }) as [EntityName, number][],
  )('has at least as many %s as promised: %d', async (name, least) => {
    const rows = await rowsOf(name);
    expect(rows.length).toBe(dataset.counts[name]);
    expect(rows.length).toBeGreaterThanOrEqual(least);
  });

  test('has users and knowledge in each of the 216 cells', async () => {
    const cells = new Set((await rowsOf('users')).map(({ levels }) => cellOfLevels(levels)));
    expect(cells.size).toBe(cellCount);
    expect([...cells].every((cell) => Number.isInteger(cell) && cell >= 0 && cell < cellCount)).toBe(true);
    const titles = (await rowsOf('knowledge')).map(({ title }) => /S\d·C\d·T\d/.exec(title)?.[0]);
    expect(new Set(titles.filter((title) => title !== undefined)).size).toBe(cellCount);
  });

  test('comes in batches of at most 1,000 rows, for each reader the same', async () => {
    for (const name of Object.keys(dataset.counts) as EntityName[]) {
      let rows = 0;
      for await (const batch of dataset.batches(name)) {
        expect(batch.length).toBeLessThanOrEqual(1_000);
        rows += batch.length;
      }
      expect(rows).toBe(dataset.counts[name]);
    }
  });
});

describe('references', () => {
  test('ids and unique values are unique', async () => {
    const users = await rowsOf('users');
    for (const values of [
      users.map(({ id }) => id),
      users.map(({ username }) => username),
      users.map(({ email }) => email),
      (await rowsOf('userSessions')).map(({ sessionToken }) => sessionToken),
      (await rowsOf('userPreferences')).map(({ userId, key }) => `${userId} ${key}`),
      (await rowsOf('userPermissions')).map((row) =>
        JSON.stringify([row.userId, row.permissionName, row.resourceType, row.resourceId]),
      ),
      (await rowsOf('dailyActivity')).map(({ userId, day }) => `${userId} ${day}`),
      (await rowsOf('contents')).map(({ id }) => id),
      (await rowsOf('conversations')).map(({ id }) => id),
      (await rowsOf('concepts')).map(({ name }) => name),
      (await rowsOf('knowledge')).map(({ id }) => id),
      (await rowsOf('learned')).map(({ userId, knowledgeId }) => `${userId} ${knowledgeId}`),
      (await rowsOf('interests')).map(({ userId, concept }) => `${userId} ${concept}`),
      (await rowsOf('conceptRelations')).map(({ kind, from, to }) => `${kind} ${from} ${to}`),
      (await rowsOf('knowledgeVectors')).map(knowledgePointId),
      (await rowsOf('userVectors')).map(userPointId),
      (await rowsOf('cacheEntries')).map(({ key }) => key),
    ]) {
      expect(new Set(values).size).toBe(values.length);
    }
  });

  test('whatever belongs to a user belongs to one that is there', async () => {
    const users = idsOf(await rowsOf('users'));
    const owned = [
      'userPreferences',
      'userSessions',
      'userPermissions',
      'userLocations',
      'dailyActivity',
      'contents',
      'conversations',
      'learned',
      'interests',
      'userVectors',
    ] as const;
    for (const name of owned) {
      expect((await rowsOf(name)).filter(({ userId }) => !users.has(userId))).toEqual([]);
    }
    const granted = (await rowsOf('userPermissions')).flatMap(({ grantedBy }) => grantedBy ?? []);
    expect(granted.filter((id) => !users.has(id))).toEqual([]);
  });

  test('whatever names a concept or a knowledge item names one that is there', async () => {
    const concepts = new Set((await rowsOf('concepts')).map(({ name }) => name));
    const knowledge = await rowsOf('knowledge');
    const named = [
      ...(await rowsOf('conceptRelations')).flatMap(({ from, to }) => [from, to]),
      ...(await rowsOf('interests')).map(({ concept }) => concept),
      ...(await rowsOf('userVectors')).flatMap(({ interests }) => interests),
      ...knowledge.flatMap(({ about }) => about.map(({ concept }) => concept)),
    ];
    expect(named.filter((concept) => !concepts.has(concept))).toEqual([]);
    expect(knowledge.filter(({ about }) => about.length === 0)).toEqual([]);
    const ids = idsOf(knowledge);
    expect((await rowsOf('learned')).filter(({ knowledgeId }) => !ids.has(knowledgeId))).toEqual([]);
    const vectors = (await rowsOf('knowledgeVectors')).map(({ knowledgeId }) => knowledgeId);
    expect(new Set(vectors)).toEqual(ids);
  });

  test('each user has a cache entry that says what the user is', async () => {
    const entries = new Map((await rowsOf('cacheEntries')).map(({ key, value }) => [key, JSON.parse(value)]));
    for (const { id, email, levels } of await rowsOf('users')) {
      expect(entries.get(`user:${id}`)).toMatchObject({ id, email, silicon_level: levels.silicon });
    }
    const conversations = new Map((await rowsOf('conversations')).map((row) => [row.sessionId, row.userId]));
    const cached = [...entries].filter(([key]) => key.startsWith('conversation:'));
    expect(cached.length).toBeGreaterThan(0);
    for (const [key, value] of cached) {
      expect(conversations.get(key.slice('conversation:'.length))).toBe(value.user_id);
    }
  });

  test('contents and levels of a user agree', async () => {
    const silicon = new Map((await rowsOf('users')).map(({ id, levels }) => [id, levels.silicon]));
    expect((await rowsOf('contents')).filter((row) => silicon.get(row.userId) !== row.siliconLevel)).toEqual([]);
    expect((await rowsOf('userVectors')).filter((row) => silicon.get(row.userId) !== row.siliconLevel)).toEqual([]);
    expect((await rowsOf('dailyActivity')).filter((row) => silicon.get(row.userId) !== row.siliconLevel)).toEqual([]);
  });
});

describe('relations of concepts', () => {
  test('are of all three kinds, within 0 to 1, and no concept relates to itself', async () => {
    const relations = await rowsOf('conceptRelations');
    expect(new Set(relations.map(({ kind }) => kind))).toEqual(new Set(['RELATES_TO', 'INFLUENCES', 'PREREQUISITE']));
    for (const relation of relations) {
      expect(relation.from).not.toBe(relation.to);
      if (relation.kind === 'PREREQUISITE') continue;
      expect(relation.strength).toBeGreaterThan(0);
      expect(relation.strength).toBeLessThanOrEqual(1);
    }
  });

  const sizes = ['small', 'medium', 'large', { concepts: 500, relationsPerConcept: 100 }] as const;
  test.each(sizes)('no two concepts of size %j relate to each other twice', async (size) => {
    const relations = await rowsOf('conceptRelations', createDataset({ size }));
    const related = relations.filter(({ kind }) => kind === 'RELATES_TO');
    expect(new Set(related.map(({ from, to }) => [from, to].toSorted().join(' ~ '))).size).toBe(related.length);
  });

  test.each(['small', 'medium'] as const)('prerequisites of size %s have no cycle', async (size) => {
    const relations = await rowsOf('conceptRelations', createDataset({ size }));
    const left = withoutSources(relations.filter(({ kind }) => kind === 'PREREQUISITE'));
    expect(left).toEqual([]);
  });

  test('a cycle of prerequisites would be noticed', () => {
    const edge = (from: string, to: string) => ({ kind: 'PREREQUISITE', from, to }) as const;
    expect(withoutSources([edge('a', 'b'), edge('b', 'c'), edge('c', 'b')])).toHaveLength(2);
  });
});

describe('edge cases', () => {
  test('the longest values are as long as the columns allow, and none is longer', async () => {
    const users = await rowsOf('users');
    const longest = (values: readonly (string | null)[]) => Math.max(...values.map(lengthOf));
    expect(longest(users.map(({ username }) => username))).toBe(userLimits.username);
    expect(longest(users.map(({ email }) => email))).toBe(userLimits.email);
    expect(longest(users.map(({ fullName }) => fullName))).toBe(userLimits.fullName);
    expect(longest(users.map(({ phone }) => phone))).toBe(userLimits.phone);
    expect(longest(users.map(({ passwordHash }) => passwordHash))).toBe(userLimits.passwordHash);
    const contents = await rowsOf('contents');
    expect(longest(contents.map(({ title }) => title))).toBe(titleLimit);
    expect(longest(contents.map(({ content }) => content))).toBeGreaterThanOrEqual(65_536);
    const tokens = (await rowsOf('userSessions')).map(({ sessionToken }) => sessionToken);
    expect(longest(tokens)).toBe(accountLimits.sessionToken);
    const keys = (await rowsOf('userPreferences')).map(({ key }) => key);
    expect(longest(keys)).toBe(accountLimits.preferenceKey);
    const permissions = await rowsOf('userPermissions');
    expect(longest(permissions.map(({ permissionName }) => permissionName))).toBe(accountLimits.permissionName);
    expect(longest(permissions.map(({ resourceType }) => resourceType))).toBe(accountLimits.resourceType);
    expect(longest(permissions.map(({ resourceId }) => resourceId))).toBe(accountLimits.resourceId);
  });

  test('empty, Chinese, emoji and right-to-left texts are there', async () => {
    const names = (await rowsOf('users')).map(({ fullName }) => fullName);
    for (const text of [awkwardTexts.empty, awkwardTexts.emoji, awkwardTexts.arabic, awkwardTexts.hebrew, null]) {
      expect(names).toContain(text);
    }
    expect(names.filter((name) => /\p{Script=Han}/u.test(name ?? '')).length).toBeGreaterThan(100);
    const contents = await rowsOf('contents');
    expect(contents.some(({ title, content }) => title === '' && content === '')).toBe(true);
    expect(contents.some(({ tags }) => tags.length === 0)).toBe(true);
    expect((await rowsOf('conversations')).some(({ messages }) => messages.length === 0)).toBe(true);
    expect((await rowsOf('knowledge')).some(({ title, content }) => title === '' && content === '')).toBe(true);
  });

  test('no text holds a character that a store refuses', async () => {
    for (const name of Object.keys(dataset.counts) as EntityName[]) {
      for (const row of await rowsOf(name)) {
        const text = JSON.stringify({ ...row, vector: undefined });
        expect(text.includes('\\u0000') || !text.isWellFormed(), `${name}: ${text.slice(0, 200)}`).toBe(false);
      }
    }
  });

  test('sessions live or have expired', async () => {
    const expired = (await rowsOf('userSessions')).filter(({ expiresAt }) => expiresAt < referenceTime);
    expect(expired.length).toBeGreaterThan(100);
    expect(expired.length).toBeLessThan(dataset.counts.userSessions);
  });

  test('contents and conversations past the cleanup age are there with and without keep', async () => {
    const isPast = ({ createdAt }: { readonly createdAt: Date }) =>
      referenceTime.getTime() - createdAt.getTime() > cleanupAgeMs;
    const temporary = (await rowsOf('contents')).filter(({ contentType }) => contentType === 'temp');
    for (const rows of [temporary, await rowsOf('conversations')]) {
      const past = rows.filter(isPast);
      const kept = past.filter(({ metadata }) => metadata.keep === true);
      expect(kept.length).toBeGreaterThan(0);
      expect(kept.length).toBeLessThan(past.length);
      expect(past.length).toBeLessThan(rows.length);
    }
  });

  test('some users have nothing at all', async () => {
    const owners = new Set<string>();
    const names = [
      'userPreferences',
      'userSessions',
      'userPermissions',
      'contents',
      'conversations',
      'learned',
    ] as const;
    for (const name of names) for (const { userId } of await rowsOf(name)) owners.add(userId);
    for (const { userId } of await rowsOf('interests')) owners.add(userId);
    const quiet = (await rowsOf('users')).filter(({ id }) => !owners.has(id));
    expect(quiet.length).toBeGreaterThanOrEqual(10);
  });

  test('nothing happened after the reference time or before its user existed', async () => {
    const created = new Map((await rowsOf('users')).map(({ id, createdAt }) => [id, createdAt]));
    for (const row of await rowsOf('userPreferences')) {
      expect(row.createdAt >= (created.get(row.userId) ?? referenceTime)).toBe(true);
      expect(row.updatedAt >= row.createdAt && row.updatedAt <= referenceTime).toBe(true);
    }
    for (const name of ['contents', 'conversations', 'knowledge', 'users'] as const) {
      for (const row of await rowsOf(name)) {
        expect(row.updatedAt >= row.createdAt && row.updatedAt <= referenceTime, `${name} ${row.id}`).toBe(true);
      }
    }
  });
});

/** What is left of a graph once every edge whose start has no edge into it was taken away, again and again. */
function withoutSources(edges: readonly ConceptRelation[]): readonly ConceptRelation[] {
  for (let left = edges; ; ) {
    const targets = new Set(left.map(({ to }) => to));
    const next = left.filter(({ from }) => targets.has(from));
    if (next.length === left.length) return left;
    left = next;
  }
}
