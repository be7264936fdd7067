/** completion: what a shell needs to complete our words, or the manual page; all made from the command line itself. */

import type { Command } from '@commander-js/extra-typings';

import { bashCompletion, fishCompletion, zshCompletion } from '../completion.ts';
import { manualPage } from '../manual.ts';
import { VERSION } from '../program.ts';
import { wordsOf } from '../words.ts';

export type CompletionKind = 'bash' | 'zsh' | 'fish' | 'man';

export function printCompletion(top: Command, kind: CompletionKind): number {
  process.stdout.write(`${completionText(top, kind)}\n`);
  return 0;
}

export function completionText(top: Command, kind: CompletionKind): string {
  const all = wordsOf(top);
  switch (kind) {
    case 'bash':
      return bashCompletion(all);
    case 'zsh':
      return zshCompletion(all);
    case 'fish':
      return fishCompletion(all);
    case 'man':
      return manualPage(all, VERSION);
  }
}
