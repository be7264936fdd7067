/** Turns who is connected to the client ports into lines: first those who would be turned away. */

import { type ClientConnection, type ClientsSeen, isCounted } from '../model/clients.ts';
import type { Paint } from './paint.ts';
import { tableLines } from './table.ts';
import { counted } from './words.ts';
import { withoutControls } from './wrap.ts';

/** More of one member than these say less; the data has all of them. */
const MAX_SHOWN = 8;

/** Nothing where clients are not moved. */
export function clientsNow(
  { clients }: { readonly clients?: readonly ClientsSeen[] },
  paint: Paint,
): readonly string[] {
  if (clients === undefined) return [];
  const left = clients.flatMap(({ look }) => (look.known ? look.value.connections : []));
  const plain = left.filter((each) => isCounted(each, false)).length;
  const blind = clients.filter(({ look }) => !look.known).length;
  const unseen = blind === 0 ? '' : `, and ${counted(blind, 'member')} that cannot be seen`;
  return [
    `who is connected to the client ports now: ${counted(left.length, 'connection')}, ${String(plain)} not known to speak TLS${unseen}`,
    ...tableLines(clients.flatMap((seen) => rowsOf(seen, paint))).map((line) => `  ${line}`),
    '',
  ];
}

function rowsOf({ member, look }: ClientsSeen, paint: Paint): readonly (readonly string[])[] {
  if (!look.known) return [[member, paint.yellow('unknown'), withoutControls(look.reason)]];
  const { connections, blind } = look.value;
  const sorted = [...connections].sort((a, b) => rank(a) - rank(b));
  const shown = sorted.slice(0, MAX_SHOWN).map((each) => {
    const { remote, process = '', speaks } = each;
    const word = speaks === 'plain' ? paint.yellow('plain http') : speaks;
    return [member, word, withoutControls(`${remote} ${process}`.trim())];
  });
  const more = connections.length - shown.length;
  return [
    ...(connections.length === 0 ? [[member, 'nobody', '']] : []),
    ...shown,
    ...(more > 0 ? [[member, '', `and ${String(more)} more`]] : []),
    ...(blind === undefined ? [] : [[member, '', `not told apart: ${withoutControls(blind)}`]]),
  ];
}

function rank({ speaks }: ClientConnection): number {
  return ['plain', 'unknown', 'tls'].indexOf(speaks);
}
