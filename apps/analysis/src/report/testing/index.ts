/** Every case that has a golden page. */
import type { ReportCase } from "./cases.ts";
import { infector } from "./infector.ts";
import { harmless, ransomware, thief, unknown } from "./others.ts";

export { digest, makeCase, type ReportCase } from "./cases.ts";

export const reportCases = (): ReportCase[] => [infector(), thief(), ransomware(), harmless(), unknown()];
