/** Goal: etcd's /metrics is read without a guess. Method: lines as etcd writes them, and lines that lie. */

import { describe, expect, test } from 'vitest';
import { parseMetrics } from '../../../../src/adapters/etcd/metrics-text.ts';

const PAGE = `# HELP etcd_server_has_leader Whether or not a leader exists. 1 is existence, 0 is not.
# TYPE etcd_server_has_leader gauge
etcd_server_has_leader 1
etcd_network_peer_round_trip_time_seconds_sum{To="4111dbf25b37f346"} 0.0014022
etcd_network_peer_round_trip_time_seconds_bucket{To="4111dbf25b37f346",le="+Inf"} 2
process_virtual_memory_bytes 1.1258675e+10
go_memstats_last_gc_time_seconds 1.7e+09 1700000000000
`;

describe('parseMetrics', () => {
  test('keeps each sample under its name and labels as written', () => {
    expect([...parseMetrics(PAGE)]).toEqual([
      ['etcd_server_has_leader', 1],
      ['etcd_network_peer_round_trip_time_seconds_sum{To="4111dbf25b37f346"}', 0.0014022],
      ['etcd_network_peer_round_trip_time_seconds_bucket{To="4111dbf25b37f346",le="+Inf"}', 2],
      ['process_virtual_memory_bytes', 11258675000],
      ['go_memstats_last_gc_time_seconds', 1_700_000_000],
    ]);
  });

  test('reads the words of Prometheus for what is no number', () => {
    const samples = parseMetrics('a NaN\nb +Inf\nc -Inf\n');
    expect([...samples.values()]).toEqual([Number.NaN, Infinity, -Infinity]);
  });

  test('keeps braces, spaces and escaped quotes inside a label value', () => {
    const name = String.raw`a{x="b} \" 1 {c",y="\\"}`;
    expect([...parseMetrics(`${name} 7`)]).toEqual([[name, 7]]);
  });

  test.each(['a', 'a{', 'a{x="1} 3', 'a 0x', 'a one', '<html>', 'a 1 2 3', ' a 1', ''])(
    'takes no sample from the line "%s"',
    (line) => {
      expect(parseMetrics(line).size).toBe(0);
    },
  );

  test('reads lines that end with a carriage return as no sample rather than wrongly', () => {
    expect(parseMetrics('a 12\r\nb 3\n')).toEqual(new Map([['b', 3]]));
  });
});
