export {
  type CleanupReport,
  cleanUpOldData,
  type DataStatistics,
  generateDataStatistics,
  logBackup,
} from './schema/management.ts';
export { memberOptions, mongoClientFromEnvironment } from './server/client.ts';
