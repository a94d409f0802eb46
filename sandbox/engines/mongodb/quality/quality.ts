import { type Quality, qualityMetrics } from '../../contract/quality.ts';
import { defect } from './defect.ts';
import { searchOf } from './search.ts';
import { openSession } from './session.ts';

export const quality: Quality = {
  queryExtension: '.json',
  metrics: qualityMetrics,
  fields: 'declared',
  costs: { catalogue: 'constant', places: 'constant' },
  statement: (question) => JSON.stringify(searchOf(question), undefined, 2),
  open: openSession,
  defect,
};
