/** Where something that was put there is started without being asked for. */
interface StartPlace {
  readonly pattern: RegExp;
  readonly technique: string;
  readonly words: string;
}

export const startPlaces: readonly StartPlace[] = [
  { pattern: /\/autostart\/[^/]+\.desktop$/, technique: "T1547.013", words: "at each login to the desktop" },
  { pattern: /\/systemd\/(user|system)\/.+\.timer$/, technique: "T1053.006", words: "by a timer" },
  {
    pattern: /\/systemd\/(user|system)\/.+\.(service|path|socket)$/,
    technique: "T1543.002",
    words: "as a service",
  },
  {
    pattern: /\/\.(bashrc|profile|bash_profile|bash_login|bash_logout|zshrc|zprofile|zshenv|kshrc|mkshrc)$/,
    technique: "T1546.004",
    words: "with each shell",
  },
  {
    pattern: /^\/etc\/(profile|bash\.bashrc|profile\.d\/.+)$/,
    technique: "T1546.004",
    words: "with each shell",
  },
  { pattern: /\/environment\.d\/[^/]+\.conf$/, technique: "T1546.004", words: "with each session" },
  {
    pattern: /^\/(var\/spool\/cron|etc\/cron\.[a-z]+)\/|^\/etc\/crontab$/,
    technique: "T1053.003",
    words: "by cron",
  },
  { pattern: /^\/var\/spool\/at\//, technique: "T1053.002", words: "by at" },
  {
    pattern: /^\/etc\/(rc\.local|init\.d\/.+|rc[0-6S]\.d\/.+)$/,
    technique: "T1037.004",
    words: "with the machine",
  },
  { pattern: /^\/(etc|usr\/lib)\/udev\/rules\.d\//, technique: "T1546.017", words: "when a device appears" },
  {
    pattern: /\/\.git\/hooks\/(?!.*\.sample$)[^/]+$/,
    technique: "T1546",
    words: "with each use of git there",
  },
  {
    pattern: /\/(sitecustomize|usercustomize)\.py$|\/(site|dist)-packages\/[^/]+\.pth$/,
    technique: "T1546.018",
    words: "with each start of Python",
  },
];

export const startPlaceOf = (path: string): StartPlace | undefined =>
  startPlaces.find(({ pattern }) => pattern.test(path));
