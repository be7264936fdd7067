/**
 * Turns the first client URLs of a cluster into clients that follow the published ones: each asks the member
 * list for them, goes to the next when one does not answer, and gives a request up only after all of that.
 */

import { present } from '../../src/base/assert.ts';
import { base64, fieldOf, Gateway, type GatewayAccess } from '../../src/lab/gateway.ts';
import { KeyLedger } from '../../src/lab/key-ledger.ts';
import { type ReadBack, readBackKeys } from '../../src/lab/read-back.ts';
import { value } from './etcd-calls.ts';

export type Scheme = 'http' | 'https';

export interface FleetOptions {
  /** Client URLs (http) as they stand in the settings of the clients. */
  readonly seeds: readonly string[];
  readonly keyPrefix: string;
  /** Default: both. */
  readonly kinds?: readonly Scheme[];
  /** What https needs; asked for when a client meets its first such URL. */
  readonly access: () => GatewayAccess;
  /** Where the cluster wants one, over http as well. */
  readonly login?: GatewayAccess['login'];
}

export interface Tally {
  readonly acknowledged: number;
  /** Requests that no published URL has answered in time, with the last reason. */
  readonly failed: readonly string[];
  /** Answers that did not come, after which the next URL gave one. */
  readonly retried: number;
}

export interface Fleet {
  /** The clients of http get new settings: from now on they want https. */
  moveToTls(): void;
  /** Requests answered so far to clients that spoke it. */
  acknowledged(scheme: Scheme): number;
  stop(): Promise<Readonly<Record<Scheme, Tally>>>;
  /** After `stop`: is every acknowledged key there, asked over https? */
  readBack(): Promise<ReadBack>;
}

const CLIENTS_OF_EACH = 3;
const INTERVAL_MS = 60;
/** As clients of etcd do by themselves (clientv3 with AutoSync). */
const SYNC_MS = 500;
const ATTEMPT_MS = 1000;
/** A usual deadline of a client: one member's restart and one election fit in. */
const REQUEST_MS = 5000;
const RETRY_PAUSE_MS = 20;
const VALUE_BYTES = 64;

/** Starts both kinds at once; those of https wait until the list publishes such a URL. */
export function startFleet(options: FleetOptions): Fleet {
  const stopping = new AbortController();
  const tallies = { http: new Counts(), https: new Counts() };
  const clients = (options.kinds ?? ['http', 'https']).flatMap((scheme) =>
    Array.from({ length: CLIENTS_OF_EACH }, (_, i) => {
      const ledger = new KeyLedger(`${options.keyPrefix}${scheme}${String(i)}/`, VALUE_BYTES);
      return new Client(scheme, options, ledger, i);
    }),
  );
  const loops = clients.map((client) => client.work(tallies, stopping.signal));
  return {
    moveToTls: () => {
      for (const client of clients) client.wanted = 'https';
    },
    acknowledged: (scheme) => tallies[scheme].acknowledged,
    stop: async () => {
      stopping.abort();
      await Promise.all(loops);
      return tallies;
    },
    readBack: async () => {
      const urls = options.seeds.map((seed) => seed.replace(/^http:/, 'https:'));
      const ledgers = clients.map(({ ledger }) => ledger);
      return value(await readBackKeys(urls, ledgers, options.access()));
    },
  };
}

class Counts {
  acknowledged = 0;
  retried = 0;
  readonly failed: string[] = [];
}

class Client {
  wanted: Scheme;
  readonly ledger: KeyLedger;
  readonly #options: FleetOptions;
  /** Every published URL, as of the last list. */
  #published: readonly string[];
  #at: number;
  #gateway: Gateway | undefined;
  #syncedAtMs = 0;

  constructor(wanted: Scheme, options: FleetOptions, ledger: KeyLedger, start: number) {
    this.wanted = wanted;
    this.ledger = ledger;
    this.#options = options;
    this.#published = options.seeds;
    this.#at = start;
  }

  async work(tallies: Readonly<Record<Scheme, Counts>>, stopped: AbortSignal): Promise<void> {
    while (!stopped.aborted) {
      await this.#follow();
      // A client of https has nobody to talk to before there is such a URL.
      if (this.#urls().length > 0) {
        const number = this.ledger.nextNumber;
        const scheme = this.wanted;
        const trouble = await this.#put(number, tallies[scheme]);
        this.ledger.settle(trouble === undefined);
        if (trouble === undefined) tallies[scheme].acknowledged += 1;
        else tallies[scheme].failed.push(`${new Date().toISOString()} ${trouble}`);
      }
      await pause(INTERVAL_MS);
    }
    this.#gateway?.close();
  }

  #urls(): readonly string[] {
    return this.#published.filter((url) => url.startsWith(`${this.wanted}:`));
  }

  /** Undefined when it was acknowledged, else the last reason. */
  async #put(number: number, counts: Counts): Promise<string | undefined> {
    const { ledger } = this;
    const body = { key: base64(ledger.key(number)), value: base64(ledger.value(number)) };
    const giveUpAtMs = performance.now() + REQUEST_MS;
    for (;;) {
      const gateway = this.#open();
      const answer = await gateway.call('/kv/put', body, ATTEMPT_MS);
      if (answer.kind === 'answered' && answer.text.includes('"revision"')) return undefined;
      const reason = answer.kind === 'answered' ? answer.text.slice(0, 200) : answer.reason;
      if (performance.now() > giveUpAtMs) return `${gateway.endpoint}: ${reason}`;
      counts.retried += 1;
      this.#next();
      await pause(RETRY_PAUSE_MS);
      await this.#follow();
    }
  }

  /** Asks the member that it talks to for the list now and then; an answer without URLs changes nothing. */
  async #follow(): Promise<void> {
    if (performance.now() - this.#syncedAtMs < SYNC_MS) return;
    this.#syncedAtMs = performance.now();
    const gateway = this.#open();
    const answer = await gateway.call('/cluster/member/list', {}, ATTEMPT_MS);
    const listed = answer.kind === 'answered' ? fieldOf(answer.text, 'members') : undefined;
    const urls = (Array.isArray(listed) ? (listed as unknown[]) : []).flatMap(clientUrls);
    if (urls.length > 0) this.#published = urls;
    else this.#next();
  }

  /** What it is connected to while that is published and wanted; until there is any, what is published at all. */
  #open(): Gateway {
    const urls = this.#urls();
    const some = urls.length > 0 ? urls : this.#published;
    if (this.#gateway !== undefined && some.includes(this.#gateway.endpoint)) return this.#gateway;
    this.#gateway?.close();
    const url = present(some[this.#at % some.length], 'a published URL');
    const { login } = this.#options;
    const access = url.startsWith('https:') ? this.#options.access() : { login };
    this.#gateway = new Gateway(url, access);
    return this.#gateway;
  }

  #next(): void {
    this.#gateway?.close();
    this.#gateway = undefined;
    this.#at += 1;
  }
}

function clientUrls(listed: unknown): readonly string[] {
  const urls = fieldOf(JSON.stringify(listed), 'clientURLs');
  return Array.isArray(urls) ? urls.filter((url) => typeof url === 'string') : [];
}

function pause(ms: number): Promise<void> {
  return new Promise((wake) => setTimeout(wake, ms));
}
