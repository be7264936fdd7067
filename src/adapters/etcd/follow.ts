/** Turns a member's client URL into a door that goes on over http or https, whichever is served there now. */

import { present } from '../../base/assert.ts';
import type { Result } from '../../base/result.ts';
import type { Failure } from '../../model/failure.ts';
import type { CanaryCalls, EtcdMember, OpenEtcd } from '../../ports.ts';
import type { EtcdOptions } from './client.ts';
import { type Endpoint, type TlsFiles, parseClientUrl } from './endpoint.ts';
import { type Speech, speechOf } from './speech.ts';

export interface FollowOptions {
  /** For http; those for https have the TLS files beside. */
  readonly options: Omit<EtcdOptions, 'tls'>;
  /** Asked for again until there are some: the run itself may make them. */
  readonly tlsFiles: () => Promise<TlsFiles | undefined>;
  readonly openWith: (options: EtcdOptions) => OpenEtcd;
}

/** What plain http said of itself is true for so long; a member takes longer to restart. */
const HTTP_HOLDS_MS = 1000;

type Scheme = Exclude<Speech, 'unknown'>;

/**
 * Each URL is taken as a host and a port, whatever its scheme. TLS is tried first, and plain http only
 * where the port has shown that it speaks nothing else; a login goes the way that the member serves.
 * A call that could not be sent is sent again when the port has changed its language in the meantime.
 */
export function makeOpenFollowing(how: FollowOptions): OpenEtcd {
  const plain = how.openWith(how.options);
  let secure: Promise<Secure | undefined> | undefined;
  const secureNow = async (): Promise<Secure | undefined> => {
    const asked = (secure ??= secureWay(how));
    const found = await asked;
    if (found === undefined && secure === asked) secure = undefined;
    return found;
  };
  return (endpoint) => {
    const parsed = parseClientUrl(endpoint, endpoint.startsWith('https:'));
    // A URL that nobody can dial says so itself.
    if (parsed.problem !== undefined) return plain(endpoint);
    return asMember(new Follower(endpoint, parsed, { plain, secureNow, ...how }));
  };
}

interface Secure {
  readonly open: OpenEtcd;
  readonly files: TlsFiles;
}

async function secureWay(how: FollowOptions): Promise<Secure | undefined> {
  const files = await how.tlsFiles();
  return files === undefined
    ? undefined
    : { files, open: how.openWith({ ...how.options, tls: files }) };
}

interface Ways {
  readonly plain: OpenEtcd;
  readonly secureNow: () => Promise<Secure | undefined>;
  readonly options: FollowOptions['options'];
}

interface Opened {
  readonly member: EtcdMember;
  /** Calls that are under way. */
  calls: number;
  isLeft: boolean;
}

class Follower {
  readonly endpoint: string;
  readonly #parsed: Endpoint;
  readonly #ways: Ways;
  readonly #opened = new Map<Scheme, Opened>();
  #scheme: Scheme | undefined;
  #saidAtMs = 0;
  #asking: Promise<Scheme | undefined> | undefined;

  constructor(endpoint: string, parsed: Endpoint, ways: Ways) {
    this.endpoint = endpoint;
    this.#parsed = parsed;
    this.#ways = ways;
  }

  /** Sends it where the member is, and once more where it has gone; `once` for what must not go twice. */
  async call<T>(
    send: (member: EtcdMember) => Promise<Result<T, Failure>>,
    repeat: 'again' | 'once' = 'again',
  ): Promise<Result<T, Failure>> {
    const scheme = await this.#now();
    const answer = await this.#through(scheme, send);
    if (answer.ok || answer.error.code !== 'ENDPOINT_UNREACHABLE') return answer;
    this.#saidAtMs = 0;
    if (repeat === 'once') return answer;
    const next = await this.#ask();
    return next === undefined || next === scheme ? answer : this.#through(next, send);
  }

