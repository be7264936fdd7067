/** Turns what a file held when into a small record beside it, and back: a process reads its file once, at its start. */

import { sha256 } from '../../base/digest.ts';
import { ok } from '../../base/result.ts';
import type { Settings } from '../../model/settings.ts';
import type { Answer, ConfigEpoch, Host, HostFile } from '../../ports.ts';

interface Entry extends ConfigEpoch {
  readonly digest: string;
  /** Of what was written over it. */
  readonly next?: string;
}

/** A run writes a member's file at most a few times; older entries are of processes long gone. */
const MOST_ENTRIES = 12;
/** etcd's file holds no password; a discovery URL is as good as one. */
const SECRET = /password|secret|token|^discovery/;

export function historyPath(path: string): string {
  return `${path}.peershift-history`;
}

/**
 * The record before a write (`next` is the digest of what will be written) or after it. Of a file that
 * others changed meanwhile the record begins anew.
 */
export async function keepHistory(
  host: Host,
  path: string,
  file: HostFile,
  settings: Settings,
  next?: string,
): Answer<undefined> {
  const digest = sha256(file.bytes);
  const past = chainTo(await entriesOf(host, path), digest);
  const own = past.at(-1)?.digest === digest ? past.at(-1) : undefined;
  const entry: Entry = {
    sinceMs: own?.sinceMs ?? file.modifiedAtMs,
    digest,
    settings: Object.fromEntries(Object.entries(settings).filter(([flag]) => !SECRET.test(flag))),
    ...(next === undefined ? {} : { next }),
  };
  const entries = [...(own === undefined ? past : past.slice(0, -1)), entry].slice(-MOST_ENTRIES);
  const text = `${JSON.stringify({ version: 1, entries })}\n`;
  const { mode, uid, gid } = file;
  return await host.writeFile(historyPath(path), Buffer.from(text, 'utf8'), { mode, uid, gid });
}

/**
 * What the file held when, oldest first; the last epoch is what it holds now. Only what is known without
 * a gap: an epoch counts when exactly what was written over it follows.
 */
export async function readHistory(
  host: Host,
  path: string,
  file: HostFile,
  settings: Settings,
): Answer<readonly ConfigEpoch[]> {
  const digest = sha256(file.bytes);
  const past = chainTo(await entriesOf(host, path), digest);
  const last = past.at(-1);
  if (last?.digest === digest) return ok([...past.slice(0, -1), { ...last, settings }]);
  return ok([...past, { sinceMs: file.modifiedAtMs, settings }]);
}

/** The entries that lead to this digest one after the other. */
function chainTo(entries: readonly Entry[], digest: string): readonly Entry[] {
  const chain: Entry[] = [];
  let wanted: string | undefined = digest;
  for (const entry of entries.toReversed()) {
    const isEnd = chain.length === 0 && entry.digest === digest;
    if (!isEnd && entry.next !== wanted) break;
    chain.unshift(entry);
    wanted = entry.digest;
  }
  return chain;
}

/** A record that cannot be read is none: then less is known, and nothing is wrong. */
async function entriesOf(host: Host, path: string): Promise<readonly Entry[]> {
  const file = await host.readFile(historyPath(path));
  if (!file.ok || file.value === undefined) return [];
  try {
    const content: unknown = JSON.parse(Buffer.from(file.value.bytes).toString('utf8'));
    const entries = (content as { entries?: unknown } | null)?.entries;
    return Array.isArray(entries) && entries.every(isEntry) ? entries : [];
  } catch {
    return [];
  }
}

function isEntry(value: unknown): value is Entry {
  const entry = value as Partial<Entry> | null;
  return (
    typeof entry?.sinceMs === 'number' &&
    typeof entry.digest === 'string' &&
    typeof entry.settings === 'object'
  );
}
