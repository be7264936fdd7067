/** Turns key files, an agent and a password into what ssh2 tries, one after the other. */

import { readFile } from 'node:fs/promises';
import ssh2 from 'ssh2';
import type { AnyAuthMethod, BaseAgent, ParsedKey } from 'ssh2';

import { type Result, err, ok } from '../../base/result.ts';
import { systemErrorText } from '../../base/system-error.ts';
import type { Identity, LoginWays, Route } from './route.ts';
import { type SshTrouble, notSent } from './trouble.ts';

export interface Login {
  readonly methods: readonly AnyAuthMethod[];
  /** `key ~/.ssh/id_ed25519, agent`: what a refusal names. */
  readonly shown: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** In ssh's order: agent, key files, password. Secrets come from the environment and go nowhere else. */
export async function loginFor(
  route: Route,
  environment: Environment,
): Promise<Result<Login, SshTrouble>> {
  const ways = route.login;
  const agent = await agentMethod(route.user, ways);
  const keys = await keyMethods(route, environment, agent !== undefined);
  if (!keys.ok) return keys;
  const password = passwordMethods(route, environment);
  if (!password.ok) return password;
  const found = [...(agent === undefined ? [] : [agent]), ...keys.value, ...password.value];
  if (found.length === 0) return err(nothingToTry(route));
  const shown = [...new Set(found.map((one) => one.shown))].join(', ');
  return ok({ methods: found.map((one) => one.method), shown });
}

interface Method {
  readonly method: AnyAuthMethod;
  readonly shown: string;
}

async function keyMethods(
  route: Route,
  environment: Environment,
  hasAgent: boolean,
): Promise<Result<readonly Method[], SshTrouble>> {
  const methods: Method[] = [];
  for (const identity of route.login.identities) {
    const key = await readKey(identity, route, environment);
    // ssh, too, goes on with the agent where it cannot open a key that the agent may have.
    if (!key.ok && (identity.isNamed || !hasAgent)) return key;
    if (!key.ok) continue;
    const method = { type: 'publickey' as const, username: route.user, key: key.value };
    methods.push({ method, shown: `key ${identity.path}` });
  }
  return ok(methods);
}

async function readKey(
  { path }: Identity,
  route: Route,
  environment: Environment,
): Promise<Result<ParsedKey, SshTrouble>> {
  let text: Buffer;
  try {
    text = await readFile(path);
  } catch (error) {
    const but = `the identity file ${path} cannot be read: ${systemErrorText(error)}`;
    return err(notSent('HOST_LOGIN_REFUSED', but, 'correct host.identityFile in the plan file'));
  }
  const { passphrase } = route.login;
  const secret = passphrase === undefined ? undefined : environment[passphrase.name];
  if (passphrase !== undefined && (secret === undefined || secret === ''))
    return err(unset(passphrase.name, `the passphrase of ${path}`));
  const key = ssh2.utils.parseKey(text, secret);
  if (!(key instanceof Error)) return ok(key);
  return err(unusableKey(path, key.message, passphrase?.name));
}

function unusableKey(path: string, words: string, passphraseName: string | undefined): SshTrouble {
  if (words.includes('no passphrase given')) {
    const but = `the identity file ${path} is encrypted and no passphrase is given`;
    const remedy =
      'set host.passphrase: { env: NAME }, or load the key into an agent and set host.agent';
    return notSent('HOST_LOGIN_REFUSED', but, remedy);
  }
  if (/bad passphrase|bad decrypt|integrity check failed/i.test(words)) {
    const but = `the passphrase in ${passphraseName ?? 'the environment'} does not open ${path}`;
    return notSent('HOST_LOGIN_REFUSED', but, 'give the right passphrase in that variable');
  }
  const but = `the identity file ${path} is no private key that can be used: ${words}`;
  return notSent('HOST_LOGIN_REFUSED', but, 'name an ed25519, ECDSA or RSA private key');
}

/** One question without echo is the password; anything else we cannot answer. */
function passwordMethods(
  { user: username, login }: Route,
  environment: Environment,
): Result<readonly Method[], SshTrouble> {
  if (login.password === undefined) return ok([]);
  const { name } = login.password;
  const password = environment[name];
  if (password === undefined || password === '')
    return err(unset(name, `the password of ${username}`));
  const shown = `password from ${name}`;
  const interactive: AnyAuthMethod = {
    type: 'keyboard-interactive',
    username,
    prompt: (_name, _instructions, _language, prompts, finish) => {
      finish(prompts.map(({ echo }) => (prompts.length === 1 && echo !== true ? password : '')));
    },
  };
  return ok([
    { method: { type: 'password', username, password }, shown },
    { method: interactive, shown },
  ]);
}

async function agentMethod(username: string, ways: LoginWays): Promise<Method | undefined> {
  if (ways.agent === undefined) return undefined;
  const agent = ssh2.createAgent(ways.agent);
  const offered = ways.onlyIdentities ? onlyKeys(agent, await publicKeys(ways.identities)) : agent;
  return { method: { type: 'agent', username, agent: offered }, shown: `agent ${ways.agent}` };
}

/** Those of the .pub files beside the identity files: IdentitiesOnly. */
async function publicKeys(identities: readonly Identity[]): Promise<readonly Buffer[]> {
  const keys = await Promise.all(
    identities.map(async ({ path }) => {
      const text = await readFile(`${path}.pub`).catch(() => Buffer.alloc(0));
      const key = ssh2.utils.parseKey(text);
      return key instanceof Error ? [] : [key.getPublicSSH()];
    }),
  );
  return keys.flat();
}

function onlyKeys(agent: BaseAgent, wanted: readonly Buffer[]): BaseAgent {
  class OnlyThese extends ssh2.BaseAgent {
    override getIdentities: BaseAgent['getIdentities'] = (callback) => {
      agent.getIdentities((error, keys) => {
        const kept = keys?.filter((key) => wanted.some((one) => one.equals(publicBlob(key))));
        callback(error, kept);
      });
    };

    override sign: BaseAgent['sign'] = agent.sign.bind(agent);
  }
  return new OnlyThese();
}

function publicBlob(key: unknown): Buffer {
  const parsed = ssh2.utils.parseKey(key as ParsedKey);
  return parsed instanceof Error ? Buffer.alloc(0) : parsed.getPublicSSH();
}

function unset(name: string, what: string): SshTrouble {
  const but = `the environment variable ${name}, for ${what}, is not set`;
  return notSent('HOST_LOGIN_REFUSED', but, `set ${name} for this command`);
}

function nothingToTry(route: Route): SshTrouble {
  return notSent(
    'HOST_LOGIN_REFUSED',
    `there is no key, agent or password to log in as ${route.user} with`,
    'set host.identityFile, host.agent or host.password in the plan file, or make ~/.ssh/id_ed25519',
  );
}
