import { type Quality, qualityMetrics } from '../../contract/quality.ts';
import { defect } from './defect.ts';
import { openSession } from './session.ts';
import { statementOf } from './statement.ts';

export const quality: Quality = {
  queryExtension: '.sql',
  metrics: qualityMetrics,
  fields: 'declared',
  costs: { catalogue: 'constant', places: 'constant' },
  statement: (question) => statementOf(question).text,
  open: openSession,
  defect,
};
