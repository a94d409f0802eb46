import { messageOf } from '../../core/errors.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import type { Check } from '../contracts/contract.ts';
import { contractsInvalid } from '../contracts/read-contracts.ts';
import { questionOf, whyNotAsked } from './run-check.ts';

/**
 * Refuses checks that no statement can be made of, as of a query that names a value which nobody gives. Throws
 * `CONTRACT_INVALID` with every problem.
 */
export function requireQuestions(checks: readonly Check[], engines: readonly Engine[]): void {
  const problems = checks.flatMap((check) => {
    const quality = engines.find(({ name }) => name === check.contract.engine)?.quality;
    const question = questionOf(check, { now: new Date(0) });
    if (question === undefined || quality === undefined || whyNotAsked(check, quality) !== undefined) return [];
    try {
      quality.statement(question);
      return [];
    } catch (thrown) {
      return [`${check.contract.file}: ${check.id}: ${messageOf(thrown)}`];
    }
  });
  if (problems.length > 0) throw contractsInvalid(problems);
}
