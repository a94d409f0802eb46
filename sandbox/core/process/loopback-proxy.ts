import http from 'node:http';

const loopback = ['localhost', '127.0.0.1', '::1'];

/**
 * Keeps what goes to this machine itself from a proxy: with `NODE_USE_ENV_PROXY=1`, Node.js sends all of HTTP through that
 * of `HTTP_PROXY`, for which 127.0.0.1 is another machine. It reads `NO_PROXY` once, as it starts (Node.js documentation,
 * "Built-in proxy support"), so that it has to be told again. Without that variable nothing is changed.
 */
export function keepLoopbackFromProxy(environment: NodeJS.ProcessEnv = process.env): void {
  const isOn = environment.NODE_USE_ENV_PROXY === '1' || process.execArgv.includes('--use-env-proxy');
  if (!isOn) return;
  const before = (environment.no_proxy ?? environment.NO_PROXY ?? '').split(/[\s,]+/).filter((host) => host !== '');
  if (before.includes('*') || loopback.every((host) => before.includes(host))) return;
  const all = [...new Set([...before, ...loopback])].join(',');
  environment.no_proxy = all;
  environment.NO_PROXY = all;
  http.setGlobalProxyFromEnv(environment);
}
