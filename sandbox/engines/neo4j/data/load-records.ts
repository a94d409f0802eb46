import type { Driver } from 'neo4j-driver';
import { type LoadRecords, textRecords } from '../../shared/load/load-marks.ts';
import { readRecord, writeRecord } from './records.ts';

/** What was loaded, and how far an unfinished load has come: each in a node of its own. */
export function loadRecords(driver: Driver): LoadRecords {
  return textRecords(
    (name) => readRecord(driver, name),
    async (texts) => {
      for (const [name, text] of Object.entries(texts)) await writeRecord(driver, name, text);
    },
  );
}
