/**
 * A program: turns an order on its command line into clients at work, and a line on its input into their
 * report. It is started where the operator of the boxes is, since only from there are they reached.
 */

import { once } from 'node:events';
import { createInterface } from 'node:readline';

import type { Result } from '../../src/base/result.ts';
import type { Failure } from '../../src/model/failure.ts';
import { fieldOf, Gateway, type GatewayAccess } from '../../src/lab/gateway.ts';
import { type LeaseReport, startLeaseKeeper } from '../../src/lab/lease-keeper.ts';
import type { ReadBack } from '../../src/lab/read-back.ts';
import { startWriter } from '../../src/lab/writer.ts';

export interface ClientsOrder {
  readonly endpoints: readonly string[];
  readonly access: GatewayAccess;
  /** Only where clients need no login and no certificate. */
  readonly keepsLeases: boolean;
}

export interface ClientsReport {
  readonly acknowledged: number;
  readonly longestStallMs: number;
  readonly readBack: Result<ReadBack, Failure>;
  readonly leases: LeaseReport | undefined;
  /** Keys of peershift's own that are left in the cluster. */
  readonly ownKeys: number;
}

const WRITES_PER_SECOND = 90;
const CLIENTS_PER_MEMBER = 2;
const CALL_MS = 8000;

async function main(order: ClientsOrder): Promise<void> {
  const { endpoints, access } = order;
  const writer = startWriter({
    endpoints,
    access,
    clients: endpoints.length * CLIENTS_PER_MEMBER,
    writesPerSecond: WRITES_PER_SECOND,
    keyPrefix: 'live/',
  });
  const leases = order.keepsLeases ? startLeaseKeeper({ endpoints }) : undefined;
  await once(createInterface({ input: process.stdin }), 'close');
  const [written, kept] = await Promise.all([writer.stop(), leases?.stop()]);
  const report: ClientsReport = {
    acknowledged: written.acknowledged,
    longestStallMs: written.longestStallMs,
    readBack: await writer.readBack(),
    leases: kept,
    ownKeys: await ownKeys(order),
  };
  process.stdout.write(JSON.stringify(report));
}

async function ownKeys({ endpoints, access }: ClientsOrder): Promise<number> {
  const [key, end] = ['/peershift/', '/peershift0'].map((each) =>
    Buffer.from(each).toString('base64'),
  );
  const body = { key, range_end: end, count_only: true };
  return Number(fieldOf(await call(endpoints[0] ?? '', access, '/kv/range', body), 'count') ?? 0);
}

async function call(
  endpoint: string,
  access: GatewayAccess,
  at: string,
  body: unknown,
): Promise<string> {
  const gateway = new Gateway(endpoint, access);
  try {
    const answer = await gateway.call(at, body, CALL_MS);
    if (answer.kind === 'answered' && answer.status === 200) return answer.text;
    throw new Error(`${at} of ${endpoint}: ${JSON.stringify(answer)}`);
  } finally {
    gateway.close();
  }
}

await main(JSON.parse(process.argv[2] ?? '') as ClientsOrder);
