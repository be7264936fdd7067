/** Turns the keys that were acknowledged into which of them the cluster still has, with which value. */

import { present } from '../base/assert.ts';
import type { Result } from '../base/result.ts';
import { err, ok } from '../base/result.ts';
import type { Failure } from '../model/failure.ts';
import { base64, fieldOf, fromBase64, Gateway, type GatewayAccess } from './gateway.ts';
import type { KeyLedger } from './key-ledger.ts';

export interface ReadBack {
  /** Acknowledged keys that were looked for. */
  readonly read: number;
  /** Keys that are not there. */
  readonly lost: readonly string[];
  /** Keys that are there with another value. */
  readonly mismatched: readonly string[];
}

/** Small enough to be far below the gateway's limit for one answer, at 64 bytes a value. */
const PAGE_KEYS = 500;
const READ_DEADLINE_MS = 5000;
/** An election may be going on; after this the cluster is not serving. */
const TOTAL_TRIES = 60;
const RETRY_PAUSE_MS = 200;

/**
 * Reads pages of each client's keys with linearizable ranges (etcd's default) and compares key by key.
 * ENDPOINT_UNREACHABLE when no member serves such a read.
 */
export async function readBackKeys(
  endpoints: readonly string[],
  ledgers: readonly KeyLedger[],
  access?: GatewayAccess,
): Promise<Result<ReadBack, Failure>> {
  const reader = new PageReader(endpoints, access);
  const lost: string[] = [];
  const mismatched: string[] = [];
  let read = 0;
  try {
    for (const ledger of ledgers) {
      let page: Page = { values: new Map(), lastKey: '', hasMore: true };
      for (const number of ledger.acknowledged()) {
        const key = ledger.key(number);
        while (page.hasMore && key > page.lastKey) {
          const next = await reader.page(ledger.prefix, page.lastKey);
          if (!next.ok) return next;
          page = next.value;
        }
        read += 1;
        const value = page.values.get(key);
        if (value === undefined) lost.push(key);
        else if (value !== ledger.value(number)) mismatched.push(key);
      }
    }
  } finally {
    reader.close();
  }
  return ok({ read, lost, mismatched });
}

interface Page {
  readonly values: ReadonlyMap<string, string>;
  /** In etcd's order; empty before the first page. */
  readonly lastKey: string;
  readonly hasMore: boolean;
}

class PageReader {
  readonly #gateways: readonly Gateway[];
  #current = 0;
  #triesLeft = TOTAL_TRIES;

  constructor(endpoints: readonly string[], access: GatewayAccess | undefined) {
    this.#gateways = endpoints.map((endpoint) => new Gateway(endpoint, access));
  }

  /** The keys below the prefix that come after the last one. */
  async page(prefix: string, lastKey: string): Promise<Result<Page, Failure>> {
    const from = lastKey === '' ? prefix : `${lastKey}\u0000`;
    // Prefixes end in '/', and '0' is the character after it: the end of all keys below.
    const body = {
      key: base64(from),
      range_end: base64(`${prefix.slice(0, -1)}0`),
      limit: PAGE_KEYS,
    };
    let reason = 'it was not asked';
    while (this.#triesLeft > 0) {
      const gateway = present(this.#gateways[this.#current % this.#gateways.length], 'a gateway');
      const answer = await gateway.call('/kv/range', body, READ_DEADLINE_MS);
      if (answer.kind === 'answered' && answer.status === 200) return ok(readPage(answer.text));
      reason = answer.kind === 'answered' ? answer.text.slice(0, 200) : answer.reason;
      this.#current += 1;
      this.#triesLeft -= 1;
      await new Promise((wake) => setTimeout(wake, RETRY_PAUSE_MS));
    }
    const asked = this.#gateways.map((gateway) => gateway.endpoint).join(', ');
    return err(notReadable(asked, prefix, reason));
  }

  close(): void {
    for (const gateway of this.#gateways) gateway.close();
  }
}

function readPage(text: string): Page {
  const listed = fieldOf(text, 'kvs');
  const values = new Map<string, string>();
  let lastKey = '';
  for (const entry of Array.isArray(listed) ? (listed as unknown[]) : []) {
    if (typeof entry !== 'object' || entry === null || !('key' in entry)) continue;
    lastKey = fromBase64(String(entry.key));
    // The gateway leaves an empty value out.
    values.set(lastKey, 'value' in entry ? fromBase64(String(entry.value)) : '');
  }
  return { values, lastKey, hasMore: values.size > 0 && fieldOf(text, 'more') === true };
}

function notReadable(endpoints: string, prefix: string, reason: string): Failure {
  return {
    code: 'ENDPOINT_UNREACHABLE',
    where: endpoints,
    would: `read back the acknowledged keys below ${prefix}`,
    but: `no member answered a linearizable read in ${String(TOTAL_TRIES)} tries: ${reason}`,
    so: 'whether a write was lost is not known',
    remedy: 'look at the members with peershift lab status and at their logs',
  };
}
