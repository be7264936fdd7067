/** report: the record of a run, the newest unless --run names one, as text, data or one HTML page. */

import { newest } from '../../engine-records.ts';
import type { Failure } from '../../model/failure.ts';
import { reportPage } from '../../show/report-page.ts';
import { reportJson, reportText } from '../../show/report-text.ts';
import { reportOf } from '../../show/report.ts';
import { saveAsked } from '../asked-file.ts';
import { type SessionFlags, refuse, withPlan } from '../session.ts';

export interface ReportFlags extends SessionFlags {
  /** Where the page is to be written. */
  readonly html?: string | undefined;
}

export async function report(planFile: string, flags: ReportFlags): Promise<number> {
  return withPlan(planFile, flags, async ({ output, rim }) => {
    const past = await newest(rim, (state) => flags.run === undefined || state.run === flags.run);
    if (!past.ok) return refuse(output, [past.error]);
    if (past.value === undefined) return refuse(output, [notFound(rim.store.path, flags.run)]);
    const data = reportOf(past.value.state, past.value.entries);
    let text = reportText(data, output.paint);
    if (flags.html !== undefined) {
      const saved = await saveAsked(flags.html, reportPage(data), 'write the report as a page');
      if (!saved.ok) return refuse(output, [saved.error]);
      text = saved.value;
    }
    output.result(text, { type: 'report', report: reportJson(data) });
    output.outcome(0, 'REPORT', past.value.state.run);
    return 0;
  });
}

function notFound(where: string, run: string | undefined): Failure {
  return {
    code: 'RUN_NOT_FOUND',
    where,
    would: 'report on a run',
    but:
      run === undefined
        ? 'no run of this plan file is recorded there'
        : `no run ${run} is recorded there`,
    so: 'there is nothing to show',
    remedy: 'check the plan file, or name the folder with --state',
  };
}