  close(): void {
    for (const scheme of this.#opened.keys()) this.#leave(scheme);
  }

  /** What is known to be served, asked anew where it may have changed; else what the URL says. */
  async #now(): Promise<Scheme> {
    const isFresh = performance.now() - this.#saidAtMs < HTTP_HOLDS_MS;
    if (this.#saidAtMs > 0 && this.#scheme !== undefined) {
      if (this.#scheme === 'https' || isFresh) return this.#scheme;
    }
    return (await this.#ask()) ?? this.#scheme ?? (this.#parsed.isTls ? 'https' : 'http');
  }

  /** One handshake for all who want to know at the same time. */
  async #ask(): Promise<Scheme | undefined> {
    const asking = (this.#asking ??= this.#askNow());
    try {
      return await asking;
    } finally {
      if (this.#asking === asking) this.#asking = undefined;
    }
  }

  async #askNow(): Promise<Scheme | undefined> {
    const secure = await this.#ways.secureNow();
    // Without files there is nothing to find out with: the URL is taken at its word.
    const own = this.#parsed.isTls ? 'https' : 'http';
    const said =
      secure === undefined
        ? own
        : await speechOf(this.#parsed, secure.files, this.#ways.options.way);
    if (said === 'unknown') return undefined;
    this.#scheme = said;
    this.#saidAtMs = performance.now();
    this.#leave(said === 'http' ? 'https' : 'http');
    return said;
  }

  async #through<T>(
    scheme: Scheme,
    send: (member: EtcdMember) => Promise<Result<T, Failure>>,
  ): Promise<Result<T, Failure>> {
    const opened = await this.#open(scheme);
    opened.calls += 1;
    try {
      return await send(opened.member);
    } finally {
      opened.calls -= 1;
      if (opened.isLeft && opened.calls === 0) opened.member.close();
    }
  }

  async #open(scheme: Scheme): Promise<Opened> {
    const url = this.#parsed.shown.replace(/^https?:/, `${scheme}:`);
    const secure = scheme === 'https' ? await this.#ways.secureNow() : undefined;
    const open = secure?.open ?? this.#ways.plain;
    const found = this.#opened.get(scheme);
    if (found !== undefined) return found;
    const opened = { member: open(url), calls: 0, isLeft: false };
    this.#opened.set(scheme, opened);
    return opened;
  }

  /** Its connection ends with the last call on it: nobody is to see us among those who speak http. */
  #leave(scheme: Scheme): void {
    const opened = this.#opened.get(scheme);
    if (opened === undefined) return;
    this.#opened.delete(scheme);
    opened.isLeft = true;
    if (opened.calls === 0) opened.member.close();
  }
}

function asMember(follower: Follower): EtcdMember {
  return {
    endpoint: follower.endpoint,
    members: () => follower.call((member) => member.members()),
    status: () => follower.call((member) => member.status()),
    health: () => follower.call((member) => member.health()),
    metrics: () => follower.call((member) => member.metrics()),
    alarms: () => follower.call((member) => member.alarms()),
    // What may have arrived is no ENDPOINT_UNREACHABLE for these two.
    updatePeerUrls: (id, urls) => follower.call((member) => member.updatePeerUrls(id, urls)),
    moveLeader: (target, deadlineMs) =>
      follower.call((member) => member.moveLeader(target, deadlineMs)),
    revision: () => follower.call((member) => member.revision()),
    hashKv: (revision) => follower.call((member) => member.hashKv(revision)),
    leases: (most) => follower.call((member) => member.leases(most)),
    rolesOf: (username) => follower.call((member) => member.rolesOf(username)),
    snapshot: (path) => follower.call((member) => member.snapshot(path), 'once'),
    acquireLock: (key, owner, ttlSeconds) =>
      follower.call((member) => member.acquireLock(key, owner, ttlSeconds), 'once'),
    renewLease: (leaseId) => follower.call((member) => member.renewLease(leaseId)),
    canary: {
      grant: (seconds) => follower.call((member) => canaryOf(member).grant(seconds), 'once'),
      write: (key, value, lease) => {
        return follower.call((member) => canaryOf(member).write(key, value, lease), 'once');
      },
      read: (key) => follower.call((member) => canaryOf(member).read(key)),
      revoke: (lease) => follower.call((member) => canaryOf(member).revoke(lease)),
    },
    holdsLock: (key, createRevision) =>
      follower.call((member) => member.holdsLock(key, createRevision)),
    releaseLock: (key, createRevision, leaseId) =>
      follower.call((member) => member.releaseLock(key, createRevision, leaseId)),
    close: () => {
      follower.close();
    },
  };
}

function canaryOf({ canary }: EtcdMember): CanaryCalls {
  return present(canary, 'what gRPC has for a canary');
}
