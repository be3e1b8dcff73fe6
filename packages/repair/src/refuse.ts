import { ThymusError } from "@thymus/contracts";

/** The recipe does not fit this file exactly: nothing may be written. */
export function refuse(why: string): ThymusError {
  return new ThymusError("REPAIR_REFUSED", why, "keep the file in quarantine or submit it as a new sample");
}

/** The recipe fitted, but its result is not what it promises. */
export function failed(why: string): ThymusError {
  return new ThymusError("REPAIR_FAILED", why, "keep the file in quarantine and report the prescription");
}
