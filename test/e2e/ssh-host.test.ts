/**
 * Goal: a host by ssh does what a local one does, and says what stands in its way. Method: the suite of every
 * host over a real sshd on loopback, then each way to log in, each wrong key, and connections that break.
 */

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import {
  chmod,
  mkdtemp,
  open as openFile,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { type SshMachine, type SshMachines, sshMachines } from '../../src/adapters/ssh/open.ts';
import type { SshOptions } from '../../src/adapters/ssh/open.ts';
import type { Result } from '../../src/base/result.ts';
import type { HostSpec } from '../../src/model/desired.ts';
import type { Failure } from '../../src/model/failure.ts';
import type { Host } from '../../src/ports.ts';
import { hostSuite } from '../support/host-suite.ts';
import { SshHome, Sshd, makeKey } from '../support/sshd.ts';

const ADDRESS = '127.62.0.1';
const BASTION = '127.62.0.2';
const PORT = 2262;
const SOON = { deadlineMs: 20_000 };

let home: SshHome;
const ends: (() => unknown)[] = [];

function value<T>(result: Result<T, Failure>): T {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.but}`);
  return result.value;
}

function failure(result: Result<unknown, Failure>): Failure {
  if (result.ok) throw new Error('it should have failed');
  return result.error;
}

async function started(address: string, settings: readonly string[] = []): Promise<Sshd> {
  const sshd = new Sshd(address, PORT, settings);
  ends.push(() => sshd.end());
  sshd.allow(`${home.key}.pub`);
  return await sshd.start();
}

function specOf(more: Partial<HostSpec> = {}): HostSpec & { address: string } {
  return {
    transport: 'ssh',
    address: ADDRESS,
    user: 'root',
    port: PORT,
    identityFile: home.key,
    agent: undefined,
    jump: undefined,
    passphraseEnv: undefined,
    passwordEnv: undefined,
    sudo: false,
    ...more,
  } as HostSpec & { address: string };
}

function machines(options: Partial<SshOptions> = {}): SshMachines {
  const made = sshMachines(home.options(options));
  ends.push(() => made.close());
  return made;
}

function open(more: Partial<HostSpec> = {}, options: Partial<SshOptions> = {}): SshMachine {
  return value(machines(options).open('here', specOf(more)));
}

const says = async (host: Host): Promise<string> =>
  value(await host.exec(['echo', 'yes'], SOON)).stdout.trim();
const refusal = async (host: Host): Promise<Failure> => failure(await host.exec(['true'], SOON));

async function endAll(): Promise<void> {
  for (const end of ends.splice(0).reverse()) await end();
  home.remove();
}

describe('over ssh', () => {
  beforeAll(async () => {
    home = new SshHome();
    home.trust(await started(ADDRESS));
  });
  afterAll(endAll);

  hostSuite(() => open().host);

  it('takes any argument and any file name as data', async () => {
    const { host } = open();
    const words = [
      "it's",
      '"',
      'a\nb\n',
      'ü→漢',
      '',
      '-n',
      '--',
      '$(id)',
      '`id`',
      '\\',
      '*',
      ' ',
      '!',
    ];
    const said = value(await host.exec(['printf', '%s\\0', ...words], SOON));
    expect(said.stdout.split('\0').slice(0, -1)).toEqual(words);
    const folder = await mkdtemp(join(tmpdir(), 'ssh-names-'));
    for (const word of words.filter((each) => each !== '')) {
      const path = join(folder, `-${word}`);
      value(await host.writeFile(path, Buffer.from(word), { mode: 0o640 }));
      expect(await readFile(path, 'utf8'), word).toBe(word);
      expect(Buffer.from(value(await host.readFile(path))?.bytes ?? []).toString()).toBe(word);
      value(await host.removeFile(path));
      expect(value(await host.readFile(path))).toBeUndefined();
    }
    await rm(folder, { recursive: true });
  });

  it('carries 5 MB of any bytes there and back, with owner and mode kept', async () => {
    const { host } = open();
    const folder = await mkdtemp(join(tmpdir(), 'ssh-bytes-'));
    const path = join(folder, 'file');
    await writeFile(path, 'old');
    await chmod(path, 0o640);
    await symlink('file', join(folder, 'link'));
    const bytes = randomBytes(5 * 1024 * 1024);
    value(await host.writeFile(join(folder, 'link'), bytes, { uid: 4242, gid: 4343 }));
    value(await host.writeFile(join(folder, 'link'), bytes, {}));
    expect((await readFile(path)).equals(bytes)).toBe(true);
    expect(await stat(path)).toMatchObject({ uid: 4242, gid: 4343, mode: 0o100640 });
    expect(bytes.equals(value(await host.readFile(path))?.bytes ?? Buffer.alloc(0))).toBe(true);
    await rm(folder, { recursive: true });
  });

  it('serves more questions at once than sshd has sessions, over one connection', async () => {
    const { host } = open();
    const all = Array.from({ length: 25 }, () => says(host));
    expect(await Promise.all(all)).toEqual(all.map(() => 'yes'));
  });

  it('refuses what no host can be given', async () => {
    const { host } = open();
    expect(failure(await host.exec(['echo', 'a\0b'], SOON)).but).toContain('NUL');
    expect(failure(await host.exec(['echo', 'x'.repeat(140_000)], SOON)).but).toContain('131071');
  });
});

describe('a login', () => {
  let sshd: Sshd;
  beforeEach(async () => {
    home = new SshHome();
    sshd = await started(ADDRESS);
    home.trust(sshd);
  });
  afterEach(endAll);

  it('with an encrypted key needs its passphrase, from the environment', async () => {
    const key = join(home.folder, 'locked');
    makeKey(key, '-N', 'open sesame');
    sshd.allow(`${key}.pub`);
    const none = await refusal(open({ identityFile: key }).host);
    expect(none).toMatchObject({ code: 'HOST_LOGIN_REFUSED' });
    expect(none.but).toContain('is encrypted and no passphrase is given');
    const locked = { identityFile: key, passphraseEnv: 'PASS' };
    expect((await refusal(open(locked).host)).but).toContain('PASS, for the passphrase');
    const wrong = await refusal(open(locked, { environment: { PASS: 'no' } }).host);
    expect(wrong.but).toContain('the passphrase in PASS does not open');
    expect(await says(open(locked, { environment: { PASS: 'open sesame' } }).host)).toBe('yes');
  });

  it('that is refused names what was tried', async () => {
    const key = join(home.folder, 'stranger');
    makeKey(key);
    const refused = await refusal(open({ identityFile: key }).host);
    expect(refused.code).toBe('HOST_LOGIN_REFUSED');
    expect(refused.but).toContain(`refused the login as root by key ${key}`);
    expect(refused.so).toBe('nothing was sent; the host is as it was');
  });

  it('by an agent offers its keys, and with IdentitiesOnly those of the file alone', async () => {
    const socket = join(home.folder, 'agent');
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] });
    ends.push(() => agent.kill());
    await once(agent.stdout, 'data');
    const environment = { SSH_AUTH_SOCK: socket };
    execFileSync('ssh-add', ['-q', home.key], { env: environment });
    expect(await says(open({ identityFile: undefined, agent: socket }).host)).toBe('yes');
    const named = { identityFile: undefined, agent: 'SSH_AUTH_SOCK' };
    expect(await says(open(named, { environment }).host)).toBe('yes');
    await rm(home.key);
    const silent = { identityFile: undefined };
    expect(await says(open(silent, { environment }).host)).toBe('yes');
    home.write('.ssh/other.pub', await readFile(`${home.key}.pub`, 'utf8'));
    home.write('.ssh/other', '');
    home.write('.ssh/config', `Host *\n  IdentitiesOnly yes\n  IdentityFile ~/.ssh/other\n`);
    expect(await says(open(silent, { environment }).host)).toBe('yes');
    makeKey(join(home.folder, '.ssh/third'));
    home.write('.ssh/other.pub', await readFile(join(home.folder, '.ssh/third.pub'), 'utf8'));
    expect((await refusal(open(silent, { environment }).host)).code).toBe('HOST_LOGIN_REFUSED');
  });

  it('follows ~/.ssh/config where the plan file is silent', async () => {
    home.write(
      '.ssh/config',
      ['Include extra', `Host box`, `  HostName ${ADDRESS}`, `  Port ${String(PORT)}`, ''].join(
        '\n',
      ),
    );
    home.write('.ssh/extra', 'Host box\n  User root\n');
    const silent = { address: 'box', user: undefined, port: undefined, identityFile: undefined };
    expect(await says(open(silent).host)).toBe('yes');
    home.write('.ssh/extra', 'Host box\n  ProxyCommand nc %h %p\n');
    const refused = failure(machines().open('here', specOf(silent)));
    expect(refused).toMatchObject({ code: 'SSH_CONFIG_UNSUPPORTED' });
    expect(refused.but).toContain('says ProxyCommand');
    home.write('.ssh/extra', `Match exec "touch ${home.folder}/executed"\n  User nobody\n`);
    expect(failure(machines().open('here', specOf(silent))).but).toContain('Match exec');
    await expect(stat(join(home.folder, 'executed'))).rejects.toThrow('ENOENT');
  });

  it('goes through a jump host, whose key is checked too', async () => {
    const bastion = await started(BASTION);
    const jump = `root@${BASTION}:${String(PORT)}`;
    const unknown = await refusal(open({ jump }).host);
    expect(unknown.code).toBe('HOST_KEY_UNKNOWN');
    expect(unknown.but).toContain(`[${BASTION}]`);
    home.trust(bastion);
    const { host } = open({ jump });
    expect(await says(host)).toBe('yes');
    expect(bastion.said).toContain('Accepted publickey for root');
    home.write('.ssh/config', `Host ${ADDRESS}\n  ProxyJump ${jump}\n`);
    expect(await says(open().host)).toBe('yes');
  });
});

describe('a host key', () => {
  let sshd: Sshd;
  beforeEach(async () => {
    home = new SshHome();
    sshd = await started(ADDRESS);
  });
  afterEach(endAll);
  const place = `[${ADDRESS}]:${String(PORT)}`;

  it('that is on file under no name is refused with every fingerprint, and nobody logs in', async () => {
    const refused = await refusal(open().host);
    expect(refused.code).toBe('HOST_KEY_UNKNOWN');
    for (const type of ['ed25519', 'ecdsa', 'rsa'] as const)
      expect(refused.but).toContain(sshd.fingerprint(type));
    expect(sshd.said).not.toContain('Accepted');
    expect(refused.remedy).toContain('--accept-new-host-keys');
  });

  it('is pinned when new ones are accepted, and known from then on', async () => {
    expect(await says(open({}, { acceptsNewKeys: true }).host)).toBe('yes');
    expect(home.pinned).toHaveLength(1);
    expect(home.pinned[0]).toContain(sshd.fingerprint('ed25519'));
    expect(await readFile(home.pinFile, 'utf8')).toBe(`${place} ${sshd.hostKey('ed25519')}\n`);
    expect((await stat(home.pinFile)).mode & 0o777).toBe(0o600);
    expect(await says(open().host)).toBe('yes');
  });

  it.each([false, true])(
    'that changed is refused with both, new ones accepted: %s',
    async (acceptsNewKeys) => {
      home.trust(sshd);
      const before = sshd.fingerprint('ed25519');
      await sshd.stop();
      sshd.renewKey('ed25519');
      await sshd.start();
      const refused = await refusal(open({}, { acceptsNewKeys }).host);
      expect(refused.code).toBe('HOST_KEY_CHANGED');
      expect(refused.but).toContain(before);
      expect(refused.but).toContain(sshd.fingerprint('ed25519'));
      expect(sshd.said).not.toContain('Accepted');
    },
  );

  it('of the one kind on file is asked for, hashed or not', async () => {
    home.trust(sshd, ['ecdsa']);
    expect(await says(open().host)).toBe('yes');
    execFileSync('ssh-keygen', ['-q', '-H', '-f', home.knownHosts], { stdio: 'ignore' });
    expect(await readFile(home.knownHosts, 'utf8')).toMatch(/^\|1\|/);
    expect(await says(open().host)).toBe('yes');
  });

  it('that is revoked is refused, and an authority is said to be of no use', async () => {
    home.trust(sshd);
    home.write(
      '.ssh/known_hosts',
      `${place} ${sshd.hostKey('ed25519')}\n@revoked * ${sshd.hostKey('ed25519')}\n`,
    );
    expect(await refusal(open().host)).toMatchObject({ code: 'HOST_KEY_CHANGED' });
    home.write('.ssh/known_hosts', `@cert-authority * ${sshd.hostKey('ed25519')}\n`);
    expect((await refusal(open().host)).but).toContain('@cert-authority');
  });
});

describe('a connection', () => {
  let sshd: Sshd;
  beforeEach(() => {
    home = new SshHome();
  });
  afterEach(endAll);

  it('that breaks under a command says that nobody knows, and the next one is made anew', async () => {
    home.trust((sshd = await started(ADDRESS)));
    const { host } = open();
    expect(await says(host)).toBe('yes');
    const done = join(home.folder, 'done');
    const pipe = join(home.folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const running = host.exec(['sh', '-c', 'read line <"$1"; touch "$2"', 'sh', pipe, done], SOON);
    // Opening it for writing waits for the reader.
    const writer = await openFile(pipe, 'w');
    expect(sshd.signalSessions('SIGKILL')).toBeGreaterThan(0);
    const lost = failure(await running);
    expect(lost).toMatchObject({ code: 'HOST_LOST' });
    expect(lost.so).toContain('has to be looked at again');
    expect(await says(host)).toBe('yes');
    // What was started goes on: only a look can tell.
    await writer.writeFile('go\n');
    await writer.close();
    await vi.waitUntil(() => stat(done).catch(() => undefined));
  });

  it('to an sshd that froze is given up at its deadline', async () => {
    home.trust((sshd = await started(ADDRESS)));
    home.write('.ssh/config', 'Host *\n  ServerAliveInterval 1\n  ServerAliveCountMax 2\n');
    const { host } = open();
    expect(await says(host)).toBe('yes');
    sshd.signalSessions('SIGSTOP');
    expect(await refusal(host)).toMatchObject({ code: 'HOST_LOST' });
    expect(await says(host)).toBe('yes');
  });

  it('to an sshd with one session serves one question after the other', async () => {
    home.trust((sshd = await started(ADDRESS, ['MaxSessions 1'])));
    const { host } = open();
    const all = Array.from({ length: 6 }, () => says(host));
    expect(await Promise.all(all)).toEqual(all.map(() => 'yes'));
    expect(sshd.said.split('Accepted publickey').length - 1).toBe(1);
  });

  it('to nobody says so within its time', async () => {
    const refused = await refusal(open({ port: 2999 }).host);
    expect(refused.code).toBe('HOST_UNREACHABLE');
    expect(refused.but).toContain(`no ssh connection to ${ADDRESS} port 2999`);
  });

  it('carries others, and says when sshd forbids that', async () => {
    home.trust((sshd = await started(ADDRESS, ['AllowTcpForwarding no'])));
    const refused = failure(await open().connect('127.0.0.1', 1));
    expect(refused.but).toContain('forbids forwarding');
  });
});
