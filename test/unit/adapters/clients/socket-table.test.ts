/** Goal: the kernel's tables are read as they are written. Method: lines as Linux 6.1 prints them. */

import { describe, expect, it } from 'vitest';

import {
  isOwnAddress,
  isWildcard,
  parseHolders,
  parseOwnAddresses,
  parseSockets,
  placeText,
  portOf,
} from '../../../../src/adapters/clients/socket-table.ts';

const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0B00537F:094B 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 701 1 0000000000000000 100 0 0 10 0
   1: 0B00537F:094B 0100007F:84B6 01 00000000:00000000 02:00000A2C 00000000     0        0 702 2 0000000000000000 20 4 30 10 -1
   2: 0B00537F:094B 0100007F:84B8 06 00000000:00000000 03:00000A2C 00000000     0        0 0 3 0000000000000000
`;
const TCP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:094B 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 801 1 0000000000000000 100 0 0 10 0
   1: 0000000000000000FFFF00000100000A:094B 0000000000000000FFFF00000700000A:C824 01 00000000:00000000 02:00000A2C 00000000     0        0 802 2 0000000000000000 20 4 30 10 -1
   2: 000000FD000000000000000007000000:094B 000000FD000000000000000008000000:C824 01 00000000:00000000 02:00000A2C 00000000     0        0 803 2 0000000000000000 20 4 30 10 -1
`;

describe('the tables of sockets', () => {
  const sockets = parseSockets(`${TCP}${TCP6}`);

  it('give listening and open sockets, and none that is closing', () => {
    expect(sockets.map(({ inode }) => inode)).toEqual(['701', '702', '801', '802', '803']);
    expect(sockets.map(({ isListening }) => isListening)).toEqual([
      true,
      false,
      true,
      false,
      false,
    ]);
  });

  it('give addresses in the order of the network, IPv4 inside IPv6 as IPv4', () => {
    expect(sockets.slice(1).map(({ remote }) => placeText(remote))).toEqual([
      '127.0.0.1:33974',
      '[::]:0',
      '10.0.0.7:51236',
      '[fd00::8]:51236',
    ]);
    expect(sockets.map(({ local }) => portOf(local))).toEqual([2379, 2379, 2379, 2379, 2379]);
    expect(sockets.map(({ local }) => isWildcard(local))).toEqual([
      false,
      false,
      true,
      false,
      false,
    ]);
  });
});

it('an address is known as one of the host itself', () => {
  const ours = parseOwnAddresses(`Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     |-- 10.0.0.1
        /32 host LOCAL
     |-- 10.0.0.255
        /32 link BROADCAST
fd000000000000000000000000000007 02 40 00 80     eth0
`);
  const isOwn = (place: string): boolean => isOwnAddress(place, ours);
  expect(isOwn('0a000001:2379')).toBe(true);
  expect(isOwn('0a0000ff:2379')).toBe(false);
  expect(isOwn('7f53000b:2379')).toBe(true);
  expect(isOwn('fd000000000000000000000000000007:2379')).toBe(true);
});

it('a socket is known by who holds it', () => {
  const holders = parseHolders(`/proc/12/fd:
lrwx------ 1 root root 64 Nov 22 20:00 7 -> socket:[702]
lrwx------ 1 root root 64 Nov 22 20:00 8 -> /dev/null
/proc/13/fd:
lrwx------ 1 root root 64 Nov 22 20:00 3 -> socket:[801]
`);
  expect([...holders]).toEqual([
    ['702', 12],
    ['801', 13],
  ]);
});
