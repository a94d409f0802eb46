import type { Metrics } from '../../contract/metrics.ts';
import { downDrills } from '../../shared/metrics/alert-causes.ts';
import { monitoringPassword } from '../../shared/metrics/monitoring-login.ts';
import { probe } from '../server/connection.ts';

/** Of each peer its own, with the key that only reads (Qdrant documentation, "Monitoring & Telemetry"). */
export const metrics: Metrics = {
  job: 'qdrant',
  port: 6333,
  token: ({ secrets }) => monitoringPassword(secrets.apiKey),
  alertDrills: downDrills({ alert: 'QdrantDown', probe }),
};
