import type { EntityRows } from '../../engines/contract/isolation.ts';
import type { Given } from './given.ts';

/** What things are made by is loaded with the first that is made. */
export function givenBy(write: (rows: EntityRows) => Promise<void>): Given {
  let loading: Promise<Given> | undefined;
  const makers = () => {
    loading ??= import('./make-given.ts').then(({ makeGiven }) => makeGiven(write));
    return loading;
  };
  return {
    user: async (user) => (await makers()).user(user),
    content: async (content) => (await makers()).content(content),
    conversation: async (conversation) => (await makers()).conversation(conversation),
    concept: async (concept) => (await makers()).concept(concept),
    knowledge: async (knowledge) => (await makers()).knowledge(knowledge),
  };
}
