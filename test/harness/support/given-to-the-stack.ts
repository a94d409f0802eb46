import type { EntityRows } from '../../../sandbox/engines/contract/isolation.ts';
import type { EngineName } from '../../../sandbox/engines/engine-names.ts';
import { loadEngines } from '../../../sandbox/engines/load-engines.ts';
import { givenBy } from '../../../sandbox/harness/given/load-given.ts';
import { isolationOf } from '../../../sandbox/harness/isolation-of.ts';
import { type OpenStore, openStore } from '../../../sandbox/harness/open-store.ts';
import type { AttachedStack } from '../../../sandbox/stack/attach/attach-stack.ts';
import { sharedPlace } from './leak-suite.ts';

export const drift = async () => ({ count: 0, lines: [] });

export const idOf = (number: number) => `00000000-0000-5000-8000-00000000002${number}`;

/** What somebody could have forgotten to quote, in SQL, COPY, Cypher, JSON or an address. */
const hostileText = `O'Brien "道" \\. \\N $1 {} 🪶`;

/** A user of the stack itself, from which the stores of tests are made: none that they are given by default. */
const ofTheStack = {
  id: idOf(0),
  username: `of-the-stack ${hostileText}`,
  fullName: hostileText.repeat(3),
  email: 'of-the-stack@example.com',
};

/** Gives the stack itself one of each kind, before anybody has a store made from it. Returns all of their rows too. */
export async function giveToTheStack(stack: AttachedStack) {
  const engines = await loadEngines([...stack.engines.keys()] as EngineName[]);
  const stores: OpenStore[] = [];
  const added: EntityRows[] = [];
  try {
    for (const engine of engines) {
      const running = stack.engines.get(engine.name);
      if (running === undefined) continue;
      stores.push(await openStore(engine.name, sharedPlace(engine, running), { isolationOf, canFail: false, drift }));
    }
    const given = givenBy(async (rows) => {
      for (const store of stores) await store.addRows(rows);
      added.push(rows);
    });
    const user = await given.user({
      ...ofTheStack,
      levels: { silicon: 5 },
      metadata: { of: 'a test', '1': [null, 0.5] },
    });
    const content = await given.content({ id: idOf(1), userId: user.id, title: hostileText, tags: ['a', hostileText] });
    const conversation = await given.conversation({ id: idOf(2), userId: user.id });
    const concept = await given.concept({ name: `A concept of the stack: ${hostileText}` });
    const about = [{ concept: concept.name, relevance: 0.25 }];
    const knowledge = await given.knowledge({ id: `of-the-stack ${hostileText}`, title: hostileText, about });
    return { user, content, conversation, concept, knowledge, added };
  } finally {
    for (const store of stores) await store[Symbol.asyncDispose]();
  }
}
