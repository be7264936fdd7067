/** Turns ~/.ssh/config into what it says of one host, and refuses by name what would lead elsewhere. */

import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import SSHConfig from 'ssh-config';

import { type Result, err, ok } from '../../base/result.ts';
import { systemErrorCode, systemErrorText } from '../../base/system-error.ts';
import { type SshTrouble, notSent } from './trouble.ts';

export interface ConfigWords {
  readonly hostName: string | undefined;
  readonly user: string | undefined;
  readonly port: number | undefined;
  readonly identityFiles: readonly string[];
  readonly identitiesOnly: boolean;
  readonly identityAgent: string | undefined;
  /** Undefined also for `none`. */
  readonly proxyJump: string | undefined;
  readonly hostKeyAlias: string | undefined;
  /** Undefined: ssh's own. */
  readonly userKnownHostsFiles: readonly string[] | undefined;
  readonly globalKnownHostsFiles: readonly string[] | undefined;
  readonly connectTimeoutMs: number | undefined;
  readonly aliveIntervalMs: number | undefined;
  readonly aliveCountMax: number | undefined;
}

export interface ConfigQuestion {
  /** The folder that `~` and `.ssh` are taken from: $HOME. */
  readonly home: string;
  readonly host: string;
  readonly user: string | undefined;
}

/** As deep as ssh follows Include. */
const INCLUDE_DEPTH = 16;
/** What decides where the connection goes or who we are there, and that ssh2 or we cannot do. */
const NOT_SUPPORTED = [
  ...['ProxyCommand', 'CertificateFile', 'PKCS11Provider', 'SecurityKeyProvider'],
  ...['KnownHostsCommand', 'BindAddress', 'BindInterface', 'CanonicalizeHostname'],
  ...['RevokedHostKeys', 'RemoteCommand', 'HostbasedAuthentication'],
];
const HARMLESS_VALUES = ['none', 'no', 'false'];
/** What a Match line may ask: what is known without running anything. */
const MATCH_CRITERIA = ['all', 'host', 'originalhost', 'user', 'localuser'];

/** The file of $HOME; a missing one says nothing. Includes are followed; nothing is ever executed. */
export function configFor(question: ConfigQuestion): Result<ConfigWords, SshTrouble> {
  const path = join(question.home, '.ssh/config');
  try {
    const text = withIncludes(path, question.home, 0);
    const criterion = strangeMatch(text);
    if (criterion !== undefined) return err(unsupported(path, `Match ${criterion}`));
    const { host, user } = question;
    const asked = user === undefined ? { Host: host } : { Host: host, User: user };
    // Without matchExec: false the package would run a shell.
    const words = SSHConfig.parse(text).compute(asked, { ignoreCase: true, matchExec: false });
    const name = NOT_SUPPORTED.find((one) => isSaid(words[one.toLowerCase()]));
    if (name !== undefined) return err(unsupported(path, name));
    return ok(configWords(words, question));
  } catch (error) {
    const but = `${path} cannot be read: ${systemErrorText(error)}`;
    return err(
      notSent(
        'SSH_CONFIG_UNSUPPORTED',
        but,
        'mend the file; `ssh -G HOST` shows what ssh makes of it',
      ),
    );
  }
}

type Computed = Readonly<Record<string, string | readonly string[] | undefined>>;

function configWords(words: Computed, question: ConfigQuestion): ConfigWords {
  const one = (key: string): string | undefined => list(words, key)[0];
  const count = (key: string): number | undefined => {
    const value = Number(one(key) ?? 'none');
    return Number.isFinite(value) ? value : undefined;
  };
  const hostName = one('hostname')?.replaceAll('%%', '%').replaceAll('%h', question.host);
  const { home } = question;
  const tokens = { home, host: hostName ?? question.host, user: one('user') };
  const paths = (key: string): readonly string[] | undefined => {
    const texts = list(words, key);
    return texts.length === 0 ? undefined : texts.map((text) => expanded(text, tokens));
  };
  const jump = one('proxyjump');
  return {
    hostName,
    user: one('user'),
    port: count('port'),
    identityFiles: (paths('identityfile') ?? []).filter((path) => path !== join(home, 'none')),
    identitiesOnly: one('identitiesonly')?.toLowerCase() === 'yes',
    identityAgent: agentOf(one('identityagent'), tokens),
    proxyJump: jump?.toLowerCase() === 'none' ? undefined : jump,
    hostKeyAlias: one('hostkeyalias'),
    userKnownHostsFiles: paths('userknownhostsfile'),
    globalKnownHostsFiles: paths('globalknownhostsfile'),
    connectTimeoutMs: milliseconds(count('connecttimeout')),
    aliveIntervalMs: milliseconds(count('serveraliveinterval')),
    aliveCountMax: count('serveralivecountmax'),
  };
}

