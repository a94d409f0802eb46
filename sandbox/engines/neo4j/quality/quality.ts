import { type Quality, qualityMetrics } from '../../contract/quality.ts';
import { defect } from './defect.ts';
import { openSession } from './session.ts';
import { statementOf } from './statement.ts';

export const quality: Quality = {
  queryExtension: '.cypher',
  metrics: qualityMetrics,
  // Community has no constraint that says which properties there are, or of which type.
  fields: 'observed',
  // Which properties a label has is seen on its nodes alone, and whether one has no label on all of them.
  costs: { catalogue: 'scan', places: 'scan' },
  statement: (question) => statementOf(question).text,
  open: openSession,
  defect,
};
