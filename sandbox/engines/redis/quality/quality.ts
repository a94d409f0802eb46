import type { Quality } from '../../contract/quality.ts';
import { defect } from './defect.ts';
import { askOf } from './questions.ts';
import { openSession } from './session.ts';

export const quality: Quality = {
  queryExtension: '.json',
  metrics: ['rowCount'],
  fields: 'observed',
  // A scan for the keys of a place goes through those of all others too.
  costs: { catalogue: 'scan', places: 'scan' },
  statement: (question) => JSON.stringify(askOf(question)),
  open: openSession,
  defect,
};
