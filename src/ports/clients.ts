/** Who is connected to a member's client listeners, as its own host sees it. Types only. */

import type { ClientLook } from '../model/clients.ts';
import type { Answer } from './answer.ts';

export interface ClientListeners {
  /** The member's process; undefined: it is found by the ports. */
  readonly pid: number | undefined;
  /** Ports of its listen-client-urls, each with the schemes that are served on it now. */
  readonly ports: readonly {
    readonly port: number;
    readonly schemes: readonly ('http' | 'https')[];
  }[];
  /** How long bytes are looked at to tell TLS from plain text. */
  readonly lookMs: number;
}

/** One member's host. It only reads; nothing of what it looks at is kept or shown. */
export interface ClientSight {
  look(listeners: ClientListeners): Answer<ClientLook>;
}