interface Tokens {
  readonly home: string;
  readonly host: string;
  readonly user: string | undefined;
}

/** `~`, and the percent tokens that stand in paths. */
function expanded(text: string, { home, host, user }: Tokens): string {
  const tokens: Readonly<Record<string, string>> = { '%%': '%', '%d': home, '%h': host };
  const all: Readonly<Record<string, string>> =
    user === undefined ? tokens : { ...tokens, '%r': user };
  const path = text.replace(/%[%dhr]/g, (token) => all[token] ?? token);
  return resolve(home, path.startsWith('~/') ? path.slice(2) : path);
}

function agentOf(text: string | undefined, tokens: Tokens): string | undefined {
  if (text === undefined || text === 'none' || text === 'SSH_AUTH_SOCK') return text;
  return expanded(text, tokens);
}

/** Zero turns a time off: ssh's own default is what we take then. */
function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined || seconds <= 0 ? undefined : seconds * 1000;
}

/** Several words on one line, several lines, or one word: all are lists. */
function list(words: Computed, key: string): readonly string[] {
  const value = words[key];
  if (value === undefined) return [];
  const texts = typeof value === 'string' ? [value] : value;
  return key.endsWith('knownhostsfile') ? texts.flatMap((text) => text.split(/\s+/)) : texts;
}

function isSaid(value: string | readonly string[] | undefined): boolean {
  if (value === undefined) return false;
  const text = (typeof value === 'string' ? value : value.join(' ')).trim().toLowerCase();
  return !HARMLESS_VALUES.includes(text);
}

function strangeMatch(text: string): string | undefined {
  for (const line of text.split('\n')) {
    const words = /^\s*match[\s=]+(.*)$/i.exec(line)?.[1]?.trim().split(/\s+/) ?? [];
    for (let at = 0; at < words.length; at += 2) {
      const criterion = words[at]?.toLowerCase() ?? '';
      if (!MATCH_CRITERIA.includes(criterion)) return criterion;
      if (criterion === 'all') at -= 1;
    }
  }
  return undefined;
}

/** Included text stands where the line stood, as in ssh. */
function withIncludes(path: string, home: string, depth: number): string {
  if (depth > INCLUDE_DEPTH) throw new Error(`Include goes deeper than ${String(INCLUDE_DEPTH)}`);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return '';
    throw error;
  }
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  const whole = lines.map((line) => {
    const names = /^\s*include[\s=]+(.*)$/i.exec(line)?.[1]?.trim().split(/\s+/);
    if (names === undefined) return line;
    const files = names.flatMap((name) => matching(name.replaceAll('"', ''), home));
    return files.map((file) => withIncludes(file, home, depth + 1)).join('\n');
  });
  return whole.join('\n');
}

/** Wildcards in the last part of the path, in the order of names; others are taken as they are. */
function matching(name: string, home: string): readonly string[] {
  const path = name.startsWith('~/') ? join(home, name.slice(2)) : resolve(home, '.ssh', name);
  const at = path.lastIndexOf('/');
  const pattern = path.slice(at + 1);
  if (!/[*?]/.test(pattern)) return [path];
  const source = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  const fits = new RegExp(`^${source.replaceAll('*', '.*').replaceAll('?', '.')}$`);
  const folder = path.slice(0, at);
  try {
    const names = readdirSync(folder).filter((one) => fits.test(one) && !one.startsWith('.'));
    return names.sort().map((one) => join(folder, one));
  } catch {
    return [];
  }
}

function unsupported(path: string, name: string): SshTrouble {
  return notSent(
    'SSH_CONFIG_UNSUPPORTED',
    `${path} says ${name}, which peershift does not do`,
    'say it another way for this host (ProxyJump, host.jump or a plain key), in a Host block of its own',
  );
}
