/**
 * Goal: a login without rights becomes root by sudo, or says what sudo wants. Method: a user of this test's own,
 * with a password, a real sshd and rules in /etc/sudoers.d; all of it is removed at the end.
 */

import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type SshMachines, sshMachines } from '../../src/adapters/ssh/open.ts';
import type { HostSpec } from '../../src/model/desired.ts';
import type { Host } from '../../src/ports.ts';
import { SshHome, Sshd } from '../support/sshd.ts';

const ADDRESS = '127.62.0.3';
const PORT = 2262;
const USER = `psh${randomBytes(3).toString('hex')}`;
const PASSWORD = randomBytes(9).toString('base64');
const RULES = `/etc/sudoers.d/${USER}`;
const environment = { LOGIN: PASSWORD, WRONG: 'no', SUDO: PASSWORD };

let home: SshHome;
let sshd: Sshd;
const opened: SshMachines[] = [];

function hostWith(more: Partial<HostSpec>): Host {
  const machines = sshMachines(home.options({ environment }));
  opened.push(machines);
  const machine = machines.open('here', {
    transport: 'ssh',
    address: ADDRESS,
    user: USER,
    port: PORT,
    identityFile: home.key,
    agent: undefined,
    jump: undefined,
    passphraseEnv: undefined,
    passwordEnv: undefined,
    sudo: false,
    ...more,
  } as HostSpec & { readonly address: string });
  if (!machine.ok) throw new Error(machine.error.but);
  return machine.value.host;
}

function rules(...lines: readonly string[]): void {
  rmSync(RULES, { force: true });
  if (lines.length > 0) writeFileSync(RULES, `${lines.join('\n')}\n`, { mode: 0o440 });
}

async function whoami(host: Host): Promise<string> {
  const said = await host.exec(['id', '-un'], { deadlineMs: 20_000 });
  return said.ok ? said.value.stdout.trim() : `${said.error.code}: ${said.error.but}`;
}

beforeAll(async () => {
  mkdirSync('/etc/sudoers.d', { recursive: true });
  execFileSync('useradd', ['--no-create-home', '--home-dir', '/', '--shell', '/bin/sh', USER]);
  execFileSync('chpasswd', { input: `${USER}:${PASSWORD}\n` });
  home = new SshHome();
  sshd = new Sshd(ADDRESS, PORT, ['PasswordAuthentication yes']);
  sshd.allow(`${home.key}.pub`);
  home.trust(await sshd.start());
});

afterAll(async () => {
  for (const machines of opened) await machines.close();
  await sshd.end();
  home.remove();
  rules();
  execFileSync('userdel', [USER]);
});

describe('a user without rights', () => {
  it('logs in by a password of the environment, and not by a wrong one', async () => {
    const byPassword = { identityFile: undefined, passwordEnv: 'LOGIN' };
    expect(await whoami(hostWith(byPassword))).toBe(USER);
    const wrong = await whoami(hostWith({ ...byPassword, passwordEnv: 'WRONG' }));
    expect(wrong).toMatch(/^HOST_LOGIN_REFUSED: .* by password from WRONG/);
    const unset = await whoami(hostWith({ ...byPassword, passwordEnv: 'NOBODY' }));
    expect(unset).toMatch(/NOBODY, for the password of .* is not set/);
  });

  it('is root by sudo without a password, for files of any bytes too', async () => {
    rules(`${USER} ALL=(root) NOPASSWD: ALL`);
    const host = hostWith({ sudo: 'without-password' });
    expect(await whoami(host)).toBe('root');
    const bytes = randomBytes(300_000);
    const path = `/run/${USER}`;
    expect((await host.writeFile(path, bytes, { mode: 0o600 })).ok).toBe(true);
    const back = readFileSync(path);
    rmSync(path);
    expect(back.equals(bytes)).toBe(true);
  });

  it('is root by sudo with a password that is in no command line', async () => {
    rules(`${USER} ALL=(root) ALL`);
    const host = hostWith({ sudo: { passwordEnv: 'SUDO' } });
    expect(await whoami(host)).toBe('root');
    const input = 'line one\nline two\n';
    const said = await host.exec(['cat'], { deadlineMs: 20_000, stdin: input });
    expect(said.ok && said.value.stdout).toBe(input);
    const all = await host.exec(['sh', '-c', 'cat /proc/[0-9]*/cmdline'], { deadlineMs: 20_000 });
    expect(all.ok).toBe(true);
    expect(all.ok && all.value.stdout.includes(PASSWORD)).toBe(false);
  });

  it('is told what sudo wants', async () => {
    rules(`${USER} ALL=(root) ALL`);
    const silent = await whoami(hostWith({ sudo: 'without-password' }));
    expect(silent).toMatch(/^SUDO_REFUSED: sudo asks for the password of .*, and none is given/);
    const wrong = await whoami(hostWith({ sudo: { passwordEnv: 'WRONG' } }));
    expect(wrong).toMatch(/^SUDO_REFUSED: sudo did not take the password in WRONG/);
    rules(`Defaults:${USER} requiretty`, `${USER} ALL=(root) NOPASSWD: ALL`);
    const tty = await whoami(hostWith({ sudo: 'without-password' }));
    expect(tty).toMatch(/^SUDO_REFUSED: sudo wants a terminal/);
    rules();
    const none = await whoami(hostWith({ sudo: { passwordEnv: 'SUDO' } }));
    expect(none).toMatch(/^SUDO_REFUSED: sudo does not let/);
  });
});
