/** Turns an etcd cluster's endpoints into a steady stream of writes, each acknowledged one remembered. */

import { assert, present } from '../base/assert.ts';
import type { Result } from '../base/result.ts';
import type { Failure } from '../model/failure.ts';
import { base64, Gateway, type GatewayAccess } from './gateway.ts';
import { KeyLedger } from './key-ledger.ts';
import type { ReadBack } from './read-back.ts';
import { readBackKeys } from './read-back.ts';
import type { WriterReport } from './write-statistics.ts';
import { WriteStatistics } from './write-statistics.ts';

export interface WriterOptions {
  /** Client URLs, one for each member. */
  readonly endpoints: readonly string[];
  readonly access?: GatewayAccess | undefined;
  /** Independent clients, each with connections of its own; default four for each member. */
  readonly clients?: number | undefined;
  /** Every key begins with it; it should be used by one writer only. */
  readonly keyPrefix: string;
  readonly valueBytes?: number | undefined;
  /** Of all clients together; default 300. A slow cluster gets fewer, never a burst afterwards. */
  readonly writesPerSecond?: number | undefined;
}

export interface Writer {
  readonly clients: number;
  readonly writesPerSecond: number;
  /** Acknowledged writes so far. */
  acknowledged(): number;
  /** Lets each client settle its write in hand; the second call gives the same report. */
  stop(): Promise<WriterReport>;
  /** After `stop`: reads every acknowledged key with linearizable reads, and compares its value. */
  readBack(): Promise<Result<ReadBack, Failure>>;
}

const DEFAULT_VALUE_BYTES = 64;
/** Each has one write in flight: enough for the wanted rate at 40 ms a write with three members. */
const CLIENTS_PER_MEMBER = 4;
/** Above the 200 that the figures are stated for, with room for a slow machine. */
const DEFAULT_WRITES_PER_SECOND = 300;
/** A client that waits longer than this goes to the next member: a usual setting of real clients. */
const WRITE_DEADLINE_MS = 1000;
/** After a failed request: short, since there is no circuit breaker, but not a busy loop. */
const RETRY_PAUSE_MS = 20;

/** Starts writing at once. */
export function startWriter(options: WriterOptions): Writer {
  const clients = options.clients ?? options.endpoints.length * CLIENTS_PER_MEMBER;
  const writesPerSecond = options.writesPerSecond ?? DEFAULT_WRITES_PER_SECOND;
  assert(clients > 0 && options.endpoints.length > 0, 'a writer needs a client and an endpoint');
  const statistics = new WriteStatistics(performance.now(), performance.timeOrigin);
  const stopping = new AbortController();
  const valueBytes = options.valueBytes ?? DEFAULT_VALUE_BYTES;
  const ledgers = Array.from(
    { length: clients },
    (_, i) => new KeyLedger(`${options.keyPrefix}c${String(i)}/`, valueBytes),
  );
  let acknowledged = 0;
  const loops = ledgers.map((ledger, i) =>
    writeUntil(stopping.signal, {
      ledger,
      statistics,
      gateways: rotated(options.endpoints, i).map((each) => new Gateway(each, options.access)),
      intervalMs: (1000 * clients) / writesPerSecond,
      onAcknowledged: () => {
        acknowledged += 1;
      },
    }),
  );
  let report: Promise<WriterReport> | undefined;
  const stop = async (): Promise<WriterReport> => {
    const stoppedAtMs = performance.now();
    stopping.abort();
    await Promise.all(loops);
    return statistics.report(Math.max(stoppedAtMs, statistics.lastAtMs));
  };
  return {
    clients,
    writesPerSecond,
    acknowledged: () => acknowledged,
    stop: () => (report ??= stop()),
    readBack: () => {
      assert(report, 'the writer is stopped before its keys are read back');
      return readBackKeys(options.endpoints, ledgers, options.access);
    },
  };
}

interface ClientLoop {
  readonly ledger: KeyLedger;
  readonly statistics: WriteStatistics;
  /** Starting with this client's own. */
  readonly gateways: readonly Gateway[];
  readonly intervalMs: number;
  readonly onAcknowledged: () => void;
}

/** One client: one write in flight, on to the next member after a failed one. */
async function writeUntil(stopped: AbortSignal, loop: ClientLoop): Promise<void> {
  const { gateways } = loop;
  let current = 0;
  let dueAtMs = performance.now();
  while (!stopped.aborted) {
    const gateway = present(gateways[current % gateways.length], 'the gateway of a client');
    const sentAtMs = performance.now();
    const isAcknowledged = await put(gateway, loop.ledger);
    loop.ledger.settle(isAcknowledged);
    if (isAcknowledged) {
      loop.statistics.acknowledged(sentAtMs, performance.now());
      loop.onAcknowledged();
      dueAtMs = Math.max(dueAtMs + loop.intervalMs, performance.now());
    } else {
      loop.statistics.failed();
      current += 1;
      dueAtMs = performance.now() + RETRY_PAUSE_MS;
    }
    await pauseUntil(dueAtMs);
  }
  for (const gateway of gateways) gateway.close();
}

async function put(gateway: Gateway, ledger: KeyLedger): Promise<boolean> {
  const number = ledger.nextNumber;
  const body = { key: base64(ledger.key(number)), value: base64(ledger.value(number)) };
  const answer = await gateway.call('/kv/put', body, WRITE_DEADLINE_MS);
  return answer.kind === 'answered' && answer.status === 200 && answer.text.includes('"revision"');
}

function rotated(endpoints: readonly string[], start: number): readonly string[] {
  const from = start % endpoints.length;
  return [...endpoints.slice(from), ...endpoints.slice(0, from)];
}

function pauseUntil(atMs: number): Promise<void> {
  const restMs = atMs - performance.now();
  return restMs < 1 ? Promise.resolve() : new Promise((wake) => setTimeout(wake, restMs));
}
