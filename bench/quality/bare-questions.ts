import { runConcurrently } from '../../sandbox/core/run-concurrently.ts';
import type { QualitySession } from '../../sandbox/engines/contract/quality.ts';
import type { Check } from '../../sandbox/quality/contracts/contract.ts';
import { nameOf } from '../../sandbox/quality/drift/distributions.ts';
import type { Moments } from '../../sandbox/quality/run/parameters.ts';
import { limitsOf, questionOf } from '../../sandbox/quality/run/run-check.ts';
import { runAtOnce } from '../../sandbox/quality/run/run-checks.ts';

/** A store with a connection that is open, and what it is asked. */
export interface OpenQuestions {
  readonly session: QualitySession;
  readonly checks: readonly Check[];
}

/**
 * Puts the questions of checks to their stores, as many side by side as a run does, and makes nothing of the answers: no
 * contract is read, no connection opened, no deadline kept, nothing compared or written down. Returns the checks whose
 * questions a store did not answer, as one that gives up a query beyond its time.
 */
export async function askBare(stores: readonly OpenQuestions[], moments: Moments): Promise<readonly string[]> {
  const unanswered: string[] = [];
  await runConcurrently(stores, async ({ session, checks }) => {
    const asked = async (check: Check) => {
      await ask(check, session, moments).catch(() => unanswered.push(check.id));
    };
    await runAtOnce(distinct(checks), asked, session);
  });
  return unanswered;
}

/** A run reads a distribution once, whichever checks are of it. */
function distinct(checks: readonly Check[]): readonly Check[] {
  const seen = new Set<string>();
  return checks.filter(({ ask: asked, contract: { engine, place } }) => {
    if (asked === 'catalogue' || !('drift' in asked)) return true;
    const name = nameOf(engine, place, asked.drift);
    return seen.has(name) ? false : seen.add(name);
  });
}

async function ask(check: Check, session: QualitySession, moments: Moments): Promise<void> {
  const { ask: asked, contract } = check;
  const limits = limitsOf(check);
  const question = questionOf(check, moments);
  if (question !== undefined) await session.answer(question, limits);
  else if (asked === 'catalogue') await session.catalogue(contract.place, limits);
  else if ('places' in asked) await session.places(limits);
  else if ('drift' in asked) await session.distribution?.(contract.place, asked.drift, limits);
}
