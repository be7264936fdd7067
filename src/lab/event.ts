/** What the lab tells while it works, and the line that a person reads for it. */

import { durationText } from '../base/duration.ts';
import { unreachable } from '../base/assert.ts';

export type LabEvent =
  | { readonly kind: 'etcd-fetching'; readonly source: string; readonly cache: string }
  | {
      readonly kind: 'etcd-found';
      readonly path: string;
      readonly version: string;
      readonly origin: string;
    }
  | { readonly kind: 'folder-made'; readonly dir: string; readonly block: string }
  | { readonly kind: 'member-starting'; readonly name: string; readonly endpoint: string }
  | { readonly kind: 'member-running'; readonly name: string; readonly pid: number }
  | { readonly kind: 'member-stopped'; readonly name: string; readonly pid: number }
  | { readonly kind: 'cluster-healthy'; readonly members: number; readonly durationMs: number }
  | { readonly kind: 'folder-removed'; readonly dir: string }
  | { readonly kind: 'writer-started'; readonly clients: number; readonly writesPerSecond: number }
  | {
      readonly kind: 'writer-stopped';
      readonly acknowledged: number;
      readonly longestStallMs: number;
    }
  | { readonly kind: 'read-back'; readonly read: number; readonly lost: number };

export type LabReport = (event: LabEvent) => void;

/** One line for one event. */
export function labEventText(event: LabEvent): string {
  switch (event.kind) {
    case 'etcd-fetching':
      return `fetching etcd once from ${event.source} into ${event.cache}`;
    case 'etcd-found':
      return `etcd ${event.version} (${event.origin}): ${event.path}`;
    case 'folder-made':
      return `made ${event.dir} for a test cluster on ${event.block}`;
    case 'member-starting':
      return `starting ${event.name} on ${event.endpoint}`;
    case 'member-running':
      return `${event.name} runs with pid ${String(event.pid)}`;
    case 'member-stopped':
      return `${event.name} stopped (pid ${String(event.pid)})`;
    case 'cluster-healthy':
      return `${String(event.members)} ${event.members === 1 ? 'member' : 'members'} healthy after ${durationText(event.durationMs)}`;
    case 'folder-removed':
      return `removed ${event.dir}`;
    case 'writer-started':
      return `${String(event.clients)} clients write ${String(event.writesPerSecond)} keys/s`;
    case 'writer-stopped':
      return (
        `${String(event.acknowledged)} writes acknowledged, ` +
        `longest stall ${durationText(event.longestStallMs)}`
      );
    case 'read-back':
      return `${String(event.read)} acknowledged keys read back, ${String(event.lost)} lost`;
    default:
      return unreachable(event);
  }
}
