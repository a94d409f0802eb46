import { expect, test } from 'vitest';
import { proxyVariables } from '../../sandbox/containers/host/host-proxy.ts';
import { installAdvice } from '../../sandbox/containers/host/host-system.ts';
import { mirrorIn } from '../../sandbox/containers/images/debian-source.ts';
import { atMirror, registryOf } from '../../sandbox/containers/images/image-pull.ts';

test.each([
  ['darwin', {}, 'brew install colima docker && colima start'],
  ['linux', { ID: 'debian' }, 'apt-get install docker.io'],
  ['linux', { ID: 'ubuntu', ID_LIKE: 'debian' }, 'apt-get install docker.io'],
  ['linux', { ID: 'fedora' }, 'dnf install podman'],
  ['linux', { ID: 'rocky', ID_LIKE: 'rhel centos fedora' }, 'dnf install podman'],
  ['linux', { ID: 'arch' }, 'pacman -S docker'],
  ['linux', { ID: 'alpine' }, 'apk add docker'],
  ['linux', { ID: 'opensuse-leap', ID_LIKE: 'suse opensuse' }, 'zypper install docker'],
  ['win32', {}, 'WSL'],
] as const)('on %s %o the advice is `%s`', (platform, release, command) => {
  expect(installAdvice(platform, release)).toContain(command);
});

test.each([
  ['deb http://mirror.example/debian bookworm main', 'http://mirror.example/debian'],
  ['deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian/ bookworm main', 'http://mirror.example/debian'],
  ['Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm', 'http://mirror.example/debian'],
  // Security updates alone have no whole system.
  ['deb http://mirror.example/debian-security bookworm-security main', 'http://deb.debian.org/debian'],
  ['deb http://archive.ubuntu.com/ubuntu noble main', 'http://deb.debian.org/debian'],
  ['deb https://mirror.example/debian bookworm main', 'http://deb.debian.org/debian'],
  ['# deb http://old.example/debian bookworm main', 'http://deb.debian.org/debian'],
  ['', 'http://deb.debian.org/debian'],
])('the mirror in %j is %s', (sources, mirror) => {
  expect(mirrorIn(sources)).toBe(mirror);
});

test("builds are told this machine's proxy, unless it listens on the loopback address", () => {
  const given = { http_proxy: 'http://proxy.example:3128', HTTPS_PROXY: 'http://127.0.0.1:3128', no_proxy: '' };
  expect(proxyVariables(given)).toEqual({ http_proxy: 'http://proxy.example:3128' });
});

test.each([
  ['redis:8.10', undefined, 'redis:8.10'],
  ['redis:8.10', 'mirror.example:5000', 'mirror.example:5000/library/redis:8.10'],
  ['qdrant/qdrant:v1.20.0', 'mirror.example', 'mirror.example/qdrant/qdrant:v1.20.0'],
  ['ghcr.io/some/thing:1', 'mirror.example/hub/', 'mirror.example/hub/some/thing:1'],
])('%s at the mirror %s is %s', (reference, mirror, expected) => {
  expect(atMirror(reference, mirror)).toBe(expected);
});

test.each([
  ['redis:8.10', 'https://index.docker.io/v1/'],
  ['qdrant/qdrant:v1', 'https://index.docker.io/v1/'],
  ['localhost/thing', 'localhost'],
  ['127.0.0.1:5000/thing:1', '127.0.0.1:5000'],
])('the registry of %s is %s', (reference, registry) => {
  expect(registryOf(reference)).toBe(registry);
});
