/** The one version of all parts. */
export const THYMUS_VERSION = "0.1.0";
