/** The text of one member's configuration before a rollout and after it. */

import type { MemberName } from './ids.ts';

export interface ConfigEdit {
  readonly member: MemberName;
  readonly path: string;
  readonly before: string;
  readonly after: string;
}
