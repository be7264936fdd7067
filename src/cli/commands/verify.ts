/** verify: exit 0 only when every peer link is proven to be mutual TLS and nothing else is accepted. */

import { verify as verifyCluster } from '../../engine.ts';
import { verifyJson, verifyText } from '../../show/verify.ts';
import { type SessionFlags, refuse, withPlan } from '../session.ts';

export async function verify(planFile: string, flags: SessionFlags): Promise<number> {
  return withPlan(planFile, flags, async ({ output, rim }) => {
    const findings = await verifyCluster(rim);
    if (!findings.ok) return refuse(output, findings.error);
    const data = verifyJson(findings.value);
    for (const finding of output.json ? findings.value : [])
      output.emit({ type: 'finding', finding });
    output.result(verifyText(findings.value, output.paint), { type: 'report', report: data });
    const exit = data.isMutualTlsOnly ? 0 : 3;
    output.outcome(exit, exit === 0 ? 'MUTUAL_TLS_ONLY' : 'NOT_MUTUAL_TLS', undefined);
    return exit;
  });
}
