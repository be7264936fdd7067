/** Goal: a keepalive counts as failed only through a member that serves. Method: a gateway of our own that goes silent. */

import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';

import { type LeaseReport, startLeaseKeeper } from '../../../src/lab/lease-keeper.ts';

/** Grants a lease and never answers a keepalive; nor, right after that, the version, unless it serves. */
async function keptThrough(servesVersion: boolean): Promise<LeaseReport> {
  let isSilent = false;
  const isAbsent = (): boolean => isSilent && !servesVersion;
  const server: Server = createServer((request, response) => {
    const { url } = request;
    if (url === '/version' && isAbsent()) {
      isSilent = false;
    } else if (url === '/version') {
      response.end('{"etcdserver":"3.4.23","etcdcluster":"3.4.0"}');
    } else if (url === '/v3/lease/grant') {
      response.end('{"ID":"7587","TTL":"10"}');
    } else if (url === '/v3/lease/keepalive') {
      isSilent = true;
      asked();
    } else if (url?.startsWith('/v3/kv/lease/') === true) {
      response.end('{"TTL":"9"}');
    }
  });
  let asked = (): void => undefined;
  const firstAsked = new Promise<void>((resolve) => (asked = resolve));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const keeper = startLeaseKeeper({ endpoints: [`http://127.0.0.1:${String(port)}`] });
  await firstAsked;
  const report = await keeper.stop();
  server.closeAllConnections();
  server.close();
  return report;
}

describe.concurrent('a keepalive that is not answered in time', () => {
  it('has failed when the member serves', async () => {
    const { keepalives, failed, unreachable } = await keptThrough(true);
    expect({ keepalives, failed, unreachable }).toEqual({
      keepalives: 1,
      failed: 1,
      unreachable: 0,
    });
  });

  it('has found nobody when the member answers nothing at all, as while it starts', async () => {
    const { keepalives, failed, unreachable } = await keptThrough(false);
    expect({ keepalives, failed, unreachable }).toEqual({
      keepalives: 1,
      failed: 0,
      unreachable: 1,
    });
  });
});
