import { readFileSync } from 'node:fs';
import { access } from 'node:fs/promises';

/** Fields of os-release(5); empty where there is none. */
function osRelease(): Readonly<Record<string, string>> {
  try {
    const lines = readFileSync('/etc/os-release', 'utf8').split('\n');
    return Object.fromEntries(
      lines
        .filter((line) => line.includes('='))
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1).replaceAll('"', '')]),
    );
  } catch {
    return {};
  }
}

/** Whether this is Debian, Ubuntu or a relative of theirs, and we are root. */
export async function canInstallPackages(): Promise<boolean> {
  const { ID = '', ID_LIKE = '' } = osRelease();
  if (process.getuid?.() !== 0 || !/\b(debian|ubuntu)\b/.test(`${ID} ${ID_LIKE}`)) return false;
  return access('/usr/bin/apt-get').then(
    () => true,
    () => false,
  );
}

/** The command that brings a container engine to this system, for people. */
export function installAdvice(platform = process.platform, release = osRelease()): string {
  if (platform === 'darwin') return 'Install one and start it: `brew install colima docker && colima start`.';
  if (platform === 'win32')
    return 'Run the sandbox inside WSL 2 with Docker Desktop, or `apt-get install docker.io` there.';
  const family = `${release.ID ?? ''} ${release.ID_LIKE ?? ''}`;
  if (/debian|ubuntu/.test(family))
    return 'Install it: `sudo apt-get install docker.io`, then `sudo service docker start`.';
  if (/fedora|rhel|centos/.test(family))
    return 'Install it: `sudo dnf install podman`, then `systemctl --user start podman.socket`.';
  if (/arch/.test(family)) return 'Install it: `sudo pacman -S docker`, then `sudo systemctl start docker`.';
  if (/suse/.test(family)) return 'Install it: `sudo zypper install docker`, then `sudo systemctl start docker`.';
  if (/alpine/.test(family)) return 'Install it: `sudo apk add docker`, then `sudo rc-service docker start`.';
  return 'Install Docker or Podman with the package manager of this system, and start it.';
}
