/** Every case that has a golden page. */
import type { ReportCase } from "./cases.ts";
import { infector } from "./infector.ts";
import { harmless, unknown } from "./quiet.ts";
import { ransomware } from "./ransomware.ts";
import { thief } from "./thief.ts";

export const reportCases = (): ReportCase[] => [infector(), thief(), ransomware(), harmless(), unknown()];
