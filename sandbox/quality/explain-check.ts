import type { Check } from './contracts/contract.ts';
import { thresholdText } from './contracts/threshold.ts';
import type { QualityTarget } from './run/quality-target.ts';
import { questionOf } from './run/run-check.ts';

/** A check in all its parts, without asking any store. */
export interface ExplainedCheck {
  readonly check: string;
  readonly description: string;
  readonly engine: string;
  readonly place: string;
  readonly contract: string;
  readonly owner?: string;
  readonly severity: string;
  readonly cost: string;
  readonly deadlineMs: number;
  readonly threshold: string;
  /** Where its query is written; absent where it is a rule of the standard, or the catalogue. */
  readonly query?: string;
  /** What the store is asked. */
  readonly statement: string;
  /** Values of the statement: moments in ISO 8601. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly accepted: readonly { readonly id: string; readonly reason: string }[];
}

export function explainCheck(
  check: Check,
  { engines, moments }: Pick<QualityTarget, 'engines' | 'moments'>,
): ExplainedCheck {
  const { contract, ask } = check;
  const question = questionOf(check, moments);
  const quality = engines.find(({ name }) => name === contract.engine)?.quality;
  return {
    check: check.id,
    description: check.description,
    engine: contract.engine,
    place: [contract.place.database, contract.place.name].filter((part) => part !== undefined).join('.'),
    contract: contract.file,
    ...(contract.owner === undefined ? {} : { owner: contract.owner }),
    severity: check.severity,
    cost: check.cost,
    deadlineMs: check.deadlineMs,
    threshold: thresholdText(check.threshold),
    ...(ask !== 'catalogue' && 'file' in ask ? { query: ask.file } : {}),
    statement:
      question === undefined || quality === undefined ? statementOfCatalogue(ask) : quality.statement(question),
    parameters: Object.fromEntries(
      Object.entries(question?.parameters ?? {}).map(([name, value]) => [
        name,
        value instanceof Date ? value.toISOString() : String(value),
      ]),
    ),
    accepted: check.accepted,
  };
}

function statementOfCatalogue(ask: Check['ask']): string {
  if (ask === 'catalogue') return 'the catalogue of the store, held against the contract in both directions';
  return 'drift' in ask
    ? `how many there are of each combination of ${ask.drift.join(', ')}, held against the last run that was in order`
    : 'the places that the store has, held against all contracts of it';
}
