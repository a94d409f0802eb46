import { streamHistory } from '../../../scenarios/history.ts';

const history = await streamHistory(process.argv[2] ?? '');
for (let value = 0; value < 500; value += 1) {
  history.record({ process: 0, type: 'invoke', operation: 'add', value });
  history.record({ process: 0, type: 'ok', operation: 'add', value });
}
process.kill(process.pid, 'SIGKILL');
