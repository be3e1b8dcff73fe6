/** Where something lies that runs by itself later, in plain words. */
const places: readonly (readonly [RegExp, string])[] = [
  [/^\/etc\/ld\.so\.preload$/, "preloaded libraries"],
  [/^\/etc\/(cron(tab$|\.)|anacrontab$)|^\/var\/spool\/(cron|at)\//, "cron"],
  [
    /^\/(etc|usr\/lib|lib|run)\/systemd\/(system|user)(-generators)?\/|\/\.config\/systemd\/user\//,
    "a service",
  ],
  [/^\/etc\/(init\.d|rc\.local|rc\d?\.d)/, "a start script"],
  [/\/\.ssh\/(authorized_keys2?|rc)$/, "who may log in"],
  [/^\/etc\/(pam\.d|pam\.conf|security)(\/|$)|\/security\/pam_\w+\.so$/, "how one logs in"],
  [/^\/etc\/sudoers(\.d\/|$)/, "who may become root"],
  [/^\/(etc|usr\/lib|lib)\/udev\/rules\.d\//, "a rule for devices"],
  [
    /^\/etc\/(profile(\.d\/|$)|bash\.bashrc$|zsh\/|environment$)|\/\.(bashrc|bash_profile|bash_login|profile|zshrc|zprofile|zshenv|xprofile|xsessionrc)$/,
    "what a login runs",
  ],
  [/\/(etc\/xdg|\.config)\/autostart\//, "what a desktop starts"],
  [/\/\.git\/hooks\/[\w-]+$/, "a hook of git"],
];

/** What a path is for, where it makes something run later; else null. */
export function placeOf(path: string): string | null {
  if (path.endsWith(".sample")) return null;
  return places.find(([pattern]) => pattern.test(path))?.[1] ?? null;
}
