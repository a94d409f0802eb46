import { type Quality, qualityMetrics } from '../../contract/quality.ts';
import { defect } from './defect.ts';
import { openSession } from './session.ts';
import { sameTableName, statementOf } from './statement.ts';

export const quality: Quality = {
  queryExtension: '.sql',
  metrics: qualityMetrics,
  fields: 'declared',
  costs: { catalogue: 'constant', places: 'constant' },
  sameName: sameTableName,
  statement: (question) => statementOf(question).text,
  open: openSession,
  defect,
};
