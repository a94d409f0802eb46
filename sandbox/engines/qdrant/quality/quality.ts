import type { Quality } from '../../contract/quality.ts';
import { defect } from './defect.ts';
import { askOf } from './questions.ts';
import { openSession } from './session.ts';

export const quality: Quality = {
  queryExtension: '.json',
  metrics: ['rowCount', 'nullValues', 'invalidValues', 'duplicateValues'],
  fields: 'observed',
  costs: { catalogue: 'constant', places: 'constant' },
  statement: (question) => JSON.stringify(askOf(question)),
  open: openSession,
  defect,
};
