import type { EntityName } from '../../../seeds/entities.ts';
import { uuidOf } from '../../../seeds/random/identifiers.ts';
import { addressOf, canonical, directionOf, momentOf, parseJson } from './canonical.ts';
import type { Held, Point } from './read-stores.ts';

type Row = Readonly<Record<string, unknown>>;
export type AcceptedRows = Readonly<Record<EntityName, readonly Row[]>>;

const ms = (value: unknown) => momentOf(value)?.getTime() ?? null;
const msText = (value: unknown) => (momentOf(value) === null ? null : String(ms(value)));
const id = (value: unknown) => (value === null ? null : String(value).toLowerCase());
const float32s = (vector: unknown) => Array.from(vector as number[], (number) => Math.fround(Number(number)));

/** Of a concept that is named twice the last one counts. */
const byKey = (pairs: readonly (readonly [string, unknown])[]) =>
  Object.fromEntries(pairs.map(([key, value]) => [key, canonical(value)]));

/** What every store must hold of rows as the files had them, by the specification's tables. */
export function expectedStores(rows: AcceptedRows): Held {
  return {
    users: byKey(
      rows.users.map((row) => {
        const levels = row.levels as Row;
        const texts = [row.username, row.email, row.passwordHash, row.fullName, row.avatarUrl, row.phone, row.status];
        const times = [msText(row.createdAt), msText(row.updatedAt), msText(row.lastLoginAt)];
        return [
          String(id(row.id)),
          [...texts, levels.silicon, levels.consciousness, levels.thinking, ...times, row.metadata],
        ];
      }),
    ),
    userPreferences: byKey(
      rows.userPreferences.map((row) => [
        String(id(row.id)),
        [id(row.userId), row.key, msText(row.createdAt), msText(row.updatedAt), row.value],
      ]),
    ),
    userSessions: byKey(
      rows.userSessions.map((row) => {
        const times = [msText(row.expiresAt), msText(row.createdAt), msText(row.lastAccessedAt)];
        return [
          String(id(row.id)),
          [id(row.userId), row.sessionToken, addressOf(row.ipAddress), row.userAgent, ...times, row.deviceInfo],
        ];
      }),
    ),
    userPermissions: byKey(
      rows.userPermissions.map((row) => {
        const texts = [row.permissionName, row.resourceType, row.resourceId];
        return [
          String(id(row.id)),
          [id(row.userId), ...texts, msText(row.grantedAt), id(row.grantedBy), msText(row.expiresAt)],
        ];
      }),
    ),
    embeddings: byKey(
      rows.knowledgeVectors.map((row) => [
        String(row.knowledgeId),
        [row.title, row.category, row.siliconLevel, parseJson(JSON.stringify(float32s(row.vector).map(shortest)))],
      ]),
    ),
    userLocations: byKey(
      rows.userLocations.map((row) => [
        String(id(row.id)),
        [id(row.userId), row.label, row.longitude, row.latitude, msText(row.recordedAt)],
      ]),
    ),
    dailyActivity: byKey(
      rows.dailyActivity.map((row) => [
        `${id(row.userId)} ${row.day}`,
        [row.siliconLevel, row.sessions, row.contents, row.messages],
      ]),
    ),
    contents: byKey(
      rows.contents.map((row) => [
        String(id(row.id)),
        {
          user_id: id(row.userId),
          content_type: row.contentType,
          title: row.title,
          content: row.content,
          tags: row.tags,
          metadata: row.metadata,
          silicon_level: row.siliconLevel,
          created_at: momentOf(row.createdAt),
          updated_at: momentOf(row.updatedAt),
        },
      ]),
    ),
    conversations: byKey(
      rows.conversations.map((row) => [
        String(id(row.id)),
        {
          user_id: id(row.userId),
          session_id: id(row.sessionId),
          messages: (row.messages as readonly Row[]).map((each) => ({ ...each, timestamp: momentOf(each.timestamp) })),
          context: row.context,
          metadata: row.metadata,
          created_at: momentOf(row.createdAt),
          updated_at: momentOf(row.updatedAt),
        },
      ]),
    ),
    graphUsers: byKey(
      rows.users.map((row) => {
        const levels = row.levels as Row;
        return [
          String(id(row.id)),
          [row.username, levels.silicon, levels.consciousness, levels.thinking, ms(row.createdAt)],
        ];
      }),
    ),
    concepts: byKey(
      rows.concepts.map((row) => [
        String(row.name),
        [row.category, row.description, row.siliconLevel, ms(row.createdAt)],
      ]),
    ),
    knowledge: byKey(
      rows.knowledge.map((row) => [
        String(row.id),
        [row.title, row.content, row.siliconLevel, row.category, ms(row.createdAt), ms(row.updatedAt)],
      ]),
    ),
    learned: byKey(rows.learned.map((row) => [`${id(row.userId)} ${row.knowledgeId}`, [ms(row.learnedAt)]])),
    about: byKey(
      rows.knowledge.flatMap((row) =>
        (row.about as readonly Row[]).map(({ concept, relevance }) => [`${row.id} ${concept}`, [relevance]] as const),
      ),
    ),
    interests: byKey(rows.interests.map((row) => [`${id(row.userId)} ${row.concept}`, [ms(row.since)]])),
    conceptRelations: byKey(
      rows.conceptRelations.map((row) => [
        `${row.kind} ${row.from} ${row.to}`,
        [row.strength ?? null, row.type ?? null],
      ]),
    ),
    cacheEntries: byKey(rows.cacheEntries.map((row) => [String(row.key), row.value])),
  };
}

/** The fewest digits that tell a float32 from its neighbours, which is how PostgreSQL writes one. */
function shortest(number: number): number {
  for (let digits = 1; digits <= 9; digits += 1) {
    const text = number.toPrecision(digits);
    if (Math.fround(Number(text)) === number) return Number(text);
  }
  return number;
}

export function expectedPoints(rows: AcceptedRows): Readonly<Record<string, Readonly<Record<string, Point>>>> {
  const knowledge = rows.knowledgeVectors.map(({ knowledgeId, title, content, category, siliconLevel, vector }) => {
    const payload = { knowledge_id: knowledgeId, title, content, category, silicon_level: siliconLevel };
    return [
      uuidOf('knowledge', String(knowledgeId)),
      { payload: canonical(payload), vector: directionOf(vector as number[]) },
    ];
  });
  const users = rows.userVectors.map(({ userId, siliconLevel, interests, learningStyle, vector }) => {
    const payload = { user_id: id(userId), silicon_level: siliconLevel, interests, learning_style: learningStyle };
    return [String(id(userId)), { payload: canonical(payload), vector: directionOf(vector as number[]) }];
  });
  return { knowledge_vectors: Object.fromEntries(knowledge), user_vectors: Object.fromEntries(users) };
}
