/** Connections to a member's client ports, and what is known of the language each of them speaks. */

import type { MemberName } from './ids.ts';
import type { Fact } from './observed.ts';

/**
 * `plain`: bytes that are no TLS were seen on it, or its port serves http alone. `tls`: the other way
 * round. `unknown`: it said nothing while it was looked at, and its port serves both.
 */
export type ClientSpeech = 'plain' | 'tls' | 'unknown';

export interface ClientConnection {
  /** `10.0.0.7:51234`, `[::1]:51234`. */
  readonly remote: string;
  readonly local: string;
  readonly speaks: ClientSpeech;
  /** Who holds the other end, where that is a process on the same host: name and pid. */
  readonly process?: string;
}

/** What one look at one member's client ports has seen. */
export interface ClientLook {
  readonly connections: readonly ClientConnection[];
  /** Why bytes could not be looked at, so that connections on a port of both schemes stay unknown. */
  readonly blind?: string;
}

/** One member's, or why there is none. */
export interface ClientsSeen {
  readonly member: MemberName;
  readonly look: Fact<ClientLook>;
}

/** Does it stand against closing http? One that said nothing does, unless a person lets such pass. */
export function isCounted({ speaks }: ClientConnection, acceptsIdle: boolean): boolean {
  return speaks === 'plain' || (speaks === 'unknown' && !acceptsIdle);
}
