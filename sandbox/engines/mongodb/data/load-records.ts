import type { MongoClient } from 'mongodb';
import { type LoadRecords, textRecords } from '../../shared/load/load-marks.ts';
import { readRecord, writeRecord } from './records.ts';

/** What was loaded, and how far an unfinished load has come: beside the platform's data. */
export function loadRecords(client: MongoClient): LoadRecords {
  return textRecords(
    (name) => readRecord(client, name),
    async (texts) => {
      for (const [name, text] of Object.entries(texts)) await writeRecord(client, name, text);
    },
  );
}
