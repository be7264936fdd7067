/**
 * Turns a configuration and the process that was started from it into what they say differently, in
 * words.
 */

import { sourceFindings } from '../model/config-findings.ts';
import type { ConfigSources } from '../model/config-sources.ts';

/**
 * One sentence for each setting. The initial-* settings may differ: a member that has started once
 * reads none of them, and what the member list says is the list's own business.
 */
export function contradictions(sources: ConfigSources): readonly string[] {
  return sourceFindings(sources).map(({ says }) => says);
}
