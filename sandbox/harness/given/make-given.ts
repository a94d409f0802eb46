import type { Entities, EntityName, User } from '../../../seeds/entities.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import { derivedRows } from '../../dataset/derived-rows.ts';
import type { EntityRows } from '../../engines/contract/isolation.ts';
import { checkedAsked, checkedRow } from './checked-row.ts';
import { defaultConcept, defaultContent, defaultConversation, defaultKnowledge, defaultUser } from './default-rows.ts';
import type { Given, GivenUser } from './given.ts';

/** Things of one test. Rows that belong together are made and checked before any of them is written. */
export function makeGiven(write: (rows: EntityRows) => Promise<void>): Given {
  const counts: Partial<Record<EntityName, number>> = {};
  /** Users that this test was given, by their ids. */
  const users = new Map<string, User>();
  const next = (entity: EntityName): number => {
    const number = (counts[entity] ?? 0) + 1;
    counts[entity] = number;
    return number;
  };

  function makeUser(asked?: GivenUser) {
    const { levels = {}, ...rest } = checkedAsked('users', asked);
    const number = next('users');
    const byDefault = defaultUser(number);
    // What is no object is refused as such.
    const own = typeof levels === 'object' && levels !== null ? withoutUndefined(levels) : undefined;
    const user = made('users', byDefault, { ...rest, levels: own ? { ...byDefault.levels, ...own } : levels });
    const rows: EntityRows = {
      users: [user],
      userVectors: derivedRows.userVectors([user], number),
      cacheEntries: derivedRows.cacheEntries([user]),
    };
    return { user, rows };
  }

  /** The user that something belongs to, with the rows of one that is new. */
  function ownerOf(userId: string | undefined): {
    readonly user: Pick<User, 'id' | 'levels'>;
    readonly rows: EntityRows;
  } {
    if (userId === undefined) return makeUser();
    return { user: users.get(userId) ?? { id: userId, levels: defaultUser(0).levels }, rows: {} };
  }

  async function writeWithOwner(owner: ReturnType<typeof ownerOf>, rows: EntityRows): Promise<void> {
    await write({ ...owner.rows, ...rows });
    for (const user of owner.rows.users ?? []) users.set(user.id, user);
  }

  return {
    async user(asked) {
      const { user, rows } = makeUser(asked);
      await write(rows);
      users.set(user.id, user);
      return user;
    },
    async content(fields) {
      const asked = checkedAsked('contents', fields);
      const owner = ownerOf(asked.userId);
      const content = made('contents', defaultContent(next('contents'), owner.user), asked);
      await writeWithOwner(owner, { contents: [content] });
      return content;
    },
    async conversation(fields) {
      const asked = checkedAsked('conversations', fields);
      const owner = ownerOf(asked.userId);
      const conversation = made('conversations', defaultConversation(next('conversations'), owner.user), asked);
      await writeWithOwner(owner, { conversations: [conversation] });
      return conversation;
    },
    async concept(fields) {
      const asked = checkedAsked('concepts', fields);
      const concept = made('concepts', defaultConcept(next('concepts')), asked);
      await write({ concepts: [concept] });
      return concept;
    },
    async knowledge(fields) {
      const asked = checkedAsked('knowledge', fields);
      const concepts = asked.about === undefined ? [checkedRow('concepts', defaultConcept(next('concepts')))] : [];
      const number = next('knowledge');
      const item = made('knowledge', defaultKnowledge(number, concepts[0] ?? defaultConcept(0)), asked);
      await write({ concepts, knowledge: [item], knowledgeVectors: derivedRows.knowledgeVectors([item], number) });
      return item;
    },
  };
}

/** What is not asked for is as by default. */
function made<Name extends EntityName>(entity: Name, byDefault: Entities[Name], asked: object): Entities[Name] {
  return checkedRow(entity, { ...byDefault, ...withoutUndefined(asked) });
}
