/** check: can this plan run? Every reason why not, on one screen; exit 3 when something fails. */

import { checkPlan, hasFailure } from '../../engine-check.ts';
import { checkJson, checkText } from '../../show/check.ts';
import { type SessionFlags, withPlan } from '../session.ts';

const EXIT_REFUSED = 3;

export interface CheckFlags extends SessionFlags {
  readonly rehearse?: boolean | undefined;
  readonly rehearsePort?: number | undefined;
}

export async function check(planFile: string, flags: CheckFlags): Promise<number> {
  return withPlan(planFile, flags, async ({ output, rim, options }) => {
    const asksRehearsal = flags.rehearse === true || flags.rehearsePort !== undefined;
    const rehearsing = asksRehearsal ? { firstPort: flags.rehearsePort } : undefined;
    const report = await checkPlan(rim, options, rehearsing);
    for (const finding of output.json ? report.items : [])
      output.emit({ type: 'finding', finding });
    const { passed, warned, failed, sentence } = checkJson(report.items);
    const pairs = report.rehearsal?.pairs;
    const counts = { passed, warned, failed, sentence, ...(pairs === undefined ? {} : { pairs }) };
    output.result(checkText(report.items, output.paint, report.rehearsal), {
      type: 'report',
      report: counts,
    });
    const exit = hasFailure(report) ? EXIT_REFUSED : 0;
    output.outcome(exit, exit === 0 ? 'CHECKED' : 'CHECK_FAILED', undefined);
    return exit;
  });
}
