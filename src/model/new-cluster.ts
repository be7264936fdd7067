/** Turns what is left of a cluster into what a new one of the same members is made of. */

import { peerSettings } from './settings.ts';
import { type PeerUrl, isHttps, withScheme } from './url.ts';
import type { MemberWorld, World } from './world.ts';

/** What the others are to call a member from then on: its own URLs, by the scheme that its settings listen on. */
export function urlsAfresh(world: World, { name, disk }: MemberWorld): readonly PeerUrl[] {
  const { listen } = peerSettings(disk.settings);
  const record = world.record[name] ?? [];
  const fitting = record.filter((url) => listen.some((each) => isHttps(each) === isHttps(url)));
  if (fitting.length > 0) return fitting;
  const [scheme] = listen.map((url): 'http' | 'https' => (isHttps(url) ? 'https' : 'http'));
  return [...new Set(record.map((url) => withScheme(url, scheme ?? 'http')))];
}
