export { primaryOf, refreshStandby } from './server/standby.ts';
