/** certs inspect and certs verify: what is in files, and whether the certificates of a plan will hold. */

import { verifyCertificates } from '../../engine-certs.ts';
import { inspectFindings } from '../../model/inspect-findings.ts';
import {
  type InspectedResult,
  inspectText,
  isVerified,
  verifiedText,
} from '../../show/certificates.ts';
import type { GlobalFlags } from '../flags.ts';
import { type SessionFlags, refuse, withPlan } from '../session.ts';
import { outputOf, readBytes, tools } from './certs.ts';

const EXIT_REFUSED = 3;

/** Exit 3 when a file cannot be used or has a problem. */
export async function inspect(files: readonly string[], flags: GlobalFlags): Promise<number> {
  const output = outputOf(flags);
  const nowMs = Date.now();
  const results: InspectedResult[] = [];
  for (const file of files) {
    const bytes = await readBytes(file);
    const found = bytes.ok ? tools().inspectFile(bytes.value) : bytes;
    if (found.ok) {
      results.push({
        file,
        found: found.value,
        findings: inspectFindings(file, found.value, nowMs),
      });
    } else {
      const { error } = found;
      results.push({ file, refused: typeof error === 'string' ? error : error.but });
    }
  }
  if (output.json) for (const finding of results) output.emit({ type: 'finding', finding });
  else output.result(inspectText(results, output.paint), { type: 'report', report: results });
  const isGood = results.every(
    (result) => 'found' in result && result.findings.every(({ level }) => level !== 'problem'),
  );
  const exit = isGood ? 0 : EXIT_REFUSED;
  output.outcome(exit, isGood ? 'READABLE' : 'CERTIFICATE_UNUSABLE', undefined);
  return exit;
}

/** Exit 0 only when nothing stands against any certificate of the plan. */
export async function verify(planFile: string, flags: SessionFlags): Promise<number> {
  return withPlan(planFile, flags, async ({ output, rim }) => {
    const verified = await verifyCertificates(rim);
    if (!verified.ok) return refuse(output, verified.error);
    const { findings } = verified.value;
    for (const finding of output.json ? findings : []) output.emit({ type: 'finding', finding });
    output.result(verifiedText(verified.value, output.paint), {
      type: 'report',
      report: { soonest: verified.value.soonest, isVerified: isVerified(verified.value) },
    });
    const exit = isVerified(verified.value) ? 0 : EXIT_REFUSED;
    output.outcome(exit, exit === 0 ? 'CERTIFICATES_GOOD' : 'CERTIFICATE_UNUSABLE', undefined);
    return exit;
  });
}
